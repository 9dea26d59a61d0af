"""The Avro schemas of change events, and the bitmaps that name their fields.

A change event holds a header and the fields of its object, each of them nullable. The
names of people are one compound field. Shapes: developer.salesforce.com/docs/platform/
pub-sub-api/guide, "Event Deserialization Considerations".
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_writer

from adapters.sandbox.salesforce.catalog import ObjectType
from adapters.sandbox.salesforce.fields import NUMBERS, Field

Json = dict[str, Any]

CHANGE_TYPES = (
    "CREATE",
    "UPDATE",
    "DELETE",
    "UNDELETE",
    "GAP_CREATE",
    "GAP_UPDATE",
    "GAP_DELETE",
    "GAP_UNDELETE",
    "GAP_OVERFLOW",
    "SNAPSHOT",
)
COMPOUND = "Name"
NAME_PARTS = ("FirstName", "LastName")
# What a change event leaves out: it has the id in its header, and nothing that follows
# from other records.
_ABSENT = frozenset({"Id", "IsDeleted", "SystemModstamp", "LastActivityDate"})
_PEOPLE = frozenset({"Lead", "Contact"})
_STRINGS = {"type": "array", "items": "string"}
_HEADER = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": _STRINGS},
        {
            "name": "changeType",
            "type": {"type": "enum", "name": "ChangeType", "symbols": CHANGE_TYPES},
        },
        {"name": "changeOrigin", "type": "string"},
        {"name": "transactionKey", "type": "string"},
        {"name": "sequenceNumber", "type": "int"},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitNumber", "type": "long"},
        {"name": "commitUser", "type": "string"},
        {"name": "nulledFields", "type": _STRINGS},
        {"name": "diffFields", "type": _STRINGS},
        {"name": "changedFields", "type": _STRINGS},
    ],
}
_PERSON_NAME = {
    "type": "record",
    "name": "Switchable_PersonName",
    "fields": [
        {"name": part, "type": ["null", "string"], "default": None}
        for part in ("Salutation", *NAME_PARTS)
    ],
}


@dataclass(frozen=True, slots=True)
class EventSchema:
    """The schema of one object's change events, as it is at present."""

    id: str
    json: str
    names: tuple[str, ...]
    has_compound: bool

    def encode(self, header: Json, values: Json) -> bytes:
        """Return the Avro bytes of an event; values that it has no field for are lost.

        Instants are epoch ms.
        """
        event: Json = {"ChangeEventHeader": header}
        for name in self.names:
            event[name] = values.get(name)
        if self.has_compound:
            parts = {name: values.get(name) for name in NAME_PARTS}
            event[COMPOUND] = parts if any(parts.values()) else None
        written = BytesIO()
        schemaless_writer(written, parse_schema(json.loads(self.json)), event)
        return written.getvalue()

    def bitmaps(self, changed: Iterable[str]) -> list[str]:
        """Return these fields as bitmaps: one for the event, one for the compound.

        The n-th bit stands for the n-th field of the schema, the header being the
        first.
        """
        places = {name: place for place, name in enumerate(self.names, 1)}
        own, nested = 0, 0
        for name in changed:
            if self.has_compound and name in NAME_PARTS:
                nested |= 1 << (1 + NAME_PARTS.index(name))
            elif name in places and not (self.has_compound and name == COMPOUND):
                own |= 1 << places[name]
        found = [f"0x{own:X}"] if own else []
        if nested:
            found.append(f"{places[COMPOUND]}-0x{nested:X}")
        return found


def schema_of(kind: ObjectType) -> EventSchema:
    """Return the schema of a type's change events; its id changes with its fields."""
    has_compound = kind.name in _PEOPLE
    fields = [
        field
        for field in kind.fields.values()
        if field.name not in _ABSENT and not (has_compound and field.name in NAME_PARTS)
    ]
    text = json.dumps(
        {
            "type": "record",
            "name": f"{kind.name}ChangeEvent",
            "namespace": "com.sforce.eventbus",
            "fields": [
                {"name": "ChangeEventHeader", "type": _HEADER},
                *(
                    {
                        "name": field.name,
                        "type": _type_of(field, has_compound=has_compound),
                        "default": None,
                    }
                    for field in fields
                ),
            ],
        }
    )
    return EventSchema(
        id=hashlib.sha256(text.encode()).hexdigest()[:22],
        json=text,
        names=tuple(field.name for field in fields),
        has_compound=has_compound,
    )


def _type_of(field: Field, *, has_compound: bool) -> list[Any]:
    if has_compound and field.name == COMPOUND:
        return ["null", "string", _PERSON_NAME]
    if field.type in NUMBERS:
        return ["null", "double"]
    return [
        "null",
        {"boolean": "boolean", "datetime": "long"}.get(field.type, "string"),
    ]
