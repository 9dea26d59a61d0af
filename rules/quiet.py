"""Quiet hours: when a person is not to be told anything. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

Quiet = tuple[time, time]
"""From when to when, by the person's own clock; over midnight if the end is earlier."""

_DAY = timedelta(days=1)


def read_quiet(text: str) -> Quiet:
    """Return the hours that `18:00-08:00` says; raises ValueError."""
    begins, _, ends = text.partition("-")
    found = time.fromisoformat(begins.strip()), time.fromisoformat(ends.strip())
    if found[0] == found[1] or any(one.tzinfo for one in found):
        raise ValueError(f"{text!r} are no hours of a day.")
    return found


def after_quiet(now: datetime, quiet: Quiet | None, zone: str) -> datetime:
    """Return when a person may be told, aware UTC: `now`, or the end of quiet hours.

    `zone` is the IANA name of the person's time zone.
    """
    if quiet is None:
        return now
    begins, ends = quiet
    local = now.astimezone(ZoneInfo(zone))
    at = local.time()
    is_over_midnight = ends <= begins
    is_quiet = begins <= at < ends
    if is_over_midnight:
        is_quiet = at >= begins or at < ends
    if not is_quiet:
        return now
    day = local.date()
    if is_over_midnight and at >= begins:
        day += _DAY
    return datetime.combine(day, ends, ZoneInfo(zone)).astimezone(UTC)
