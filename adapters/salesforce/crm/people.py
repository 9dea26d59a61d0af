"""The people of an organisation: who owns records, leads whom, and lives where."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.http import Clock
from adapters.ports import CrmUser
from adapters.salesforce import mapping
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.queries import select
from adapters.wire import Json, text
from rules.model import OwnerId

FRESH = timedelta(minutes=10)
LEADER = "ManagerId"
"""The one field of a user that may be hidden from ours."""
_FIELDS = ("Id", "Name", "Email", "IsActive", "TimeZoneSidKey")


@dataclass(frozen=True, slots=True)
class _Known:
    at: datetime
    users: Mapping[OwnerId, CrmUser]
    zones: Mapping[OwnerId, str]


class People:
    """Everybody who can own a record, remembered for ten minutes."""

    def __init__(self, client: SalesforceClient, shape: Shape, clock: Clock) -> None:
        """Begin knowing nobody."""
        self._client = client
        self._shape = shape
        self._clock = clock
        self._known: _Known | None = None
        self._lock = threading.Lock()

    def all(self) -> tuple[CrmUser, ...]:
        """Return everybody, former colleagues included."""
        return tuple(self._look().users.values())

    def stand_in(self, owner: OwnerId | None) -> OwnerId | None:
        """Return the nearest superior who is still here; None if there is none.

        Salesforce gives no task to somebody who is inactive.
        """
        users = self._look().users
        seen: set[OwnerId] = set()
        while owner is not None and owner not in seen:
            seen.add(owner)
            user = users.get(owner)
            owner = None if user is None else user.manager
            superior = None if owner is None else users.get(owner)
            if superior is not None and superior.is_active:
                return superior.owner
        return None

    def zone_of(self, owner: OwnerId | None) -> tzinfo:
        """Return where somebody lives; UTC if that is not known."""
        name = self._look().zones.get(owner) if owner else None
        try:
            return ZoneInfo(name) if name else UTC
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def _look(self) -> _Known:
        with self._lock:
            now = self._clock.now()
            if self._known is None or now - self._known.at > FRESH:
                leader = [LEADER] if LEADER in self._shape.get("User").types else []
                rows = self._client.rows(
                    select(
                        [*_FIELDS, *leader], "User", "UserType = 'Standard'", ["Name"]
                    )
                )
                self._known = _to_known(now, rows)
            return self._known


def _to_known(at: datetime, rows: list[Json]) -> _Known:
    users = [(mapping.to_user(row), text(row, "TimeZoneSidKey")) for row in rows]
    return _Known(
        at=at,
        users={user.owner: user for user, _ in users},
        zones={user.owner: zone for user, zone in users},
    )
