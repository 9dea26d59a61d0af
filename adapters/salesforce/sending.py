"""Sending requests to one organisation: simple-salesforce with our limits and errors.

Of the library the client-level call is used, with a token that we hand over ("direct").
Its own sign-in repeats a refused request without the header by which a write states
what it expects, and its calls for single rows take no time-out. One of its objects is
made for each request, since it keeps state and no locks.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import sleep as system_sleep
from typing import Any

import requests
from requests.exceptions import RequestException
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from adapters.budget import Budget
from adapters.errors import Exhausted, Transient, Unanswered
from adapters.http import Clock, Sleep, parse_retry_after, repeat
from adapters.json_bodies import to_storable
from adapters.oauth import Token, TokenKeeper
from adapters.salesforce import refusals
from adapters.salesforce.transport import make_session, to_lost
from adapters.wire import Json

PARALLEL = 10
"""Requests of one process side by side; Salesforce allows 25 long ones in all."""
RATE = 1_000
"""Requests a second: far above what is reached, since Salesforce names no rate."""
STOPS_WRITING = 0.95
"""The share of the day's requests from which on there is reading only."""

_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Request:
    """`is_harmless`: it may be made twice. `is_write`: it stops before reading does."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_harmless: bool = True
    is_write: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and when by Salesforce's own clock; None if it did not say."""

    body: Any
    at: datetime | None


class Sender:
    """Sends for one organisation. Safe to use from several threads."""

    def __init__(
        self,
        *,
        keeper: TokenKeeper,
        budget: Budget,
        clock: Clock,
        api_version: str,
        allow_private: bool = False,
        sleep: Sleep = system_sleep,
    ) -> None:
        """Nothing is sent yet."""
        self._keeper = keeper
        self._reads = budget.part("reads", limit=RATE, window=_SECOND)
        self._writes = budget.part("writes", limit=RATE, window=_SECOND)
        self._clock = clock
        self._version = api_version
        self._allow_private = allow_private
        self._sleep = sleep
        self._session = self._new_session()
        self._process = os.getpid()

    def send(self, request: Request) -> Answer:
        """Send a request, a few times if it may be, and return what came back.

        Raises Unanswered if what is not harmless may have been applied.
        """

        def send_once() -> Answer:
            self._spend(request)
            return self._keeper.use(lambda token: self._try(token, request))

        return repeat(send_once, is_harmless=request.is_harmless, sleep=self._sleep)

    def _spend(self, request: Request) -> None:
        if not request.is_write:
            self._reads.spend()
            return
        try:
            self._writes.spend()
        except Exhausted as error:
            raise Exhausted(
                f"{STOPS_WRITING:.0%} of the organization's requests of this day are"
                " used. Slagboom goes on reading, and writes again when fewer are.",
                code=error.code,
                retry_after=error.retry_after,
            ) from None

    def _try(self, token: Token, request: Request) -> Answer:
        self._let_go_of_inherited_connections()
        answers: list[requests.Response] = []
        library = Salesforce(
            session_id=token.access,
            instance_url=token.api_url,
            version=self._version,
            session=self._session,
        )
        # The library's own begins with https:// and ends with the port.
        library.base_url = f"{token.api_url}/services/data/v{self._version}/"
        try:
            body = library.restful(
                request.path,
                params=dict(request.query),
                method=request.method,
                json=request.body,
                headers=dict(request.headers),
                allow_redirects=False,
                hooks={"response": lambda answer, **_: answers.append(answer)},
            )
        except SalesforceError as error:
            raise self._refusal(error, answers, request) from None
        except (ValueError, TypeError) as error:
            # The library asks whatever JSON it got for its length.
            if isinstance(error, RequestException) and not answers:
                raise to_lost(error) from None
            raise to_unreadable(is_harmless=request.is_harmless) from None
        except RequestException as error:
            raise to_lost(error) from None
        self._learn(answers[-1].headers)
        last = answers[-1]
        body = to_storable(body, last.content)
        return Answer(body, _to_moment(last.headers.get("Date")))

    def _refusal(
        self,
        error: SalesforceError,
        answers: Sequence[requests.Response],
        request: Request,
    ) -> Exception:
        last = answers[-1]
        self._learn(last.headers)
        meaning = refusals.to_error(
            error.status,
            refusals.first_error(to_storable(error.content, last.content)),
            is_harmless=request.is_harmless,
            retry_after=parse_retry_after(
                last.headers.get("Retry-After"), self._clock.now()
            ),
        )
        if isinstance(meaning, Exhausted) and meaning.retry_after:
            self._reads.hold(meaning.retry_after)
            self._writes.hold(meaning.retry_after)
        return meaning

    def _learn(self, headers: Mapping[str, str]) -> None:
        """Stop writing near the day's limit: what is left is for reading, and others.

        The limit is the whole organisation's, which every program and person shares; an
        admin may have set another one for our app alone.
        """
        told = _USAGE.findall(headers.get("Sforce-Limit-Info") or "")
        limits = [(int(used), int(limit)) for used, limit in told]
        if any(limit and used >= limit * STOPS_WRITING for used, limit in limits):
            self._writes.hold(refusals.DAILY_PAUSE)

    def _let_go_of_inherited_connections(self) -> None:
        """Begin afresh in a forked process: two on one connection mix their answers."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._session = self._new_session()

    def _new_session(self) -> requests.Session:
        return make_session(connections=PARALLEL, allow_private=self._allow_private)


def to_unreadable(*, is_harmless: bool = True) -> Transient:
    """Return what an answer means that makes no sense."""
    kind = Transient if is_harmless else Unanswered
    return kind(
        "Salesforce answered with something that cannot be read.", code="UNREADABLE"
    )


def _to_moment(date: str | None) -> datetime | None:
    try:
        return None if date is None else parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
