"""Looking into JSON of which every part may be missing or of another shape. Pure."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_LONGEST_WORDS = 300


def part(raw: object, name: str) -> Json:
    """Return an object in an object; empty if it is not there."""
    found = raw.get(name) if isinstance(raw, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def parts(raw: object, name: str) -> list[Json]:
    """Return the objects of a list in an object; whatever else it holds is left out."""
    return objects(raw.get(name)) if isinstance(raw, Mapping) else []


def objects(raw: object) -> list[Json]:
    """Return the objects of a list; nothing if it is none."""
    if not isinstance(raw, list):
        return []
    return [one for one in raw if isinstance(one, Mapping)]


def text(raw: object, name: str) -> str:
    """Return a text or number in an object, as text; empty if there is none."""
    found = raw.get(name) if isinstance(raw, Mapping) else None
    return "" if found is None else str(found)


def texts(raw: object, name: str) -> list[str]:
    """Return the texts of a list in an object, or of one text or number there."""
    found = raw.get(name) if isinstance(raw, Mapping) else None
    if found is None:
        return []
    return [str(one) for one in (found if isinstance(found, list) else [found])]


def in_short(words: str) -> str:
    """Return a vendor's words for a refusal, short; says so where there are none."""
    if len(words) > _LONGEST_WORDS:
        return words[: _LONGEST_WORDS - 1] + "…"
    return words or "no reason given"
