"""Which fields a bitmap names. Pure.

`0x650004E0`: the n-th bit stands for the n-th field of the Avro schema. `4-0x10`: the
same for the parts of its fourth field, which is a compound one, such as a name.
developer.salesforce.com/docs/platform/pub-sub-api/guide/
event-deserialization-considerations.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]


def named_fields(bitmaps: Sequence[str], schema: Schema) -> tuple[str, ...]:
    """Return the fields in the schema's order, parts as `Name.FirstName`.

    Raises ValueError for bitmaps that do not fit the schema.
    """
    found: list[str] = []
    for bitmap in bitmaps:
        if "-" not in bitmap:
            found += _named(bitmap, schema)
            continue
        place, _, bits = bitmap.partition("-")
        try:
            compound = schema["fields"][int(place)]
        except IndexError:
            raise ValueError("A bitmap names a field that is not there.") from None
        inner = _record_in(compound["type"])
        found += (f"{compound['name']}.{name}" for name in _named(bits, inner))
    return tuple(found)


def _named(bits: str, schema: Schema) -> Iterator[str]:
    number, fields = int(bits, 16), schema["fields"]
    if number >> len(fields):
        raise ValueError("A bitmap names a field that is not there.")
    for place, field in enumerate(fields):
        if number >> place & 1:
            yield field["name"]


def _record_in(kind: Any) -> Schema:
    """Return the record among the types that a nullable field may have."""
    for one in kind if isinstance(kind, list) else [kind]:
        if isinstance(one, Mapping) and one.get("type") == "record":
            return one
    raise ValueError("A bitmap names parts of a field that has none.")
