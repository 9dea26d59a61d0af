"""Conditions of a query, made into tests of records."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.sandbox.salesforce import ids, moments
from adapters.sandbox.salesforce.errors import ApiError, malformed_query
from adapters.sandbox.salesforce.fields import NUMBERS, TEXTS, Field
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.paths import Path, resolve
from adapters.sandbox.salesforce.records import Record
from adapters.sandbox.salesforce.soql import Comparison, Group, Literal, Node

Test = Callable[[Record], bool]

_IDS = frozenset({"id", "reference"})
_DAY_MS = 86_400_000
_ROUND = re.compile(r"(LAST|NEXT)_N_DAYS:(\d+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda has, wanted: has < wanted,
    "<=": lambda has, wanted: has <= wanted,
    ">": lambda has, wanted: has > wanted,
    ">=": lambda has, wanted: has >= wanted,
}


def compile_test(org: Org, entity: str, node: Node | None) -> Test:
    """Return what says of a record whether it is meant; raises ApiError."""
    if node is None:
        return lambda _record: True
    if isinstance(node, Comparison):
        return _comparison(org, entity, node)
    return _group(node, [compile_test(org, entity, part) for part in node.parts])


def _group(node: Group, tests: Sequence[Test]) -> Test:
    match node.joint:
        case "AND":
            return lambda record: all(test(record) for test in tests)
        case "OR":
            return lambda record: any(test(record) for test in tests)
    return lambda record: not tests[0](record)


def _comparison(org: Org, entity: str, node: Comparison) -> Test:
    path = resolve(org, entity, node.path)
    field = path.field
    if not field.is_filterable:
        raise ApiError(
            400,
            "INVALID_FIELD",
            f"field '{field.name}' can not be filtered in a query call",
        )
    if len(node.values) == 1 and (span := _span(org, field, node.values[0])):
        return _in_span(path, node.operator, span)
    values = [_value(field, literal) for literal in node.values]
    match node.operator:
        case "=" | "IN":
            wanted = set(values)
            return lambda record: _plain(field, path.value(record)) in wanted
        case "!=" | "NOT IN":
            unwanted = set(values)
            return lambda record: _plain(field, path.value(record)) not in unwanted
        case "LIKE":
            return _like(path, field, values[0])
    compare, limit = _COMPARE[node.operator], values[0]
    if limit is None:
        raise malformed_query(f"invalid operator on null: {node.operator}")
    return lambda record: (
        (has := _plain(field, path.value(record))) is not None and compare(has, limit)
    )


def _plain(field: Field, value: Any) -> Any:
    """Return a value as it is compared: text without case, except ids."""
    is_text = isinstance(value, str) and field.type not in _IDS
    return value.lower() if is_text else value


def _value(field: Field, literal: Literal) -> Any:
    """Return the value of a literal; raises ApiError if it does not fit the field."""
    given, kind = literal.value, literal.kind
    if kind == "word" and given == "NULL":
        return None
    if field.type in _IDS and kind == "text":
        if (found := ids.find(given)) is None:
            raise ApiError(
                400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {given}"
            )
        return found
    if field.type == "boolean" and given in {"TRUE", "FALSE"}:
        return given == "TRUE"
    if field.type == "datetime" and kind == "datetime":
        return moments.parse(given)
    fits = {"text": field.type in TEXTS, "number": field.type in NUMBERS}
    if fits.get(kind) or field.type == kind == "date":
        return _plain(field, given)
    quotes = "should" if field.type in TEXTS | _IDS else "should not"
    raise ApiError(
        400,
        "INVALID_FIELD",
        f"value of filter criterion for field '{field.name}' must be of type "
        f"{field.type} and {quotes} be enclosed in quotes",
    )


def _span(org: Org, field: Field, literal: Literal) -> tuple[Any, Any] | None:
    """Return the days that a word such as TODAY means, the end left out."""
    if literal.kind != "word" or field.type not in {"date", "datetime"}:
        return None
    today = org.clock.now_ms() // _DAY_MS
    match = _ROUND.fullmatch(literal.value)
    if match is not None and match[1] == "LAST":
        first, last = today - int(match[2]), today + 1
    elif match is not None:
        first, last = today + 1, today + 1 + int(match[2])
    elif literal.value in {"YESTERDAY", "TODAY", "TOMORROW"}:
        first = today + ("YESTERDAY", "TODAY", "TOMORROW").index(literal.value) - 1
        last = first + 1
    else:
        return None
    if field.type == "datetime":
        return first * _DAY_MS, last * _DAY_MS
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(  # type: ignore[return-value]
        (start + timedelta(days=number)).date().isoformat() for number in (first, last)
    )


def _in_span(path: Path, operator: str, span: tuple[Any, Any]) -> Test:
    start, end = span
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda has: start <= has < end,
        "!=": lambda has: not start <= has < end,
        "<": lambda has: has < start,
        "<=": lambda has: has < end,
        ">": lambda has: has >= end,
        ">=": lambda has: has >= start,
    }
    if operator not in tests:
        raise malformed_query(f"unexpected token: '{operator}'")
    test = tests[operator]
    return lambda record: (has := path.value(record)) is not None and test(has)


def _like(path: Path, field: Field, wanted: Any) -> Test:
    if field.type not in TEXTS:
        raise ApiError(
            400,
            "INVALID_QUERY_FILTER_OPERATOR",
            f"invalid operator on {field.type} field",
        )
    pattern = "".join(
        {"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in str(wanted)
    )
    matches = re.compile(pattern, re.DOTALL | re.IGNORECASE).fullmatch
    return lambda record: matches(str(path.value(record) or "")) is not None
