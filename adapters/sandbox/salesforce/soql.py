"""Reading SOQL: the part of it that selects rows of one type.

SELECT fields (also along references, `FIELDS(ALL)` and `COUNT()`) FROM type WHERE
conditions ORDER BY, LIMIT, OFFSET. No child queries, no grouping.
"""

import re
from dataclasses import dataclass
from typing import Any

from adapters.sandbox.salesforce.errors import malformed_query

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*')
      | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
      | (?P<date>\d{4}-\d\d-\d\d)
      | (?P<number>[+-]?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*(?::\d+)?)
      | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_CLAUSES = frozenset(
    {"FROM", "WHERE", "ORDER", "LIMIT", "OFFSET", "GROUP", "HAVING", "FOR", "ALL"}
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: text, number, datetime, date or word (true, null, TODAY)."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator values`; the operator is in capitals."""

    path: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND, by OR, or one of them after NOT."""

    joint: str
    parts: tuple["Node", ...]


Node = Comparison | Group


@dataclass(frozen=True, slots=True)
class Order:
    """One term of ORDER BY."""

    path: str
    is_descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A query that was read. `fields` is empty for COUNT()."""

    fields: tuple[str, ...]
    entity: str
    where: Node | None
    orders: tuple[Order, ...]
    limit: int | None
    offset: int


@dataclass(slots=True)
class _Reader:
    tokens: list[tuple[str, str]]
    place: int = 0

    def peek(self) -> str:
        """Return the next token in capitals, empty at the end."""
        if self.place == len(self.tokens):
            return ""
        kind, text = self.tokens[self.place]
        return text if kind == "text" else text.upper()

    def take(self) -> tuple[str, str]:
        if self.place == len(self.tokens):
            raise malformed_query("unexpected token: '<EOF>'")
        self.place += 1
        return self.tokens[self.place - 1]

    def skip(self, *wanted: str) -> bool:
        """Take the next tokens if they are these."""
        here = self.tokens[self.place : self.place + len(wanted)]
        if [text.upper() for _, text in here] != list(wanted):
            return False
        self.place += len(wanted)
        return True

    def need(self, *wanted: str) -> None:
        if not self.skip(*wanted):
            raise malformed_query(
                f"unexpected token: '{self.peek() or '<EOF>'}', expecting "
                f"{' '.join(wanted)}"
            )

    def word(self) -> str:
        kind, text = self.take()
        if kind != "word":
            raise malformed_query(f"unexpected token: '{text}'")
        return text

    def number(self) -> int:
        kind, text = self.take()
        if kind != "number" or not text.isdigit():
            raise malformed_query(f"unexpected token: '{text}'")
        return int(text)


def parse(text: str) -> Select:
    """Return what a query asks for; raises ApiError if it cannot be read."""
    reader = _Reader(_tokens(text))
    reader.need("SELECT")
    fields = _fields(reader)
    reader.need("FROM")
    entity = reader.word()
    where = _condition(reader) if reader.skip("WHERE") else None
    orders = _orders(reader) if reader.skip("ORDER", "BY") else ()
    limit = reader.number() if reader.skip("LIMIT") else None
    offset = reader.number() if reader.skip("OFFSET") else 0
    reader.skip("ALL", "ROWS")
    if reader.peek():
        raise malformed_query(f"unexpected token: '{reader.peek()}'")
    return Select(fields, entity, where, orders, limit, offset)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise malformed_query(f"line 1:{place} no viable alternative at character")
        kind = str(found.lastgroup)
        tokens.append((kind, found[kind]))
        place = found.end()
    return tokens


def _fields(reader: _Reader) -> tuple[str, ...]:
    if reader.skip("COUNT", "(", ")"):
        return ()
    fields = [_field(reader)]
    while reader.skip(","):
        fields.append(_field(reader))
    return tuple(fields)


def _field(reader: _Reader) -> str:
    if reader.skip("FIELDS", "("):
        which = reader.word().upper()
        reader.need(")")
        return f"FIELDS({which})"
    if reader.peek() in _CLAUSES:
        raise malformed_query(f"unexpected token: '{reader.peek()}'")
    return reader.word()


def _condition(reader: _Reader) -> Node:
    """Read conditions of one kind of joint: mixing them needs brackets."""
    parts = [_part(reader)]
    joint = reader.peek()
    if joint not in {"AND", "OR"}:
        return parts[0]
    while reader.skip(joint):
        parts.append(_part(reader))
    if reader.peek() in {"AND", "OR"}:
        raise malformed_query(f"unexpected token: '{reader.peek()}'")
    return Group(joint, tuple(parts))


def _part(reader: _Reader) -> Node:
    if reader.skip("NOT"):
        return Group("NOT", (_part(reader),))
    if reader.skip("("):
        inner = _condition(reader)
        reader.need(")")
        return inner
    path = reader.word()
    if reader.skip("NOT", "IN"):
        return Comparison(path, "NOT IN", _values(reader))
    if reader.skip("IN"):
        return Comparison(path, "IN", _values(reader))
    if reader.skip("LIKE"):
        return Comparison(path, "LIKE", (_literal(reader),))
    _, sign = reader.take()
    if sign not in _COMPARISONS:
        raise malformed_query(f"unexpected token: '{sign}'")
    operator = "!=" if sign == "<>" else sign
    return Comparison(path, operator, (_literal(reader),))


def _values(reader: _Reader) -> tuple[Literal, ...]:
    reader.need("(")
    values = [_literal(reader)]
    while reader.skip(","):
        values.append(_literal(reader))
    reader.need(")")
    return tuple(values)


def _literal(reader: _Reader) -> Literal:
    kind, text = reader.take()
    match kind:
        case "text":
            plain = _ESCAPE.sub(lambda one: _ESCAPES.get(one[1], one[1]), text[1:-1])
            return Literal("text", plain)
        case "number":
            return Literal("number", float(text))
        case "word":
            return Literal("word", text.upper())
        case "sign":
            raise malformed_query(f"unexpected token: '{text}'")
    return Literal(kind, text)


def _orders(reader: _Reader) -> tuple[Order, ...]:
    orders = [_order(reader)]
    while reader.skip(","):
        orders.append(_order(reader))
    return tuple(orders)


def _order(reader: _Reader) -> Order:
    path = reader.word()
    is_descending = reader.skip("DESC")
    if not is_descending:
        reader.skip("ASC")
    nulls_last = reader.skip("NULLS", "LAST")
    if not nulls_last:
        reader.skip("NULLS", "FIRST")
    return Order(path, is_descending, nulls_last)
