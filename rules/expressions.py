"""Conditions: the small language in which a policy tests a record.

`amount >= 1000 && close_date > today`: fields, evidence counts, `today` and `now`;
numbers, texts and days in quotes; `== != < <= > >= && || ! + - * / in ?:` and `null`.
It is a part of CEL (https://cel.dev) without its loops; the library checks the types
and evaluates. `rules.translation` says what gets through.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isnan
from types import MappingProxyType
from typing import Any

from cel_expr_python import cel

from rules.model import FieldName, FieldType, Value
from rules.tokens import ConditionInvalid
from rules.translation import Translation, emptiness_of, translate, variable_of

__all__ = ["Condition", "ConditionInvalid", "Decision", "compile_condition"]

_Convert = Callable[[Value], Value]
_Answer = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a condition says. Neither true nor false: it could not be decided.

    `undecided` are then the names without a usable value that it needs; none if the
    sum itself has no answer.
    """

    is_true: bool = False
    is_false: bool = False
    undecided: frozenset[str] = frozenset()


_TRUE = Decision(is_true=True)
_FALSE = Decision(is_false=True)


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition; equal to another with the same text.

    `fields` are all names that it reads: fields, evidence, `today` and `now`.
    """

    text: str
    fields: frozenset[str] = field(compare=False)
    _answer: _Answer = field(compare=False, repr=False)
    _read: tuple[tuple[str, str, _Convert], ...] = field(compare=False, repr=False)
    _tested: tuple[tuple[str, str], ...] = field(compare=False, repr=False)
    _has_choice: bool = field(compare=False, repr=False)

    def evaluate(self, values: Mapping[str, Value]) -> Decision:
        """Return what the condition says of `values`, by name; never raises.

        None, blank text and a value of another type are empty. What is true or false
        whatever an empty value may become, is decided.
        """
        known: dict[str, Value] = {}
        empty: list[str] = []
        for name, variable, convert in self._read:
            value = convert(values.get(name))
            if value is None:
                empty.append(name)
            else:
                known[variable] = value
        if empty and not self._has_choice:
            return Decision(undecided=frozenset(empty))
        for name, variable in self._tested:
            known[variable] = _is_empty(values.get(name))
        try:
            answer = self._answer(known)
        except (RuntimeError, ValueError, TypeError):
            answer = None
        # What cannot be worked out comes back as a text, which is as true as any.
        if answer is True:
            return _TRUE
        if answer is False:
            return _FALSE
        return Decision(undecided=frozenset(empty))


def compile_condition(text: str, types: Mapping[FieldName, FieldType]) -> Condition:
    """Return the condition that `text` says of fields of these types.

    Raises ConditionInvalid.
    """
    translation = translate(text, types)
    evaluated = _compile(translation)
    return Condition(
        text=text,
        fields=frozenset(translation.read) | translation.tested,
        _answer=_find_comparison(translation) or evaluated,
        _read=tuple(
            (name, variable_of(name), _CONVERT[kind])
            for name, kind in sorted(translation.read.items())
        ),
        _tested=tuple(
            (name, emptiness_of(name)) for name in sorted(translation.tested)
        ),
        _has_choice=translation.has_choice,
    )


def _compile(translation: Translation) -> _Answer:
    variables = {
        **{
            variable_of(name): _CEL_TYPES[kind]
            for name, kind in translation.read.items()
        },
        **{emptiness_of(name): cel.Type.BOOL for name in translation.tested},
    }
    try:
        expression = cel.NewEnv(variables=variables).compile(translation.cel)
    except RuntimeError as error:
        raise _to_invalid(str(error), translation) from None
    if expression.return_type() != cel.Type.BOOL:
        kind = _SAID.get(expression.return_type().name().lower(), "a value")
        raise ConditionInvalid(
            f"This gives {kind}, not yes or no. Compare it with something: amount > 0."
        )
    return lambda known: expression.eval(None, known).value()


def _find_comparison(translation: Translation) -> _Answer | None:
    """Return a lone comparison of numbers or days as Python makes it.

    Most rules are one, and it takes a tenth of the time that the library needs.
    """
    if len(translation.parts) != len(("left", "sign", "right")):
        return None
    left, sign, right = translation.parts
    compare = _SIGNS.get(sign)
    if compare is None or not _COMPARABLE.issuperset(translation.read.values()):
        return None
    names = {variable_of(name) for name in translation.read}
    if left in names and right in names:
        return lambda known: compare(known[left], known[right])
    if left in names:
        fixed = _to_constant(right)
        return lambda known: compare(known[left], fixed)
    if right in names:
        fixed = _to_constant(left)
        return lambda known: compare(fixed, known[right])
    return None


def _to_constant(written: str) -> float:
    """Return the number or day of a literal, which the type check has let through."""
    return int(written) if written.isdigit() else float(written)


_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_COMPARABLE = frozenset({FieldType.NUMBER, FieldType.DATE})

_FAULT = re.compile(r"<input>:1:(?P<column>\d+): (?P<message>[^\n]*)")
_OVERLOAD = re.compile(
    r"no matching overload for '(?P<name>[^']*)' applied to '(?P<on>.*)'"
)
_SAID: Mapping[str, str] = MappingProxyType(
    {
        "double": "a number",
        "string": "text",
        "bool": "yes or no",
        "int": "a day",
        "timestamp": "a moment",
        "list": "a list",
    }
)


def _to_invalid(error: str, translation: Translation) -> ConditionInvalid:
    """Say a refusal by the library in words for the person who wrote the condition."""
    found = _FAULT.search(error)
    if found is None:
        return ConditionInvalid(
            "This condition is too complicated. Split it into several rules."
        )
    offset = int(found["column"]) - 1
    column = translation.to_column(offset)
    message = found["message"].replace("google.protobuf.T", "t")
    mismatch = _OVERLOAD.search(message)
    if mismatch is not None:
        sign = mismatch["name"].strip("_").replace("[_]", "[ ]").replace("@in", "in")
        kinds = re.findall(r"\b(?:" + "|".join(_SAID) + r")\b", mismatch["on"])
        said = " and ".join(_SAID[kind] for kind in kinds)
        hint = (
            " Write a day as “2026-01-31”, a number of days as days(5)."
            if "int" in kinds
            else ""
        )
        return ConditionInvalid(f"{sign} does not go with {said}.{hint}", column)
    if offset >= len(translation.cel):
        return ConditionInvalid("Something is missing at the end.", column)
    return ConditionInvalid("This cannot stand here. Is a sign missing?", column)


def _to_number(value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if isnan(number) else number


def _to_text(value: Value) -> Value:
    if not isinstance(value, str) or _is_empty(value):
        return None
    # The library stumbles over halves of a pair, which a CRM may cut a text to.
    return value if value.isascii() else value.encode(errors="replace").decode()


def _to_day(value: Value) -> Value:
    if isinstance(value, datetime) or not isinstance(value, date):
        return None
    return value.toordinal()


def _to_moment(value: Value) -> Value:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _to_bool(value: Value) -> Value:
    return value if isinstance(value, bool) else None


def _is_empty(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


_CONVERT: Mapping[FieldType, _Convert] = MappingProxyType(
    {
        FieldType.NUMBER: _to_number,
        FieldType.TEXT: _to_text,
        FieldType.DATE: _to_day,
        FieldType.INSTANT: _to_moment,
        FieldType.BOOLEAN: _to_bool,
    }
)
_CEL_TYPES: Mapping[FieldType, Any] = MappingProxyType(
    {
        FieldType.NUMBER: cel.Type.DOUBLE,
        FieldType.TEXT: cel.Type.STRING,
        FieldType.DATE: cel.Type.INT,
        FieldType.INSTANT: cel.Type.TIMESTAMP,
        FieldType.BOOLEAN: cel.Type.BOOL,
    }
)
