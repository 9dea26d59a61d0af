"""Identifiers in the shapes that vendors use."""

import itertools
import secrets


class Sequence:
    """Ever larger decimal ids, as text."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._numbers = itertools.count(first)

    def next_number(self) -> int:
        """Return the next number."""
        return next(self._numbers)

    def next(self) -> str:
        """Return the next number as text."""
        return str(next(self._numbers))

    def reset(self) -> None:
        """Begin again at the first number."""
        self._numbers = itertools.count(self._first)


def correlation_id() -> str:
    """Return a fresh id in the shape of a UUID, for errors and answers."""
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
