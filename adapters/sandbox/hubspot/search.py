"""The search: filters, sorts and pages over what the index has seen so far."""

import operator
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from adapters.sandbox.clock import parse_instant
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.catalog import ObjectType, find_type
from adapters.sandbox.hubspot.errors import ApiError
from adapters.sandbox.hubspot.records import Record

Json = dict[str, Any]
Values = Mapping[str, str]
Test = Callable[[Record, Values], bool]

LONGEST_PAGE = 200
FARTHEST = 10_000
_LONGEST_BODY = 3_000
_MOST_GROUPS = 5
_MOST_FILTERS = 6
_MOST_IN_ALL = 18
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}
_WORDS = re.compile(r"\w+")


def search(account: Account, kind: ObjectType, body: Json, size: int) -> Json:
    """Return `total`, `found` and `after` (text or None) for a search body.

    `found` pairs each record with its values as the index has them, old while it lags.
    `size` is the body's length in characters. Raises ApiError 400 for a body that
    HubSpot refuses.
    """
    limit, after = _page(body, size)
    keep = _compile(account, kind, body)
    now = account.clock.now_ms()
    found: list[tuple[Record, Values]] = []
    for record in account.living(kind.name):
        values = _indexed(record, now)
        if values is not None and keep(record, values):
            found.append((record, values))
    _sort(account, kind, body, found)
    end = after + limit
    return {
        "total": len(found),
        "found": found[after:end],
        "after": str(end) if end < len(found) else None,
    }


def _page(body: Json, size: int) -> tuple[int, int]:
    if size > _LONGEST_BODY:
        raise ApiError(
            400,
            f"The request body is {size} characters long; at most {_LONGEST_BODY} are "
            "allowed.",
        )
    limit = _whole_number(body.get("limit", 10), "limit")
    after = _whole_number(body.get("after") or 0, "after")
    if not 0 < limit <= LONGEST_PAGE:
        raise ApiError(
            400, f"limit must be between 1 and {LONGEST_PAGE}, it is {limit}"
        )
    if after < 0 or after + limit > FARTHEST:
        raise ApiError(
            400,
            f"Paging beyond {FARTHEST} results is not possible: after is {after} and "
            f"limit {limit}.",
        )
    return limit, after


def _whole_number(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ApiError(400, f"{name} must be a number, it is {value!r}") from None


def _indexed(record: Record, now: int) -> Values | None:
    """Return what the index shows of a record: an older state while it lags."""
    for until, values in record.indexed:
        if until > now:
            return values
    return record.values


def _compile(account: Account, kind: ObjectType, body: Json) -> Test:
    groups = list(body.get("filterGroups") or [])
    if body.get("filters"):
        groups.append({"filters": body["filters"]})
    sizes = [len(group.get("filters") or ()) for group in groups]
    if len(groups) > _MOST_GROUPS or sum(sizes) > _MOST_IN_ALL:
        raise ApiError(
            400,
            f"At most {_MOST_GROUPS} filter groups and {_MOST_IN_ALL} filters are "
            f"allowed; there are {len(groups)} and {sum(sizes)}.",
        )
    if max(sizes, default=0) > _MOST_FILTERS:
        raise ApiError(400, f"A filter group holds at most {_MOST_FILTERS} filters.")
    tests = [
        [_filter(account, kind, one) for one in group.get("filters") or ()]
        for group in groups
    ]
    words = str(body.get("query") or "").lower().split()

    def keep(record: Record, values: Values) -> bool:
        if tests and not any(
            all(test(record, values) for test in group) for group in tests
        ):
            return False
        if not words:
            return True
        text = " ".join(values.get(name, "") for name in kind.searchable).lower()
        return all(word in text for word in words)

    return keep


def _filter(account: Account, kind: ObjectType, raw: Json) -> Test:
    name = str(raw.get("propertyName"))
    if name.startswith("associations."):
        return _associated(account, kind, name, raw)
    found = account.schema.find(kind.name, name)
    if found is None:
        raise ApiError(400, f'There was a problem with the request: "{name}" unknown')
    read = _reader(found.type)
    test = _operator(
        str(raw.get("operator")), raw, read, is_text=found.type == "string"
    )
    return lambda _record, values: test(values.get(name) or "")


def _associated(account: Account, kind: ObjectType, name: str, raw: Json) -> Test:
    other = find_type(name.removeprefix("associations."))
    wanted = {str(one) for one in raw.get("values") or [raw.get("value")]}
    if other is None or raw.get("operator") not in {"EQ", "IN"}:
        raise ApiError(400, f"A filter on {name} takes EQ or IN")

    def test(record: Record, _values: Values) -> bool:
        linked = account.links.ids((kind.name, record.id), other.name)
        return not wanted.isdisjoint(linked)

    return test


def _reader(kind: str) -> Callable[[str], Any]:
    match kind:
        case "number":
            return _to_number
        case "datetime" | "date":
            return parse_instant
        case "string":
            return str.lower
        case _:
            return str


def _to_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _operator(
    name: str, raw: Json, read: Callable[[str], Any], *, is_text: bool
) -> Callable[[str], bool]:
    """Return the test of a property's text; an empty one passes only negations."""
    match name:
        case "HAS_PROPERTY":
            return bool
        case "NOT_HAS_PROPERTY":
            return lambda text: not text
        case "IN" | "NOT_IN":
            return _membership(name, raw, read, is_text=is_text)
    value = raw.get("value")
    if value is None:
        raise ApiError(400, f"{name} needs a value")
    if name.endswith("CONTAINS_TOKEN"):
        has = _contains(str(value))
        return has if name == "CONTAINS_TOKEN" else lambda text: not has(text)
    wanted, high = read(str(value)), read(str(raw.get("highValue") or ""))
    if wanted is None or (name == "BETWEEN" and not raw.get("highValue")):
        raise ApiError(400, f"{value!r} cannot be compared with this property")
    return _comparison(name, wanted, high, read)


def _membership(
    name: str, raw: Json, read: Callable[[str], Any], *, is_text: bool
) -> Callable[[str], bool]:
    # The values are taken as they stand, the stored text in lower case: so upper-case
    # values of a text property never match, as in HubSpot.
    plain = {str(one) for one in raw.get("values") or ()}
    many = plain if is_text else {read(one) for one in plain}
    if not many:
        raise ApiError(400, f"{name} needs values")
    if name == "IN":
        return lambda text: bool(text) and read(text) in many
    return lambda text: not text or read(text) not in many


def _comparison(
    name: str, wanted: Any, high: Any, read: Callable[[str], Any]
) -> Callable[[str], bool]:
    if name == "EQ":
        return lambda text: bool(text) and read(text) == wanted
    if name == "NEQ":
        return lambda text: not text or read(text) != wanted
    if name == "BETWEEN":
        return lambda text: bool(text) and wanted <= read(text) <= high
    compare = _ORDER.get(name)
    if compare is None:
        raise ApiError(400, f"Invalid operator {name}")
    return lambda text: bool(text) and compare(read(text), wanted)


def _contains(pattern: str) -> Callable[[str], bool]:
    """Return a test for words: each of the pattern's, `*` standing for anything."""
    wanted = [part for part in re.findall(r"[\w*]+", pattern.lower()) if part != "*"]

    def has(text: str) -> bool:
        words = set(_WORDS.findall(text.lower()))
        return bool(words) and all(
            part in words
            if "*" not in part
            else any(fnmatchcase(word, part) for word in words)
            for part in wanted
        )

    return has


def _sort(
    account: Account, kind: ObjectType, body: Json, found: list[tuple[Record, Values]]
) -> None:
    """Sort in place by the body's one sort, else by id; ties by id."""
    found.sort(key=lambda one: one[0].number())
    sorts = body.get("sorts") or []
    if not sorts:
        return
    if len(sorts) > 1:
        raise ApiError(400, "Only one sort is allowed")
    first = sorts[0]
    if isinstance(first, str):
        first = {
            "propertyName": first.lstrip("-"),
            "direction": "DESCENDING" if first.startswith("-") else "ASCENDING",
        }
    name = str(first.get("propertyName"))
    known = account.schema.find(kind.name, name)
    if known is None:
        raise ApiError(400, f'Cannot sort by "{name}": there is no such property')
    read = _reader(known.type)
    full = [one for one in found if one[1].get(name)]
    empty = [one for one in found if not one[1].get(name)]
    is_down = str(first.get("direction") or "").upper().startswith("DESC")
    full.sort(key=lambda one: read(one[1][name]), reverse=is_down)
    found[:] = full + empty
