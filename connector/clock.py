"""Time and fresh ids: the only place where Slagboom asks the machine for either."""

import secrets
import time
from datetime import UTC, datetime
from typing import Protocol

# Crockford's alphabet in lower case: no letter looks like a digit, and the order of
# the characters is the order of their values, so ids sort by their age.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_BITS = 48
_CHANCE_BITS = 72
ID_LENGTH = (_TIME_BITS + _CHANCE_BITS) // 5


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place


def new_id() -> str:
    """Return a fresh id of 24 lower-case letters and digits, younger ids sorting later.

    The first 48 bits are milliseconds since 1970, the other 72 are chance, so that ids
    of different processes do not meet. Safe in an address, a file name and a log line.
    """
    value = time.time_ns() // 1_000_000 << _CHANCE_BITS | secrets.randbits(_CHANCE_BITS)
    return "".join(
        _ALPHABET[value >> shift & 31] for shift in range((ID_LENGTH - 1) * 5, -1, -5)
    )
