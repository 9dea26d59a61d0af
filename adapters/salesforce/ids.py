"""Salesforce's record ids: 15 characters with case, or 18 that need none. Pure.

The last three of 18 say which of the first fifteen are capitals, five to a character,
so that a program which folds case loses nothing. Both forms name one record, and we
keep the longer.
"""

import re

_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
"""One character for every way in which five characters can be capitals or not."""
_SHORT = 15
_GROUP = 5
_PREFIX = 3


def to_18(record_id: str) -> str:
    """Return the form of 18 characters; letters of an 18 get the case its end tells.

    Raises ValueError for what is no id, or one whose end does not fit.
    """
    if not _ID.fullmatch(record_id):
        raise ValueError("A Salesforce id has 15 or 18 letters and digits.")
    short, end = record_id[:_SHORT], record_id[_SHORT:].upper()
    if end:
        short = _with_capitals(short, end)
    made = _end_of(short)
    if end not in {"", made}:
        raise ValueError("The end of this Salesforce id does not fit its beginning.")
    return short + made


def is_same(one: str, other: str) -> bool:
    """Return whether two ids, of either form, name the same; False for what is none."""
    try:
        return to_18(one) == to_18(other)
    except ValueError:
        return False


def prefix_of(record_id: str) -> str:
    """Return the three characters that name the object an id belongs to."""
    return record_id[:_PREFIX]


def _end_of(short: str) -> str:
    return "".join(
        _CAPITALS[
            sum(
                1 << place
                for place, letter in enumerate(short[start : start + _GROUP])
                if letter.isupper()
            )
        ]
        for start in range(0, _SHORT, _GROUP)
    )


def _with_capitals(short: str, end: str) -> str:
    """Return the characters in the case that the end tells; digits stay digits."""
    found = []
    for start, letter in zip(range(0, _SHORT, _GROUP), end, strict=True):
        bits = _CAPITALS.find(letter)
        found += [
            one.upper() if bits >> place & 1 else one.lower()
            for place, one in enumerate(short[start : start + _GROUP])
        ]
    return "".join(found)
