"""What is asked of one organisation, and changed in it, as REST calls.

Questions are repeated on trouble; changes only if they were surely not applied.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import sleep as system_sleep
from typing import Any
from urllib.parse import urlencode

from adapters.batching import cut
from adapters.budget import Budget
from adapters.errors import Permanent
from adapters.http import Clock, Sleep
from adapters.oauth import TokenKeeper
from adapters.salesforce import refusals
from adapters.salesforce.sending import Request, Sender, to_unreadable
from adapters.wire import Json, objects, part, parts, text

QUERIES = 5
"""So many queries one composite request may hold."""

_VERSION = re.compile(r"\d\d\.0")
_REFUSED = 400


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
        self._version = api_version
        self._sender = Sender(
            keeper=keeper,
            budget=budget,
            clock=clock,
            api_version=api_version,
            allow_private=allow_private,
            sleep=sleep,
        )

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
        body = self._sender.send(Request("GET", path, query=query or {})).body
        if not isinstance(body, Mapping):
            raise to_unreadable()
        return body

    def retrieve(
        self, name: str, ids: Sequence[str], names: Sequence[str]
    ) -> list[Any]:
        """Return up to 2,000 records in order, None for what is gone."""
        body = {"ids": list(ids), "fields": list(names)}
        path = f"composite/sobjects/{name}"
        found = self._sender.send(Request("POST", path, body=body)).body
        # What came back otherwise must not be taken for records that are gone.
        rows = found if isinstance(found, list) else []
        if len(rows) != len(ids) or not all(
            one is None or text(one, "Id") for one in rows
        ):
            raise to_unreadable()
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
            body = {"compositeRequest": self._wrap(piece)}
            answer = self._sender.send(Request("POST", "composite", body=body))
            at = answer.at
            answers = parts(answer.body, "compositeResponse")
            if len(answers) != len(piece):
                raise to_unreadable()
            found += [self._rest_of(_body_of(one)) for one in answers]
        return found, at

    def create(self, records: Sequence[Json]) -> list[Json]:
        """Make up to 200 records, and return how each went, in order.

        Raises Unanswered if they may have been made.
        """
        body = {"allOrNone": False, "records": list(records)}
        answer = self._sender.send(
            Request(
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
        self._sender.send(
            Request(
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
                raise to_unreadable()
            found += parts(page, "records")
            following = text(page, "nextRecordsUrl")
            if not following:
                return found
            page = self.get(following.partition(f"/v{self._version}/")[2])


def _body_of(answer: Json) -> Json:
    """Return the body of one answer of a composite request, or raise what it means."""
    status = answer.get("httpStatusCode")
    if isinstance(status, int) and status < _REFUSED:
        return part(answer, "body")
    error = refusals.first_error(answer.get("body"))
    raise refusals.to_error(
        status if isinstance(status, int) else _REFUSED, error, is_harmless=True
    )
