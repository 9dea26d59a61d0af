"""Change events: what happened in the org, as its change data capture tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.pubsub_schema import EventSchema, schema_of
from adapters.sandbox.salesforce.records import Author, Happening, Record

Json = dict[str, Any]

OVERFLOWN = "000000000000000AAA"
"""The id of no record: so many changed that none is named."""
_LIGHTNING = "com/salesforce/api/soap/68.0;client=SfdcInternalAPI/"
_STAMPS = ("LastModifiedDate", "LastModifiedById")


class Draft(NamedTuple):
    """An event before it has a place in the stream."""

    entity: str
    schema_id: str
    payload: bytes


@dataclass(slots=True)
class Changes:
    """Turns happenings into change events. Callers hold the sandbox's lock.

    `gaps` and `overflows` say how many of the coming events tell no more than that
    something changed.
    """

    org: Org
    schemas: dict[str, EventSchema] = field(default_factory=dict)
    gaps: int = 0
    overflows: int = 0
    _commits: int = 0

    def schema(self, entity: str) -> EventSchema:
        """Return the present schema of a type's events; it is kept for later."""
        found = schema_of(self.org.types[entity])
        self.schemas[found.id] = found
        return found

    def drafts(self, happenings: Sequence[Happening]) -> Iterator[Draft]:
        """Yield the events of one transaction.

        Equal changes of several records are one event, as those of a bulk edit are.
        """
        self._commits += 1
        grouped = groupby(happenings, key=self._likeness)
        for sequence, (_, group) in enumerate(grouped, 1):
            alike = list(group)
            schema = self.schema(alike[0].type)
            header, values = self._event(schema, alike, sequence)
            yield Draft(alike[0].type, schema.id, schema.encode(header, values))

    def _likeness(self, one: Happening) -> tuple[Any, ...]:
        if one.kind != "UPDATE":
            # With values of its own, the id at least.
            return (one.kind, one.type, one.record_id)
        record = self.org.find(one.record_id)
        values = tuple(None if record is None else record.get(n) for n in one.changed)
        return (one.kind, one.type, one.author, one.changed, values)

    def _event(
        self, schema: EventSchema, alike: Sequence[Happening], sequence: int
    ) -> tuple[Json, Json]:
        one = alike[0]
        record = self.org.find(one.record_id)
        kind, ids = one.kind, [each.record_id for each in alike]
        values, changed = _told(one, record)
        if self.overflows:
            self.overflows -= 1
            kind, ids, values, changed = "GAP_OVERFLOW", [OVERFLOWN], {}, ()
        elif self.gaps:
            self.gaps -= 1
            kind, values, changed = f"GAP_{kind}", {}, ()
        header = {
            "entityName": one.type,
            "recordIds": ids,
            "changeType": kind,
            "changeOrigin": _origin(one.author),
            "transactionKey": f"0000sandbox-{self._commits:08d}",
            "sequenceNumber": sequence,
            "commitTimestamp": one.at,
            "commitNumber": 11_000_000_000_000 + self._commits,
            "commitUser": one.author.user_id,
            "nulledFields": schema.bitmaps(n for n in changed if values[n] is None),
            "diffFields": [],
            "changedFields": schema.bitmaps(changed),
        }
        return header, values


def _told(one: Happening, record: Record | None) -> tuple[Json, tuple[str, ...]]:
    """Return the values that an event carries, and which of them changed."""
    if record is None or one.kind == "DELETE":
        return {}, ()
    if one.kind != "UPDATE":
        return record.values, ()
    changed = tuple(dict.fromkeys((*one.changed, *_STAMPS)))
    return {name: record.get(name) for name in changed}, changed


def _origin(author: Author) -> str:
    if author.is_api:
        return f"com/salesforce/api/rest/68.0;client={author.client}"
    return _LIGHTNING
