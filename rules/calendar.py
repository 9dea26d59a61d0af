"""Working time: when a duration is over, and which day it is.

UTC goes in and comes out; the calendar's zone is used in between. A day's wall clock
that a change of the clocks skips is read by the offset from before the change.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import assert_never
from zoneinfo import ZoneInfo

import holidays

from rules.policy import Calendar, Duration, Unit

_DURATION = re.compile(r"(?P<amount>[0-9]{1,9})(?P<unit>s|m|h|d|wh|wd)")
_LONGEST_DAYS = 3660
_DAY = timedelta(days=1)
_PLAIN: dict[Unit, timedelta] = {
    Unit.SECONDS: timedelta(seconds=1),
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
}
_AT_MOST: dict[Unit, int] = {
    Unit.SECONDS: _LONGEST_DAYS * 24 * 3600,
    Unit.MINUTES: _LONGEST_DAYS * 24 * 60,
    Unit.HOURS: _LONGEST_DAYS * 24,
    Unit.DAYS: _LONGEST_DAYS,
    Unit.WORKING_HOURS: _LONGEST_DAYS * 8,
    Unit.WORKING_DAYS: _LONGEST_DAYS * 5 // 7,
}


def parse_duration(text: str) -> Duration:
    """Return the length that `24h` or `5wd` says; at most about ten years.

    Raises ValueError with a sentence for the person who wrote it.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(
            f"“{text[:40]}” is no length of time. Write a whole number and s, m, h, d,"
            " wh (working hours) or wd (working days), such as 24h or 5wd."
        )
    duration = Duration(int(found["amount"]), Unit(found["unit"]))
    if duration.amount > _AT_MOST[duration.unit]:
        raise ValueError(f"{text} is longer than ten years. Write a shorter time.")
    return duration


def add(start: datetime, duration: Duration, calendar: Calendar) -> datetime:
    """Return the moment, aware UTC, that lies `duration` after `start`.

    Days keep their wall clock. Working hours and days count from the next opening when
    `start` lies outside working time; a working day later is the same wall clock on the
    next working day. Raises ValueError if the calendar has no working time at all.
    """
    amount = duration.amount
    match duration.unit:
        case Unit.SECONDS | Unit.MINUTES | Unit.HOURS:
            return start.astimezone(UTC) + amount * _PLAIN[duration.unit]
        case Unit.DAYS:
            return _add_days(start, amount, calendar)
        case Unit.WORKING_HOURS:
            return _add_working_hours(start, timedelta(hours=amount), calendar)
        case Unit.WORKING_DAYS:
            return _add_working_days(start, amount, calendar)
        case _:
            assert_never(duration.unit)


def today(now: datetime, calendar: Calendar) -> date:
    """Return the day that it is in the calendar's zone."""
    try:
        return now.astimezone(ZoneInfo(calendar.timezone)).date()
    except OverflowError:
        # The last day that there is, written by people who mean never.
        return now.date()


def to_moment(day: date | datetime, calendar: Calendar) -> datetime:
    """Return a moment in UTC; without a zone it is meant in the calendar's.

    A day begins at its midnight.
    """
    if not isinstance(day, datetime):
        day = datetime.combine(day, time())
    if day.tzinfo is None:
        day = day.replace(tzinfo=ZoneInfo(calendar.timezone))
    return day.astimezone(UTC)


def next_day_at(now: datetime, calendar: Calendar) -> datetime:
    """Return when the next day begins in the calendar's zone, in UTC."""
    tomorrow = today(now, calendar) + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), ZoneInfo(calendar.timezone))
    return midnight.astimezone(UTC)


def next_opening(at: datetime, calendar: Calendar) -> datetime:
    """Return when working time begins next, in UTC; `at` itself if it begins then.

    Raises ValueError if the calendar has no working time at all.
    """
    for opens_at, _ in _windows(at, calendar):
        if opens_at >= at:
            return opens_at
    raise _no_working_time(calendar)


def is_working_time(at: datetime, calendar: Calendar) -> bool:
    """Return whether people work at this moment; not any more when it is closing."""
    day = today(at, calendar)
    # A shift that goes on after midnight began the day before.
    for began_on in (day - _DAY, day):
        if _is_working_day(began_on, calendar):
            opens_at, closes_at = _hours(began_on, calendar)
            if opens_at <= at < closes_at:
                return True
    return False


def is_known_country(country: str) -> bool:
    """Return whether we know the holidays of a country, or of a part such as DE-BY."""
    code, _, part = country.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    return code in known and (not part or part in known[code])


def _add_days(start: datetime, days: int, calendar: Calendar) -> datetime:
    local = start.astimezone(ZoneInfo(calendar.timezone))
    return (local + days * _DAY).astimezone(UTC)


def _add_working_hours(
    start: datetime, left: timedelta, calendar: Calendar
) -> datetime:
    for opens_at, closes_at in _windows(start, calendar):
        from_at = max(opens_at, start.astimezone(UTC))
        if left <= closes_at - from_at:
            return from_at + left
        left -= closes_at - from_at
    raise _no_working_time(calendar)


def _add_working_days(start: datetime, days: int, calendar: Calendar) -> datetime:
    first = next(_windows(start, calendar), None)
    if first is None:
        raise _no_working_time(calendar)
    zone = ZoneInfo(calendar.timezone)
    local = max(first[0], start.astimezone(UTC)).astimezone(zone)
    if days == 0:
        return local.astimezone(UTC)
    # What was begun after midnight belongs to the day on which the shift began.
    begun_on = first[0].astimezone(zone).date()
    later = islice(_working_days(begun_on + _DAY, calendar), days - 1, None)
    day = next(later, None)
    if day is None:
        raise _no_working_time(calendar)
    moved = local + (day - begun_on)
    return moved.astimezone(UTC)


def _windows(
    start: datetime, calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of working time that end after `start`, in UTC."""
    for day in _working_days(today(start, calendar) - _DAY, calendar):
        opens_at, closes_at = _hours(day, calendar)
        if closes_at > start:
            yield opens_at, closes_at


def _working_days(first: date, calendar: Calendar) -> Iterator[date]:
    for offset in range(2 * _LONGEST_DAYS):
        day = first + offset * _DAY
        if _is_working_day(day, calendar):
            yield day


def _is_working_day(day: date, calendar: Calendar) -> bool:
    if day.weekday() not in calendar.days:
        return False
    return calendar.country is None or day not in _holidays(calendar.country, day.year)


def _hours(day: date, calendar: Calendar) -> tuple[datetime, datetime]:
    """Return when a working day opens and closes; `24:00` and later is the next day."""
    zone = ZoneInfo(calendar.timezone)
    closes_on = day if calendar.opens < calendar.closes else day + _DAY
    opens_at = datetime.combine(day, calendar.opens, zone)
    closes_at = datetime.combine(closes_on, calendar.closes, zone)
    return opens_at.astimezone(UTC), closes_at.astimezone(UTC)


@lru_cache(maxsize=512)
def _holidays(country: str, year: int) -> frozenset[date]:
    code, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(code, part or None, years=year))


def _no_working_time(calendar: Calendar) -> ValueError:
    return ValueError(
        f"The calendar of {calendar.timezone} has no working time in twenty years."
        " Give it days and hours."
    )
