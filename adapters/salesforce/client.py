"""One organisation's REST calls: simple-salesforce with our limits, repeats and errors.

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
from urllib.parse import urlencode

import requests
from requests.exceptions import RequestException
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from adapters.budget import Budget
from adapters.errors import Exhausted, Permanent, Transient, Unanswered
from adapters.http import Clock, Sleep, parse_retry_after, repeat
from adapters.oauth import Token, TokenKeeper
from adapters.salesforce import refusals
from adapters.salesforce.queries import cut
from adapters.salesforce.transport import make_session, to_lost
from adapters.salesforce.wire import Json, objects, part, parts, text

PARALLEL = 10
"""Requests of one process side by side; Salesforce allows 25 long ones in all."""
RATE = 1_000
"""Requests a second: far above what is reached, since Salesforce names no rate."""
STOPS_WRITING = 0.95
"""The share of the day's requests from which on there is reading only."""
QUERIES = 5
"""So many queries one composite request may hold."""

_VERSION = re.compile(r"\d\d\.0")
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")
_SECOND = timedelta(seconds=1)
_REFUSED = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and when by Salesforce's own clock; None if it did not say."""

    body: Any
    at: datetime | None


@dataclass(frozen=True, slots=True)
class _Request:
    """`is_harmless`: it may be made twice. `is_write`: it stops before reading does."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_harmless: bool = True
    is_write: bool = False


class SalesforceClient:
    """Calls of one organisation. Safe to use from several threads."""

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
        """Check the version, such as 68.0; nothing is sent yet."""
        if not _VERSION.fullmatch(api_version):
            raise Permanent(
                f"{api_version!r} is no version of Salesforce's API: write it as 68.0."
            )
        self._keeper = keeper
        self._reads = budget.part("reads", limit=RATE, window=_SECOND)
        self._writes = budget.part("writes", limit=RATE, window=_SECOND)
        self._clock = clock
        self._version = api_version
        self._allow_private = allow_private
        self._sleep = sleep
        self._session = self._new_session()
        self._process = os.getpid()

    @property
    def user(self) -> str:
        """Return the id of the user that we are; signs in if need be."""
        return self._keeper.token().user

    @property
    def organization(self) -> str:
        """Return the id of the organisation that we are in; signs in if need be."""
        return self._keeper.token().account

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Return the object that stands there; repeated a few times on trouble."""
        body = self._send(_Request("GET", path, query=query or {})).body
        if not isinstance(body, Mapping):
            raise _unreadable()
        return body

    def retrieve(
        self, name: str, ids: Sequence[str], names: Sequence[str]
    ) -> list[Any]:
        """Return up to 2,000 records in order, None for what is gone."""
        body = {"ids": list(ids), "fields": list(names)}
        found = self._ask(f"composite/sobjects/{name}", body).body
        # What came back otherwise must not be taken for records that are gone.
        rows = found if isinstance(found, list) else []
        if len(rows) != len(ids) or not all(
            one is None or text(one, "Id") for one in rows
        ):
            raise _unreadable()
        return rows

    def rows(self, soql: str) -> list[Json]:
        """Return all rows of a query."""
        return self._rest_of(self.get("query", {"q": soql}))

    def rows_of(self, queries: Sequence[str]) -> list[list[Json]]:
        """Return all rows of each query: one request for five of them."""
        return self.rows_at(queries)[0]

    def rows_at(
        self, queries: Sequence[str]
    ) -> tuple[list[list[Json]], datetime | None]:
        """Return all rows of each query, and when the last of them was answered."""
        found: list[list[Json]] = []
        at = None
        for piece in cut(queries, QUERIES):
            answer = self._ask("composite", {"compositeRequest": self._wrap(piece)})
            at = answer.at
            answers = parts(answer.body, "compositeResponse")
            if len(answers) != len(piece):
                raise _unreadable()
            found += [self._rest_of(_body_of(one)) for one in answers]
        return found, at

    def create(self, records: Sequence[Json]) -> list[Json]:
        """Make up to 200 records, and return how each went, in order.

        Raises Unanswered if they may have been made.
        """
        body = {"allOrNone": False, "records": list(records)}
        answer = self._send(
            _Request(
                "POST",
                "composite/sobjects",
                body=body,
                is_harmless=False,
                is_write=True,
            )
        )
        return objects(answer.body)

    def set(
        self, name: str, record_id: str, values: Json, *, unless_since: str
    ) -> None:
        """Set fields of a record, unless it was changed since an HTTP date.

        Raises Conflict if it was; Unanswered if the fields may have been set.
        """
        self._send(
            _Request(
                "PATCH",
                f"sobjects/{name}/{record_id}",
                body=values,
                headers={"If-Unmodified-Since": unless_since},
                is_harmless=False,
                is_write=True,
            )
        )

    def _wrap(self, queries: Sequence[str]) -> list[Json]:
        base = f"/services/data/v{self._version}/query/?"
        return [
            {
                "method": "GET",
                "url": base + urlencode({"q": soql}),
                "referenceId": f"query{number}",
            }
            for number, soql in enumerate(queries)
        ]

    def _rest_of(self, page: Json) -> list[Json]:
        """Return the rows of a query whose first page is known."""
        found: list[Json] = []
        while True:
            if not isinstance(page.get("records"), list):
                raise _unreadable()
            found += parts(page, "records")
            following = text(page, "nextRecordsUrl")
            if not following:
                return found
            page = self.get(following.partition(f"/v{self._version}/")[2])

    def _ask(self, path: str, body: Json) -> Answer:
        """Post a question that changes nothing; repeated a few times on trouble."""
        return self._send(_Request("POST", path, body=body))

    def _send(self, request: _Request) -> Answer:
        def send_once() -> Answer:
            self._spend(request)
            return self._keeper.use(lambda token: self._try(token, request))

        return repeat(send_once, is_harmless=request.is_harmless, sleep=self._sleep)

    def _spend(self, request: _Request) -> None:
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

    def _try(self, token: Token, request: _Request) -> Answer:
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
            if isinstance(error, RequestException) and not answers:
                raise to_lost(error) from None
            raise _unreadable(is_harmless=request.is_harmless) from None
        except RequestException as error:
            raise to_lost(error) from None
        self._learn(answers[-1].headers)
        return Answer(body, _to_moment(answers[-1].headers.get("Date")))

    def _refusal(
        self,
        error: SalesforceError,
        answers: Sequence[requests.Response],
        request: _Request,
    ) -> Exception:
        headers = answers[-1].headers
        self._learn(headers)
        meaning = refusals.to_error(
            error.status,
            refusals.first_error(error.content),
            is_harmless=request.is_harmless,
            retry_after=parse_retry_after(
                headers.get("Retry-After"), self._clock.now()
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


def _unreadable(*, is_harmless: bool = True) -> Transient:
    kind = Transient if is_harmless else Unanswered
    return kind(
        "Salesforce answered with something that cannot be read.", code="UNREADABLE"
    )


def _body_of(answer: Json) -> Json:
    """Return the body of one answer of a composite request, or raise what it means."""
    status = answer.get("httpStatusCode")
    if isinstance(status, int) and status < _REFUSED:
        return part(answer, "body")
    error = refusals.first_error(answer.get("body"))
    raise refusals.to_error(
        status if isinstance(status, int) else _REFUSED, error, is_harmless=True
    )


def _to_moment(date: str | None) -> datetime | None:
    try:
        return None if date is None else parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None
