"""Salesforce ids: 15 characters in which case counts, or 18 with a checksum.

The three more characters tell which of the fifteen are capitals.
"""

from functools import lru_cache

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "Qy00"
SHORT, LONG = 15, 18
PREFIX = 3


@lru_cache(maxsize=65536)
def to_long(short: str) -> str:
    """Return the 18-character form of a 15-character id."""
    groups = (short[start : start + 5] for start in range(0, SHORT, 5))
    checks = (
        sum(1 << place for place, letter in enumerate(group) if letter.isupper())
        for group in groups
    )
    return short + "".join(_CHECK[check] for check in checks)


def make(prefix: str, number: int) -> str:
    """Return the 18-character id of a number, for a type's three-letter prefix."""
    letters = ""
    while number:
        number, rest = divmod(number, len(_DIGITS))
        letters = _DIGITS[rest] + letters
    return to_long(prefix + _POD + letters.rjust(SHORT - PREFIX - len(_POD), "0"))


def find(text: object) -> str | None:
    """Return the 18-character form of an id in either form, None if it is none."""
    if not isinstance(text, str) or not text.isascii() or not text.isalnum():
        return None
    if len(text) == SHORT:
        return to_long(text)
    if len(text) == LONG and to_long(text[:SHORT]) == text:
        return text
    return None
