"""What this account has: which objects stand for our kinds, what properties hold."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import Forbidden, NotFound, Permanent, Unauthorized
from adapters.http import Clock
from adapters.hubspot import kinds, mapping
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.kinds import OWNER_PROPERTY, ObjectType
from adapters.hubspot.paths import Paths
from adapters.wire import Json, parts
from rules.account import AccountKind, AccountProperty
from rules.model import OWNER, STAGE, FieldMap, FieldType, Kind, PropertyName

FRESH = timedelta(hours=1)
_PATIENT = timedelta(minutes=1)
"""So often, at most, the properties are read again for one that is not among them."""


@dataclass(frozen=True, slots=True)
class _Known:
    at: datetime
    raw: Sequence[Json]
    types: Mapping[PropertyName, FieldType]


class Shape:
    """The account's own objects and properties, remembered for an hour."""

    def __init__(self, client: HubSpotClient, paths: Paths, clock: Clock) -> None:
        """Begin knowing nothing."""
        self._client = client
        self._paths = paths
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._leads: ObjectType | None = None
        self._lock = threading.Lock()

    def type_of(self, kind: Kind) -> ObjectType:
        """Return the objects that stand for a kind.

        Leads are an object of their own in Sales Hub Professional and Enterprise;
        elsewhere they are contacts in a lifecycle stage of leads.
        """
        if kind is not Kind.LEAD:
            return kinds.TYPES[kind]
        with self._lock:
            if self._leads is None:
                self._leads = (
                    kinds.LEADS if self._has_leads() else kinds.CONTACTS_AS_LEADS
                )
            return self._leads

    def types(
        self, kind: ObjectType, fields: FieldMap
    ) -> Mapping[PropertyName, FieldType]:
        """Return what the properties of a type hold."""
        known = self._known.get(kind.name)
        now = self._clock.now()
        if known is None or now - known.at > FRESH:
            return self._read(kind).types
        if now - known.at > _PATIENT and not known.types.keys() >= set(fields.values()):
            return self._read(kind).types
        return known.types

    def describe(self, kind: Kind) -> AccountKind:
        """Return pipelines and properties of a kind, read afresh."""
        found = self.type_of(kind)
        raw = self._read(found).raw
        if found.pipeline is None:
            pipelines = mapping.to_lifecycle(raw, found.stage)
        else:
            answer = self._client.get(self._paths.pipelines(found.name))
            pipelines = mapping.to_pipelines(answer)
        properties: tuple[AccountProperty, ...] = tuple(
            mapping.to_property(one) for one in raw
        )
        return AccountKind(
            dict(found.builtin),
            pipelines,
            properties,
            places={STAGE: found.stage, OWNER: OWNER_PROPERTY},
        )

    def _has_leads(self) -> bool:
        try:
            self._read(kinds.LEADS)
        except (Unauthorized, Forbidden):
            raise
        except (Permanent, NotFound):
            return False
        return True

    def _read(self, kind: ObjectType) -> _Known:
        answer = self._client.get(self._paths.properties(kind.name))
        raw = [one for one in parts(answer, "results") if not one.get("archived")]
        types = {one.name: one.type for one in map(mapping.to_property, raw)}
        known = _Known(self._clock.now(), raw, types)
        self._known[kind.name] = known
        return known
