import contextlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import (
    add,
    is_known_country,
    is_working_time,
    parse_duration,
    today,
)
from rules.policy import Calendar, Duration, Unit

AMSTERDAM = Calendar("Europe/Amsterdam", "NL")
NIGHTS = Calendar("Europe/Amsterdam", opens=time(22), closes=time(6))


def wall(text: str, zone: str = "Europe/Amsterdam", *, fold: int = 0) -> datetime:
    """Return the moment of a wall clock's `2026-11-24 14:00`."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return local.astimezone(UTC)


def said(moment: datetime, zone: str = "Europe/Amsterdam") -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


# Durations


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("45s", 45, Unit.SECONDS),
        ("30m", 30, Unit.MINUTES),
        ("24h", 24, Unit.HOURS),
        ("7d", 7, Unit.DAYS),
        ("4wh", 4, Unit.WORKING_HOURS),
        ("5wd", 5, Unit.WORKING_DAYS),
        ("0h", 0, Unit.HOURS),
    ],
)
def test_a_length_is_a_whole_number_and_a_unit(text, amount, unit):
    assert parse_duration(text) == Duration(amount, unit)


@pytest.mark.parametrize(
    "text", ["", "24", "h", "-1h", "1.5h", "24 h", "24H", "5w", "1h30m", "٣h", "1h\n"]
)
def test_anything_else_is_no_length(text):
    with pytest.raises(ValueError, match="such as 24h or 5wd"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["3661d", "999999999h", "9999wd"])
def test_a_length_of_more_than_ten_years_is_refused(text):
    with pytest.raises(ValueError, match="ten years"):
        parse_duration(text)


@given(st.text())
def test_a_length_is_read_or_refused_and_nothing_else(text):
    with contextlib.suppress(ValueError):
        assert parse_duration(text).amount >= 0


# Plain time


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("45s", datetime(2026, 11, 24, 12, 0, 45, tzinfo=UTC)),
        ("30m", datetime(2026, 11, 24, 12, 30, tzinfo=UTC)),
        ("24h", datetime(2026, 11, 25, 12, 0, tzinfo=UTC)),
        ("7d", datetime(2026, 12, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_plain_time_passes_at_night_as_well(length, expected):
    start = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert add(start, parse_duration(length), AMSTERDAM) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ("2026-03-28 12:00", "1d", "2026-03-29 12:00"),
        ("2026-03-28 12:00", "24h", "2026-03-29 13:00"),
        ("2026-10-24 12:00", "1d", "2026-10-25 12:00"),
        ("2026-10-24 12:00", "24h", "2026-10-25 11:00"),
        ("2026-03-28 02:30", "1d", "2026-03-29 03:30"),
        ("2026-10-24 02:30", "1d", "2026-10-25 02:30"),
    ],
)
def test_a_day_keeps_the_wall_clock_when_the_clocks_change(start, length, expected):
    assert said(add(wall(start), parse_duration(length), AMSTERDAM)) == expected


# Working time


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        pytest.param("2026-11-24 14:00", "1wd", "2026-11-25 14:00", id="tuesday"),
        pytest.param("2026-11-24 14:00", "5wd", "2026-12-01 14:00", id="a-week"),
        pytest.param("2026-11-27 14:00", "1wd", "2026-11-30 14:00", id="weekend"),
        pytest.param("2026-11-27 20:00", "1wd", "2026-12-01 09:00", id="friday-night"),
        pytest.param("2026-11-24 06:00", "1wd", "2026-11-25 09:00", id="early"),
        pytest.param("2026-11-24 17:30", "1wd", "2026-11-26 09:00", id="closing"),
        pytest.param("2026-12-24 14:00", "1wd", "2026-12-28 14:00", id="christmas"),
        pytest.param("2026-11-24 14:00", "0wd", "2026-11-24 14:00", id="none-inside"),
        pytest.param("2026-11-28 14:00", "0wd", "2026-11-30 09:00", id="none-outside"),
        pytest.param("2026-03-27 14:00", "1wd", "2026-03-30 14:00", id="to-summer"),
        pytest.param("2026-10-23 14:00", "1wd", "2026-10-26 14:00", id="to-winter"),
        pytest.param("2026-11-24 10:00", "4wh", "2026-11-24 14:00", id="same-day"),
        pytest.param("2026-11-24 13:30", "4wh", "2026-11-24 17:30", id="till-closing"),
        pytest.param("2026-11-24 14:00", "4wh", "2026-11-25 09:30", id="next-day"),
        pytest.param("2026-11-27 17:00", "1wh", "2026-11-30 09:30", id="over-weekend"),
        pytest.param("2026-11-28 03:00", "2wh", "2026-11-30 11:00", id="from-weekend"),
        pytest.param("2026-03-27 16:30", "2wh", "2026-03-30 10:00", id="hours-summer"),
        pytest.param("2026-04-24 17:00", "1wh", "2026-04-28 09:30", id="kings-day"),
    ],
)
def test_working_time_leaves_out_nights_weekends_and_holidays(start, length, expected):
    assert said(add(wall(start), parse_duration(length), AMSTERDAM)) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ("2026-11-24 23:00", "2wh", "2026-11-25 01:00"),
        ("2026-11-25 02:00", "1wd", "2026-11-26 02:00"),
        ("2026-11-28 02:00", "1wd", "2026-12-01 02:00"),
        ("2026-11-28 05:00", "2wh", "2026-11-30 23:00"),
    ],
)
def test_a_shift_over_midnight_belongs_to_the_day_it_began(start, length, expected):
    assert said(add(wall(start), parse_duration(length), NIGHTS)) == expected


def test_a_night_shift_is_an_hour_shorter_when_summer_comes():
    saturdays = Calendar(
        "Europe/Amsterdam", opens=time(22), closes=time(6), days=frozenset({5})
    )
    start = wall("2026-03-28 22:00")
    assert said(add(start, parse_duration("7wh"), saturdays)) == "2026-03-29 06:00"


def test_a_calendar_without_a_country_has_no_holidays():
    plain = Calendar("Europe/Amsterdam")
    christmas = add(wall("2026-12-24 14:00"), parse_duration("1wd"), plain)
    assert said(christmas) == "2026-12-25 14:00"


def test_a_part_of_a_country_has_its_own_holidays():
    epiphany = wall("2026-01-06 10:00", "Europe/Berlin")
    assert is_working_time(epiphany, Calendar("Europe/Berlin", "DE"))
    assert not is_working_time(epiphany, Calendar("Europe/Berlin", "DE-BY"))


@pytest.mark.parametrize(
    ("country", "is_known"),
    [("NL", True), ("DE-BY", True), ("XX", False), ("DE-XX", False), ("", False)],
)
def test_a_country_is_known_or_not(country, is_known):
    assert is_known_country(country) is is_known


@pytest.mark.parametrize(
    "calendar", [Calendar(days=frozenset()), Calendar(country="NL", days=frozenset())]
)
@pytest.mark.parametrize("length", ["1wd", "1wh", "0wd"])
def test_a_calendar_without_working_days_is_said_so(calendar, length):
    with pytest.raises(ValueError, match="no working time"):
        add(wall("2026-11-24 14:00"), parse_duration(length), calendar)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-24 08:59", False),
        ("2026-11-24 09:00", True),
        ("2026-11-24 17:29", True),
        ("2026-11-24 17:30", False),
        ("2026-11-28 12:00", False),
        ("2026-12-25 12:00", False),
    ],
)
def test_working_time_begins_at_opening_and_is_over_at_closing(at, is_open):
    assert is_working_time(wall(at), AMSTERDAM) is is_open


moments = st.datetimes(
    datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)
).map(lambda moment: moment.replace(second=0, microsecond=0))
calendars = st.builds(
    Calendar,
    st.sampled_from(["UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kolkata"]),
    st.sampled_from([None, "NL", "US"]),
    st.sampled_from([time(0), time(8), time(9, 30), time(22)]),
    st.sampled_from([time(0), time(6), time(17, 30)]),
    st.frozensets(st.integers(0, 6), min_size=2),
)


@settings(max_examples=30)
@given(moments, st.integers(1, 12), calendars)
def test_the_working_minutes_up_to_the_end_are_as_many_as_were_asked(
    start, hours, calendar
):
    end = add(start, Duration(hours, Unit.WORKING_HOURS), calendar)
    passed = int((end - start) / timedelta(minutes=1))
    worked = sum(
        is_working_time(start + timedelta(minutes=minute), calendar)
        for minute in range(passed)
    )
    assert worked == hours * 60
    assert is_working_time(end - timedelta(minutes=1), calendar)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=9)), calendars)
def test_who_starts_later_is_never_done_earlier(start, later, calendar):
    for unit in (Unit.DAYS, Unit.WORKING_HOURS, Unit.WORKING_DAYS):
        length = Duration(3, unit)
        assert add(start, length, calendar) <= add(start + later, length, calendar)


@given(moments, st.sampled_from(Unit), st.integers(0, 40), calendars)
def test_an_end_is_utc_and_never_before_its_start(start, unit, amount, calendar):
    end = add(start, Duration(amount, unit), calendar)
    assert end >= start
    assert end.tzinfo is UTC


# Days


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Amsterdam", date(2026, 11, 25)),
        ("UTC", date(2026, 11, 24)),
        ("America/New_York", date(2026, 11, 24)),
    ],
)
def test_the_day_is_that_of_the_calendars_zone(zone, expected):
    assert today(datetime(2026, 11, 24, 23, 30, tzinfo=UTC), Calendar(zone)) == expected


def test_the_last_of_all_days_is_a_day_too():
    never = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    assert today(never, AMSTERDAM) == date(9999, 12, 31)
