"""How many API requests an org answered in the last 24 hours."""

_HOUR_MS = 3_600_000
_HOURS_COUNTED = 24


class Calls:
    """Counts by the hour; instants are epoch ms."""

    def __init__(self) -> None:
        self._by_hour: dict[int, int] = {}

    def count(self, at: int) -> None:
        """Count one request."""
        hour = at // _HOUR_MS
        self._by_hour[hour] = self._by_hour.get(hour, 0) + 1

    def used(self, at: int) -> int:
        """Return the requests of the 24 hours until `at`."""
        since = at // _HOUR_MS - _HOURS_COUNTED
        return sum(count for hour, count in self._by_hour.items() if hour > since)

    def set(self, used: int, at: int) -> None:
        """Have this many requests made so far."""
        self._by_hour = {at // _HOUR_MS: used}

    def clear(self) -> None:
        """Count from nothing."""
        self._by_hour.clear()
