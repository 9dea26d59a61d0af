"""A key hidden in a text, where reps do not see it and a CRM does not lose it. Pure.

A CRM cleans what it stores of markup that it does not know, comments and attributes
included, and has no field for a key of ours on notes and tasks. So the key is written
in characters without width: plain text to every cleaner, nothing to the eye.
"""

import hashlib
import re

_FENCE = "\u2063"
_DIGITS = "\u200b\u200c\u200d\u2060"
_BYTES = 10
_LENGTH = _BYTES * 4
_MARK = re.compile(f"{_FENCE}([{_DIGITS}]{{{_LENGTH}}}){_FENCE}")


def to_mark(key: str) -> str:
    """Return the invisible mark of a key: a digest, so any key will do."""
    digest = hashlib.blake2b(key.encode(), digest_size=_BYTES).digest()
    number = int.from_bytes(digest)
    shifts = range((_LENGTH - 1) * 2, -1, -2)
    digits = "".join(_DIGITS[number >> shift & 3] for shift in shifts)
    return f"{_FENCE}{digits}{_FENCE}"


def find_marks(text: str | None) -> frozenset[str]:
    """Return the marks in a text."""
    found = _MARK.findall(text or "")
    return frozenset(f"{_FENCE}{digits}{_FENCE}" for digits in found)


def with_mark(html: str, key: str) -> str:
    """Return the text with its mark, inside its last paragraph if it ends with one."""
    mark = to_mark(key)
    if html.endswith("</p>"):
        return f"{html.removesuffix('</p>')}{mark}</p>"
    return html + mark
