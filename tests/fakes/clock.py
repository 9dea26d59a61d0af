"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
"""A Tuesday."""


class FrozenClock:
    """A `connector.clock.Clock` for tests."""

    def __init__(self, now: datetime = NOON) -> None:
        """Stand at `now`, aware."""
        self._now = now

    def now(self) -> datetime:
        """Return where it stands."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return where it stands now."""
        self._now += by
        return self._now

    def set(self, now: datetime) -> None:
        """Move to `now`."""
        self._now = now
