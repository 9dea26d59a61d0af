"""JSON from outside, without what no database keeps. Pure.

JSON may hold NUL, and half of a pair of surrogates where somebody's program cut an
emoji in two. PostgreSQL takes neither as text nor in JSON, so that one record with one
would keep everything from being stored that is stored together with it.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""How either is written; so is every whole pair, which costs a second look."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_STAND_IN = "\N{REPLACEMENT CHARACTER}"

Pairs = Callable[[list[tuple[str, Any]]], Any]


def parse_json(raw: bytes, *, to_object: Pairs | None = None) -> Any:
    """Return what JSON in UTF-8 says; `to_object` makes an object of its pairs.

    Raises ValueError for what is no JSON, or too deep to be taken apart.
    """
    try:
        found = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=to_object)
        return to_storable(found, raw)
    except RecursionError:
        raise ValueError("The JSON is nested too deep.") from None


def to_storable(found: Any, raw: bytes) -> Any:
    """Return what was read from `raw`, with U+FFFD for what cannot be stored."""
    return _clean(found) if _SUSPECT.search(raw) else found


def _clean(found: Any) -> Any:
    match found:
        case str():
            return _UNSTORABLE.sub(_STAND_IN, found)
        case Mapping():
            return {_clean(name): _clean(one) for name, one in found.items()}
        case list():
            return [_clean(one) for one in found]
        case _:
            return found
