"""How this organisation calls its tasks' statuses and priorities: they are its own."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.http import Clock
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.queries import select
from adapters.wire import Json, text

FRESH = timedelta(hours=1)
_QUERIES = (
    select(["ApiName", "IsClosed", "IsDefault"], "TaskStatus", "", ["SortOrder"]),
    select(["ApiName", "IsHighPriority"], "TaskPriority", "", ["SortOrder"]),
)


@dataclass(frozen=True, slots=True)
class Words:
    """The names to use; empty where the organisation has none: its default is taken."""

    open: str
    closed: str
    urgent: str


class Statuses:
    """Statuses and priorities, remembered for an hour."""

    def __init__(self, client: SalesforceClient, clock: Clock) -> None:
        """Begin knowing none."""
        self._client = client
        self._clock = clock
        self._known: tuple[datetime, Words] | None = None
        self._lock = threading.Lock()

    def words(self) -> Words:
        """Return the names to use."""
        with self._lock:
            now = self._clock.now()
            if self._known is None or now - self._known[0] > FRESH:
                statuses, priorities = self._client.rows_of(_QUERIES)
                self._known = (now, _to_words(statuses, priorities))
            return self._known[1]


def _to_words(statuses: list[Json], priorities: list[Json]) -> Words:
    is_open = [one for one in statuses if one.get("IsClosed") is not True]
    default = [one for one in is_open if one.get("IsDefault") is True]
    return Words(
        open=_first([*default, *is_open]),
        closed=_first([one for one in statuses if one.get("IsClosed") is True]),
        urgent=_first([one for one in priorities if one.get("IsHighPriority") is True]),
    )


def _first(rows: list[Json]) -> str:
    return text(rows[0], "ApiName") if rows else ""
