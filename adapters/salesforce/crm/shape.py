"""What this organisation has: which objects, what their fields hold, who has a feed."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import NotFound
from adapters.http import Clock
from adapters.salesforce import describing
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.kinds import TYPES, ObjectType
from adapters.wire import Json
from rules.model import FieldMap, FieldType, Kind, PropertyName

FRESH = timedelta(hours=1)
_PATIENT = timedelta(minutes=1)
"""So often, at most, an object is described again for a field that it lacks."""


@dataclass(frozen=True, slots=True)
class Described:
    """An object as it was described at the moment `at`; `types` is what fields hold."""

    at: datetime
    raw: Json
    types: Mapping[PropertyName, FieldType]

    @property
    def has_record_types(self) -> bool:
        """Return whether records say of which record type they are."""
        return describing.has_record_types(self.raw)

    @property
    def has_feed(self) -> bool:
        """Return whether posts can be put on records."""
        return self.raw.get("feedEnabled") is True


class Shape:
    """The organisation's objects, remembered for an hour. Safe to use from threads."""

    def __init__(self, client: SalesforceClient, clock: Clock) -> None:
        """Begin knowing nothing."""
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[datetime, Described | None]] = {}
        self._lock = threading.Lock()

    def type_of(self, kind: Kind) -> ObjectType:
        """Return the object that stands for a kind."""
        return TYPES[kind]

    def find(self, name: str) -> Described | None:
        """Return an object; None if it is switched off or hidden from our user."""
        with self._lock:
            at, known = self._known.get(name, (None, None))
            if at is not None and self._clock.now() - at <= FRESH:
                return known
        return self.read(name)

    def get(self, name: str) -> Described:
        """Return an object; raises NotFound if it is not there."""
        found = self.find(name)
        if found is None:
            raise NotFound(
                f"This organization has no {name}, or hides it from our user. Look at"
                " the permission set of the integration user.",
                code="NOT_FOUND",
            )
        return found

    def for_fields(self, kind: ObjectType, fields: FieldMap) -> Described:
        """Return an object, read again if it was not known to have these fields."""
        known = self.get(kind.name)
        is_old = self._clock.now() - known.at > _PATIENT
        if is_old and not known.types.keys() >= set(fields.values()):
            return self.read(kind.name) or known
        return known

    def read(self, name: str) -> Described | None:
        """Return an object as it is described now; None if it is not there."""
        now = self._clock.now()
        try:
            raw = self._client.get(f"sobjects/{name}/describe")
        except NotFound:
            found = None
        else:
            properties = describing.to_properties(raw)
            found = Described(now, raw, {one.name: one.type for one in properties})
        with self._lock:
            self._known[name] = (now, found)
        return found
