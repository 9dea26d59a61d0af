"""The words and signs of a condition, one after the other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 1000
DEEPEST = 12

_TOKEN = re.compile(
    r"""(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>"[^"\\\r\n]*"|'[^'\\\r\n]*')
      | (?P<sign>&&|\|\||[=!<>]=|[<>!+\-*/()\[\],?:.])""",
    re.VERBOSE,
)
_NOT_SPACE = re.compile(r"\S")


class ConditionInvalid(ValueError):
    """A condition that cannot be used.

    `column` counts from 1 in its text; `suggestion` is what was probably meant there.
    """

    def __init__(
        self, message: str, column: int = 1, suggestion: str | None = None
    ) -> None:
        hint = "" if suggestion is None else f" Did you mean {suggestion}?"
        super().__init__(f"{message}{hint}")
        self.message = message
        self.column = column
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Token:
    """A number, name, text or sign, and where it starts."""

    kind: str
    text: str
    at: int


def read_tokens(text: str) -> list[Token]:
    """Return what a condition is made of; raises ConditionInvalid.

    It has at least one token, and neither is it long nor are its brackets deep.
    """
    if len(text) > LONGEST:
        raise ConditionInvalid(
            f"A condition may have {LONGEST} characters and this one has {len(text)}."
            " Split it into several rules.",
            LONGEST,
        )
    tokens = list(_tokens(text))
    if not tokens:
        raise ConditionInvalid("The condition is empty. Write what has to be true.")
    _check_depth(tokens)
    return tokens


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while (start := _NOT_SPACE.search(text, at)) is not None:
        at = start.start()
        found = _TOKEN.match(text, at)
        if found is None:
            raise _unreadable(text, at)
        kind, word = str(found.lastgroup), found.group()
        if kind == "number" and text[found.end() : found.end() + 1].isalnum():
            raise ConditionInvalid(
                f"After the number {word} a sign or a space is missing.",
                found.end() + 1,
            )
        yield Token(kind, word, at)
        at = found.end()


def _unreadable(text: str, at: int) -> ConditionInvalid:
    char = text[at]
    if char in "\"'":
        end = text.find(char, at + 1)
        if "\\" in text[at : end if end > 0 else None]:
            return ConditionInvalid("A backslash cannot be used here.", at + 1)
        return ConditionInvalid(f"The closing {char} of this text is missing.", at + 1)
    meant = {"=": "==", "&": "&&", "|": "||"}.get(char)
    return ConditionInvalid(f"“{char}” means nothing here.", at + 1, meant)


def _check_depth(tokens: list[Token]) -> None:
    depth = 0
    for token in tokens:
        if token.text in {"(", "["}:
            depth += 1
        elif token.text in {")", "]"}:
            depth -= 1
        if depth > DEEPEST:
            raise ConditionInvalid(
                f"More than {DEEPEST} brackets lie in each other here. Split the"
                " condition into several rules.",
                token.at + 1,
            )
