"""Moments as people write them: until when something holds, since when it did."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.errors import ConfigError
from rules.calendar import add, parse_duration, to_moment
from rules.policy import Calendar, Duration


def read_until(
    text: str, calendar: Calendar, *, now: datetime, longest: Duration
) -> datetime:
    """Return the moment that `2026-12-31`, `2026-12-31T17:00` or `14d` means, in UTC.

    A day counts to its end, in the calendar's zone. Raises ConfigError if it is none,
    if it is past, or if it is further away than `longest`.
    """
    until = _moment(text.strip(), calendar, now)
    if until <= now:
        raise ConfigError(f"{text!r} is past. Name a moment that is still to come.")
    last = add(now, longest, calendar)
    if until > last:
        local = last.astimezone(ZoneInfo(calendar.timezone))
        raise ConfigError(
            f"{text!r} is too far away. The policy allows at most"
            f" {longest.amount}{longest.unit}: {local:%Y-%m-%dT%H:%M}."
        )
    return until


def read_moment(text: str, calendar: Calendar) -> datetime:
    """Return the moment that `2026-12-31` or `2026-12-31T17:00` means, in UTC.

    A day begins at midnight in the calendar's zone. Raises ConfigError.
    """
    try:
        return to_moment(datetime.fromisoformat(text.strip()), calendar)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{text!r} is no moment. Write 2026-12-31 or 2026-12-31T17:00."
        ) from None


def _moment(text: str, calendar: Calendar, now: datetime) -> datetime:
    try:
        if len(text) <= len("2026-12-31") and "-" in text:
            return to_moment(date.fromisoformat(text) + timedelta(days=1), calendar)
        if "T" in text or " " in text:
            return to_moment(datetime.fromisoformat(text), calendar)
        return add(now, parse_duration(text), calendar)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{text!r} is no moment. Write 2026-12-31, 2026-12-31T17:00 or a length of"
            " time such as 14d."
        ) from None
