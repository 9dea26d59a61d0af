"""The sandbox's own time: the machine's, plus a lead that a test may give it."""

import re
import time
from datetime import UTC, datetime
from functools import lru_cache

_RELATIVE = re.compile(r"([+-]?\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Clock:
    """Epoch milliseconds that move on their own and can be moved ahead."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def now_ms(self) -> int:
        """Return the sandbox's epoch milliseconds."""
        return int(time.time() * 1000) + self._ahead_ms

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time ahead; what depends on it follows on next use."""
        self._ahead_ms += int(seconds * 1000)

    def reset(self) -> None:
        """Go back to the machine's time."""
        self._ahead_ms = 0

    def moment(self, text: str | float | None) -> int:
        """Return epoch ms for None (now), `-8d` (relative), ISO 8601 or epoch ms.

        Raises ValueError for anything else.
        """
        if text is None or text == "":
            return self.now_ms()
        if isinstance(text, str) and (found := _RELATIVE.fullmatch(text.strip())):
            return self.now_ms() + int(float(found[1]) * _UNIT_MS[found[2]])
        parsed = parse_instant(text)
        if parsed is None:
            raise ValueError(
                f"{text!r} is no moment: give ISO 8601, epoch milliseconds or -8d"
            )
        return parsed


@lru_cache(maxsize=4096)
def iso(ms: int) -> str:
    """Return epoch ms as ISO 8601 in UTC; whole seconds carry no fraction."""
    text = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


@lru_cache(maxsize=65536)
def parse_instant(value: str | float) -> int | None:
    """Return epoch ms of a number, its text, or ISO 8601 (naive is UTC); else None."""
    if isinstance(value, int | float):
        return int(value)
    text = value.strip()
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return round(parsed.timestamp() * 1000)
