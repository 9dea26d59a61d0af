"""Change events: what their Avro bytes say. Pure.

Header: developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/
change_data_capture/cdc_event_fields_header.htm
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import SchemaParseException

from adapters.salesforce.pubsub.bitmaps import Schema, named_fields

_HEADER = "ChangeEventHeader"


class UnreadableError(ValueError):
    """An event, or its schema, that is not what Salesforce describes."""


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One event: an equal change of some records of one object.

    `kind` is such as UPDATE or GAP_UPDATE. `fields` holds the new values: all of them
    for a created record, else those that changed; none in a gap.
    """

    entity: str
    record_ids: tuple[str, ...]
    kind: str
    origin: str
    transaction: str
    sequence: int
    committed_at_ms: int
    user_id: str
    changed: tuple[str, ...]
    fields: Mapping[str, Any]


def to_schema(text: str) -> Schema:
    """Return the schema that events are read by; raises UnreadableError."""
    try:
        found = parse_schema(json.loads(text))
    except (SchemaParseException, ValueError, LookupError, RecursionError) as error:
        raise UnreadableError(f"A schema makes no sense ({error}).") from error
    if not isinstance(found, dict) or "fields" not in found:
        raise UnreadableError("A schema is not that of a record.")
    return found


def read_event(payload: bytes, schema: Schema) -> ChangeEvent:
    """Return what an event says; raises UnreadableError."""
    try:
        found: Any = schemaless_reader(BytesIO(payload), dict(schema), None)
        header = found.pop(_HEADER)
        return ChangeEvent(
            entity=header["entityName"],
            record_ids=tuple(header["recordIds"]),
            kind=header["changeType"],
            origin=_clean(header["changeOrigin"]),
            transaction=_clean(header["transactionKey"]),
            sequence=header["sequenceNumber"],
            committed_at_ms=header["commitTimestamp"],
            user_id=_clean(header["commitUser"]),
            changed=_changed(header.get("changedFields") or (), schema),
            fields=found,
        )
    except (EOFError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableError(
            f"An event does not fit its schema ({type(error).__name__})."
        ) from error


def _clean(text: str | None) -> str:
    """Return a text without what no database takes, which would stop the stream."""
    return (text or "").replace("\0", "")


def _changed(bitmaps: Any, schema: Schema) -> tuple[str, ...]:
    try:
        return named_fields(bitmaps, schema)
    except ValueError:
        # Which fields changed is for people to read: the record is read afresh.
        return ()
