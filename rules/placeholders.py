"""Text that fills a field without saying anything: `n.v.t.`, `xxx`, `asdf`.

A real name that happens to contain such a word is no placeholder: the whole value has
to be one. What is in doubt counts as an answer.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from rules.model import Value
from rules.placeholder_words import DOTTED, EVERYWHERE, WORDS, Meaning

_LONGEST = 60
_SHORT = 3
_LONG = 4


class PlaceholderKind(StrEnum):
    """Why a value counts as no answer.

    `same_text`: the same author wrote it into many records. `common`: it stands in so
    many records that the CRM, or a habit, fills it in.
    """

    WORD = "word"
    PUNCTUATION = "punctuation"
    REPEATED = "repeated"
    KEYBOARD = "keyboard"
    ADDRESS = "address"
    SAME_TEXT = "same_text"
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value that is no answer; a word is of a language, unless it is of all."""

    kind: PlaceholderKind
    language: str = EVERYWHERE
    meaning: Meaning | None = None


_IS_DOTTED = re.compile(r"\s*\w\s?[./]\s?\w\s?\.?\s*")

_TEST = re.compile(
    r"(?:test(?:en|ing|er|je|e)?[0-9]{0,4})+|(?:bla|xyz|foo|asdf?|qwe){2,}"
)

_ROWS = (
    *("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn"),
    *("qwertzuiopu", "asdfghjkloa", "yxcvbnm"),
    # Down the keyboard and up again, on each of the three.
    *("1qaz2wsx3edc4rfv", "1aqw2zsx3edc", "1qay2wsx3edc", "qazwsxedc", "qayxsw"),
    *("q1w2e3r4t5", "1q2w3e4r5t", "a1z2e3r4t5", "1a2z3e4r5t"),
    "abcdefghijklmnopqrstuvwxyz",
)
_DIGITS = ("01234567890", "1234567890", "9876543210", "0987654321")
_SHORT_RUNS = frozenset({"asd", "qwe", "sdf", "dfg", "fgh", "jkl", "zxc", "abc", "xyz"})

_ADDRESS = re.compile(r"(?P<who>[^@\s]+)@(?P<where>[^@\s.]+)(?:\.[^@\s.]+)+")


def find_placeholder(value: Value) -> Placeholder | None:
    """Return why `value` is no answer, None if it may be one; only text can be none."""
    if not isinstance(value, str) or not value.strip():
        return None
    if all(_is_punctuation(char) for char in value):
        return Placeholder(PlaceholderKind.PUNCTUATION)
    text = _compact(value)
    if _is_repeated(text, is_small=value == value.lower()):
        return Placeholder(PlaceholderKind.REPEATED)
    return _find_said(value, text) if 0 < len(text) <= _LONGEST else None


def normal(text: str) -> str:
    """Return a text as texts are compared: two that say the same become the same.

    Case, accents, blanks and punctuation do not count, unless there is nothing else.
    """
    return _compact(text) or "".join(text.split())


def _find_said(value: str, text: str) -> Placeholder | None:
    if _is_placeholder_address(value.strip()):
        return Placeholder(PlaceholderKind.ADDRESS)
    found = _find_word(text) or _find_abbreviation(text, value)
    if found is not None:
        return Placeholder(PlaceholderKind.WORD, *found)
    if _is_run(text) or (text in _SHORT_RUNS and value == value.lower()):
        return Placeholder(PlaceholderKind.KEYBOARD)
    return None


def _compact(value: str) -> str:
    """Return the letters and digits alone, without case and accents."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    return "".join(char for char in plain if char.isalnum())


def _is_punctuation(char: str) -> bool:
    """Return whether a character says nothing by itself; a tick or a smiley does."""
    category = unicodedata.category(char)
    return category[0] in "PZC" or category == "Sk" or char in "+=<>|~$"


def _is_repeated(text: str, *, is_small: bool) -> bool:
    """Return whether one character is all there is; `AAA` and `111` may be real."""
    if len(set(text)) != 1:
        return False
    if text[0] == "x":
        return True
    return len(text) >= (_LONG if text[0].isdigit() or not is_small else _SHORT)


def _find_word(text: str) -> tuple[str, Meaning] | None:
    if _TEST.fullmatch(text) is not None:
        return EVERYWHERE, Meaning.FILLER
    return WORDS.get(text)


def _find_abbreviation(text: str, value: str) -> tuple[str, Meaning] | None:
    is_plain = text == "na" and value.strip() in {"na", "NA"}
    is_dotted = is_plain or _IS_DOTTED.fullmatch(value) is not None
    return DOTTED.get(text) if is_dotted else None


def _is_run(text: str) -> bool:
    """Return whether somebody ran a finger along a row of keys: `asdf`, `12345`."""
    size = len(text)
    if text.isdigit():
        return size >= _LONG and any(row.startswith(text) for row in _DIGITS)
    # A short stretch from the middle of a row can be a word: "wert".
    return any(
        (size >= _LONG and row.startswith(text))
        or (size > _LONG and (text in row or text in row[::-1]))
        for row in _ROWS
    )


def _is_placeholder_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return False
    who, where = _compact(found["who"]), _compact(found["where"])
    if len(who) == len(where) == 1:
        return True
    is_said = _find_word(who) is not None or _is_run(who)
    return is_said or _is_repeated(who, is_small=True)
