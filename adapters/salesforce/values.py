"""Values in Salesforce's JSON and XML, and ours. Pure."""

import math
from datetime import UTC, date, datetime, time
from typing import Any

from rules.model import FieldType, Value

_TYPES = {
    "boolean": FieldType.BOOLEAN,
    "int": FieldType.NUMBER,
    "long": FieldType.NUMBER,
    "double": FieldType.NUMBER,
    "currency": FieldType.NUMBER,
    "percent": FieldType.NUMBER,
    "date": FieldType.DATE,
    "datetime": FieldType.INSTANT,
}


def to_field_type(described: str) -> FieldType:
    """Return what a field of a described type holds; all others are text."""
    return _TYPES.get(described, FieldType.TEXT)


def to_instant(raw: object) -> datetime | None:
    """Return the instant of `2026-12-01T12:00:00.000+0000`, of Z, or None."""
    if not isinstance(raw, str) or not raw:
        return None
    try:
        found = datetime.fromisoformat(raw)
        if found.tzinfo is None:
            return found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def to_value(raw: Any, kind: FieldType) -> Value:
    """Return the value of a field; None if it is empty or makes no sense."""
    if raw is None or raw == "":
        return None
    match kind:
        case FieldType.NUMBER:
            return _to_number(raw)
        case FieldType.BOOLEAN:
            return raw if isinstance(raw, bool) else None
        case FieldType.DATE:
            at = to_instant(raw)
            return None if at is None else at.date()
        case FieldType.INSTANT:
            return to_instant(raw)
        case FieldType.TEXT:
            return raw if isinstance(raw, str) else str(raw)


def _to_number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def to_wire(value: Value, kind: FieldType | None = None) -> str | float | bool | None:
    """Return the JSON of a value; null clears a field, and a boolean cannot be empty.

    `kind` is what the field holds, where that is known.
    """
    match value:
        case None:
            return False if kind is FieldType.BOOLEAN else None
        case datetime():
            is_day = kind is FieldType.DATE
            return value.date().isoformat() if is_day else _to_stamp(value)
        case date():
            if kind is FieldType.INSTANT:
                return _to_stamp(datetime.combine(value, time(), UTC))
            return value.isoformat()
        case _:
            return value


def _to_stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
