from datetime import UTC, datetime, time

import pytest

from rules.quiet import after_quiet, read_quiet

NIGHT = (time(18), time(8))
LUNCH = (time(12), time(13))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}+00:00")


@pytest.mark.parametrize(
    ("quiet", "now", "told_at"),
    [
        (None, "24T03:00", "24T03:00"),
        (NIGHT, "24T11:00", "24T11:00"),
        (NIGHT, "24T16:59", "24T16:59"),
        (NIGHT, "24T17:00", "25T07:00"),
        (NIGHT, "24T23:30", "25T07:00"),
        (NIGHT, "24T06:59", "24T07:00"),
        (NIGHT, "24T07:00", "24T07:00"),
        (LUNCH, "24T11:30", "24T12:00"),
        (LUNCH, "24T12:00", "24T12:00"),
    ],
)
def test_nobody_is_told_in_their_quiet_hours(quiet, now, told_at):
    assert after_quiet(at(now), quiet, "Europe/Amsterdam") == at(told_at)


def test_quiet_hours_end_by_the_clock_on_the_wall_when_it_is_changed():
    evening = datetime(2026, 3, 28, 20, tzinfo=UTC)
    told_at = after_quiet(evening, NIGHT, "Europe/Amsterdam")
    assert told_at == datetime(2026, 3, 29, 6, tzinfo=UTC)


def test_quiet_hours_are_read_as_people_write_them():
    assert read_quiet("18:00-08:00") == read_quiet(" 18:00 - 08:00 ") == NIGHT


@pytest.mark.parametrize("text", ["", "18:00", "8-9-10", "25:00-08:00", "08:00-08:00"])
def test_what_are_no_hours_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        read_quiet(text)
