"""One account's HTTP calls: the SDK's transport with our limits, repeats and errors.

Of hubspot-api-client the transport is used (authentication, serialization, pooling)
and not the generated methods: those know no dated paths, have no time-out, turn an
unexpected 2xx into None and have an exception class for each of sixty packages. One
transport is made and kept, because making one opens a connection pool of its own.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import sleep as system_sleep
from typing import Any

import urllib3
from hubspot.crm.objects import ApiClient, Configuration
from hubspot.crm.objects.exceptions import ApiException
from urllib3.exceptions import (
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from adapters.budget import Budget
from adapters.errors import OutsideError, Transient, Unanswered
from adapters.http import (
    Clock,
    PrivateAddressError,
    Sleep,
    check_address,
    guard,
    leads_inside,
    parse_retry_after,
    repeat,
)
from adapters.hubspot import refusals
from adapters.json_bodies import parse_json

Json = dict[str, Any]
Query = Sequence[tuple[str, str]]

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
SEARCHES = 4
"""A second; HubSpot allows 5 and its clock is not ours."""
_RESERVE = 20
"""One in so many requests is left unspent: windows do not begin together."""

_LONGEST_WINDOW_MS = 60 * 60 * 1000
"""HubSpot's are ten seconds; what claims to be far longer is no window."""

# The SDK's own default is to repeat by itself, without asking the budget.
_NO_REPEATS = urllib3.Retry(
    total=0,
    raise_on_redirect=False,
    raise_on_status=False,
    respect_retry_after_header=False,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its exact status and its JSON, empty if there was none."""

    status: int
    body: Json


class HubSpotClient:
    """Calls of one account. Safe to use from several threads."""

    def __init__(
        self,
        *,
        token: str,
        api_url: str,
        budget: Budget,
        clock: Clock,
        allow_private: bool = False,
        sleep: Sleep = system_sleep,
    ) -> None:
        """Check the address; nothing is sent yet."""
        configuration = Configuration(
            host=check_address(api_url, allow_private=allow_private)
        )
        configuration.access_token = token
        configuration.retries = _NO_REPEATS
        self._transport = ApiClient(configuration)
        self._transport.user_agent = "slagboom"
        if not allow_private:
            guard(self._transport.rest_client.pool_manager)
        self._budget = budget
        self._search_budget = budget.part(
            "search", limit=SEARCHES, window=timedelta(seconds=1)
        )
        self._clock = clock
        self._sleep = sleep
        self._process = os.getpid()

    def get(self, path: str, query: Query = ()) -> Json:
        """Return what stands there; repeated a few times on trouble."""
        return self._send("GET", path, query=query, is_harmless=True).body

    def ask(self, path: str, body: Mapping[str, Any]) -> Json:
        """Post a question that changes nothing; repeated a few times on trouble."""
        return self._send("POST", path, body=body, is_harmless=True).body

    def search(self, path: str, body: Mapping[str, Any]) -> Json:
        """Post a search; searches have a limit of their own."""
        return self._send(
            "POST", path, body=body, is_harmless=True, budget=self._search_budget
        ).body

    def change(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Post a change; repeated only if it was surely not applied.

        Raises Unanswered if it may have been.
        """
        return self._send("POST", path, body=body, is_harmless=False)

    def settle(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Post a change that has the same end however often it is made."""
        return self._send("POST", path, body=body, is_harmless=True)

    def _send(
        self,
        method: str,
        path: str,
        *,
        is_harmless: bool,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
    ) -> Answer:
        spent = budget or self._budget

        def send_once() -> Answer:
            spent.spend()
            return self._try(
                method, path, query, body, is_harmless=is_harmless, budget=spent
            )

        return repeat(send_once, is_harmless=is_harmless, sleep=self._sleep)

    def _try(
        self,
        method: str,
        path: str,
        query: Query,
        body: Mapping[str, Any] | None,
        *,
        is_harmless: bool,
        budget: Budget,
    ) -> Answer:
        self._let_go_of_inherited_connections()
        try:
            response = self._transport.call_api(
                path,
                method,
                query_params=list(query),
                header_params={"Accept": "application/json"},
                body=body,
                auth_settings=["oauth2"],
                _preload_content=False,
                _request_timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
            )
            raw: bytes = response.data
        except ApiException as error:
            raise self._refusal(error, budget, is_harmless=is_harmless) from None
        except (HTTPError, OSError) as error:
            raise _to_lost(error) from None
        self._learn(response.headers)
        return _to_answer(response.status, raw, is_harmless=is_harmless)

    def _let_go_of_inherited_connections(self) -> None:
        """Begin afresh in a forked process: two on one connection mix their answers."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._transport.rest_client.pool_manager.clear()

    def _refusal(
        self, error: ApiException, budget: Budget, *, is_harmless: bool
    ) -> Exception:
        headers = urllib3.HTTPHeaderDict(error.headers or {})
        self._learn(headers)
        meaning = refusals.to_error(
            int(error.status or 0),
            refusals.parse_body(error.body),
            retry_after=parse_retry_after(
                headers.get("Retry-After"), self._clock.now()
            ),
            is_harmless=is_harmless,
        )
        is_limit = error.status == 429  # noqa: PLR2004
        if is_limit and isinstance(meaning, Transient) and meaning.retry_after:
            budget.hold(meaning.retry_after)
        return meaning

    def _learn(self, headers: Mapping[str, str]) -> None:
        try:
            limit = int(headers["X-HubSpot-RateLimit-Max"])
            window_ms = int(headers["X-HubSpot-RateLimit-Interval-Milliseconds"])
        except (KeyError, ValueError):
            return
        if limit > 0 and 0 < window_ms <= _LONGEST_WINDOW_MS:
            self._budget.learn(
                limit=max(1, limit - limit // _RESERVE),
                window=timedelta(milliseconds=window_ms),
            )


def _to_answer(status: int, raw: bytes, *, is_harmless: bool) -> Answer:
    if not raw:
        return Answer(status, {})
    try:
        body = parse_json(raw)
    except ValueError:
        body = None
    if isinstance(body, dict):
        return Answer(status, body)
    kind = Transient if is_harmless else Unanswered
    raise kind(
        f"HubSpot answered {status} with something that is no JSON object.",
        code="UNREADABLE",
    )


def _to_lost(error: Exception) -> OutsideError:
    """Return what a failed connection means: Unanswered if the request had left."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(reason, PrivateAddressError):
        return leads_inside("HubSpot's address")
    if isinstance(reason, NewConnectionError | SSLError) or (
        isinstance(reason, Urllib3TimeoutError) and "onnect" in type(reason).__name__
    ):
        return Transient(
            "HubSpot cannot be reached. Slagboom tries again.", code="UNREACHABLE"
        )
    return Unanswered("HubSpot gave no answer.", code="NO_ANSWER")
