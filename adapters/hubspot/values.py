"""Values on the wire, where all are texts, and ours. Pure."""

import math
from datetime import UTC, date, datetime, time

from rules.model import FieldType, Value

_TYPES = {
    "number": FieldType.NUMBER,
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.INSTANT,
}
_MS = 1000


def to_field_type(wire: str) -> FieldType:
    """Return what a property of HubSpot's type holds; unknown types are text."""
    return _TYPES.get(wire, FieldType.TEXT)


def to_value(text: str | None, kind: FieldType) -> Value:
    """Return the value of a wire text; None if it is empty or makes no sense."""
    if text is None or text == "":
        return None
    match kind:
        case FieldType.NUMBER:
            return _to_number(text)
        case FieldType.BOOLEAN:
            return {"true": True, "false": False}.get(text.lower())
        case FieldType.DATE:
            at = to_instant(text)
            return None if at is None else at.date()
        case FieldType.INSTANT:
            return to_instant(text)
        case FieldType.TEXT:
            return text


def _to_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def to_instant(text: object) -> datetime | None:
    """Return the instant of ISO 8601 or epoch milliseconds, or None.

    Property values come in either form; a date alone is midnight UTC.
    """
    if not text:
        return None
    written = str(text)
    try:
        if written.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(written) / _MS, UTC)
        found = datetime.fromisoformat(written)
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def to_ms(at: datetime) -> int:
    """Return the epoch milliseconds of an instant."""
    return round(at.timestamp() * _MS)


def to_wire(value: Value, kind: FieldType | None = None) -> str:
    """Return the wire text of a value; an empty one clears the property.

    Instants go as milliseconds, which name their zone; `kind` is what the property
    holds, where that is known.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case date():
            return _date_to_wire(value, kind)
        case int() | float():
            return str(int(value)) if float(value).is_integer() else repr(value)
        case str():
            return value


def _date_to_wire(value: date, kind: FieldType | None) -> str:
    if isinstance(value, datetime):
        is_day = kind is FieldType.DATE
        return value.date().isoformat() if is_day else str(to_ms(value))
    if kind is FieldType.INSTANT:
        return str(to_ms(datetime.combine(value, time(), UTC)))
    return value.isoformat()
