"""When a person is told together what is beyond their messages of a day. Pure."""

from dataclasses import replace
from datetime import date, datetime

from rules.calendar import next_day_at, next_opening, today
from rules.policy import Calendar
from rules.quiet import Quiet, after_quiet


def own_day(at: datetime, zone: str) -> date:
    """Return the day that it is for a person; `zone` is the IANA name of theirs."""
    return today(at, Calendar(timezone=zone))


def digest_at(
    told_at: datetime, calendar: Calendar, *, zone: str, quiet: Quiet | None
) -> datetime:
    """Return when a person gets the digest of what they were to be told at a moment.

    That is when their next working hours begin, or are no longer quiet. The calendar's
    hours are meant by the person's own clock. Aware UTC. Raises ValueError if the
    calendar has no working time at all.
    """
    opens_at = next_opening(told_at, replace(calendar, timezone=zone))
    return after_quiet(opens_at, quiet, zone)


def next_digest_at(
    now: datetime, calendar: Calendar, *, zone: str, quiet: Quiet | None
) -> datetime:
    """Return when a person gets their next digest, who has had the one of today."""
    tomorrow = next_day_at(now, replace(calendar, timezone=zone))
    return digest_at(tomorrow, calendar, zone=zone, quiet=quiet)
