"""What people write as a condition, translated into CEL.

Only what is listed here gets through, so nothing in a condition can loop, read other
names or grow without bounds. Every number becomes a decimal one, every day the number
that `date.toordinal` gives it, `x == null` a variable of its own; names get a prefix,
so that a field may be called as it likes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from math import isfinite

from rules.model import EvidenceKind, FieldName, FieldType
from rules.tokens import ConditionInvalid, Token, read_tokens

_BUILT_IN: Mapping[str, FieldType] = {
    **{kind.value: FieldType.NUMBER for kind in EvidenceKind},
    "today": FieldType.DATE,
    "now": FieldType.INSTANT,
}
_METHODS = frozenset({"contains", "endsWith", "startsWith"})
_FUNCTIONS = frozenset({"days", "size"})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_WORD_SIGNS: Mapping[str, str] = {"and": "&&", "or": "||", "not": "!", "none": "null"}
_CONSTANTS = frozenset({"true", "false", "null"})
_CHOICES = frozenset({"&&", "||", "?"})
_BEFORE_TEST = frozenset({"", "(", "&&", "||", "?", ":"})
_AFTER_TEST = frozenset({"", ")", "&&", "||", "?", ":"})

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Translation:
    """A condition in CEL.

    `read` are the names whose values it needs, `tested` those of which it asks whether
    they are empty. `has_choice`: it may be decided without all that it reads.
    """

    parts: tuple[str, ...]
    read: Mapping[str, FieldType]
    tested: frozenset[str]
    has_choice: bool
    starts: tuple[tuple[int, int], ...]
    end: int

    @property
    def cel(self) -> str:
        """The whole condition in CEL, on one line."""
        return " ".join(self.parts)

    def to_column(self, offset: int) -> int:
        """Return the column in the written text of an offset in the CEL text."""
        if offset >= len(self.cel):
            return self.end + 1
        return next(
            (at + 1 for cel_at, at in reversed(self.starts) if cel_at <= offset), 1
        )


_END = Token("", "", 0)


def variable_of(name: str) -> str:
    """Return the CEL variable that holds a name's value."""
    return f"v_{name}"


def emptiness_of(name: str) -> str:
    """Return the CEL variable that says whether a name has no value."""
    return f"e_{name}"


def translate(text: str, types: Mapping[FieldName, FieldType]) -> Translation:
    """Return the condition in CEL; raises ConditionInvalid."""
    tokens = read_tokens(text)
    known: dict[str, FieldType] = dict(types.items())
    known.update(_BUILT_IN)
    return _Translator(tokens, known).translate()


class _Translator:
    """One pass over the tokens of one condition."""

    def __init__(self, tokens: list[Token], types: Mapping[str, FieldType]) -> None:
        self._tokens = tokens
        self._types = types
        self._at = 0
        self._out: list[str] = []
        self._starts: list[tuple[int, int]] = []
        self._length = 0
        self._read: dict[str, FieldType] = {}
        self._tested: set[str] = set()

    def translate(self) -> Translation:
        while self._at < len(self._tokens):
            written, taken = self._next()
            self._starts.append((self._length, self._tokens[self._at].at))
            self._out.append(written)
            self._length += len(written) + 1
            self._at += taken
        return Translation(
            tuple(self._out),
            self._read,
            frozenset(self._tested),
            any(token.text in _CHOICES for token in self._tokens),
            tuple(self._starts),
            self._tokens[-1].at + len(self._tokens[-1].text),
        )

    def _peek(self, distance: int) -> Token:
        at = self._at + distance
        return self._tokens[at] if 0 <= at < len(self._tokens) else _END

    def _next(self) -> tuple[str, int]:
        """Return the CEL text of what comes next, and how many tokens it takes."""
        token = self._peek(0)
        if token.kind == "number":
            return _to_number(token), 1
        if token.kind == "text":
            return self._text(token), 1
        if token.kind == "sign":
            return self._sign(token)
        return self._null_test() or self._name(token)

    def _sign(self, token: Token) -> tuple[str, int]:
        if token.text != ".":
            return token.text, 1
        method, bracket = self._peek(1), self._peek(2)
        if method.text not in _METHODS or bracket.text != "(":
            raise ConditionInvalid(
                "After a point only contains, startsWith or endsWith may come.",
                token.at + 1,
                _closest(method.text, _METHODS),
            )
        return f".{method.text}", 2

    def _text(self, token: Token) -> str:
        content = token.text[1:-1]
        if not content.isprintable():
            raise ConditionInvalid(
                "This text has an invisible character.", token.at + 1
            )
        if _DAY.fullmatch(content) and self._is_beside_day():
            try:
                return str(date.fromisoformat(content).toordinal())
            except ValueError:
                raise ConditionInvalid(
                    f"There is no day {content}. Write year-month-day, such as"
                    " 2026-01-31.",
                    token.at + 1,
                ) from None
        escaped = content.replace('"', '\\"')
        return f'"{escaped}"'

    def _is_beside_day(self) -> bool:
        """Return whether what this text is compared with is no text itself."""
        if self._peek(-1).text in _COMPARISONS:
            other = self._peek(-2)
        elif self._peek(1).text in _COMPARISONS:
            other = self._peek(2)
        else:
            return False
        is_text = self._types.get(other.text) is FieldType.TEXT
        return other.kind != "text" and not is_text

    def _null_test(self) -> tuple[str, int] | None:
        """Translate `x == null` and `null != x`, wherever a condition may stand."""
        first, sign, last = self._peek(0), self._peek(1), self._peek(2)
        if "null" not in {first.text, last.text} or sign.text not in _COMPARISONS:
            if first.text == "null":
                raise _misplaced_null(first)
            return None
        null, named = (first, last) if first.text == "null" else (last, first)
        if (
            named.kind != "name"
            or named.text in _CONSTANTS
            or sign.text not in {"==", "!="}
            or self._peek(-1).text not in _BEFORE_TEST
            or self._peek(3).text not in _AFTER_TEST
        ):
            raise _misplaced_null(null)
        self._type_of(named)
        self._tested.add(named.text)
        negation = "!" if sign.text == "!=" else ""
        return f"{negation}{emptiness_of(named.text)}", 3

    def _name(self, token: Token) -> tuple[str, int]:
        if token.text in {"true", "false", "in"}:
            return token.text, 1
        if self._peek(1).text == "(":
            return self._function(token)
        self._read[token.text] = self._type_of(token)
        return variable_of(token.text), 1

    def _function(self, token: Token) -> tuple[str, int]:
        argument, close = self._peek(2), self._peek(3)
        if token.text == "days" and argument.kind == "number" and close.text == ")":
            if not argument.text.isdigit() or len(argument.text) > 6:  # noqa: PLR2004
                raise ConditionInvalid(
                    "days(…) takes a whole number, such as days(30).", argument.at + 1
                )
            return str(int(argument.text)), 4
        if token.text == "size" and argument.kind == "name" and close.text == ")":
            self._read[argument.text] = self._type_of(argument)
            return f"double(size({variable_of(argument.text)}))", 4
        if token.text in _WORD_SIGNS:
            raise self._unknown(token)
        raise ConditionInvalid(
            "Here only days(30) and size(field) can be used, or"
            " field.contains(“a”), field.startsWith(“a”) and field.endsWith(“a”).",
            token.at + 1,
            _closest(token.text, _FUNCTIONS | _METHODS),
        )

    def _type_of(self, token: Token) -> FieldType:
        found = self._types.get(token.text)
        if found is None:
            raise self._unknown(token)
        return found

    def _unknown(self, token: Token) -> ConditionInvalid:
        word = token.text.lower()
        meant = _WORD_SIGNS.get(word) or (word if word in _CONSTANTS else None)
        if meant is not None:
            return ConditionInvalid(
                f"“{token.text}” is written in another way here.", token.at + 1, meant
            )
        return ConditionInvalid(
            f"“{token.text}” is no field that this policy knows.",
            token.at + 1,
            _closest(token.text, self._types),
        )


def _to_number(token: Token) -> str:
    number = float(token.text)
    if not isfinite(number):
        raise ConditionInvalid("This number is too large.", token.at + 1)
    return repr(number)


def _misplaced_null(token: Token) -> ConditionInvalid:
    return ConditionInvalid(
        "null can only follow a field and == or !=: close_date != null says that there"
        " is a close date.",
        token.at + 1,
    )


def _closest(word: str, known: Mapping[str, FieldType] | frozenset[str]) -> str | None:
    return next(iter(get_close_matches(word, sorted(known), n=1)), None)
