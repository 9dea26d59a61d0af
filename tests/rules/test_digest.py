"""What is beyond somebody's messages of a day comes when they begin to work again."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from rules.digest import digest_at, next_digest_at, own_day
from rules.policy import Calendar
from rules.wording import digest_text

CALENDAR = Calendar(timezone="Europe/Amsterdam", country="NL")
AMSTERDAM, NEW_YORK = "Europe/Amsterdam", "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+00:00")


@pytest.mark.parametrize(
    ("told_at", "zone", "quiet", "expected"),
    [
        pytest.param("12-02T12:00", AMSTERDAM, None, "12-03T08:00", id="at work"),
        pytest.param("12-02T03:00", AMSTERDAM, None, "12-02T08:00", id="before work"),
        pytest.param("12-02T08:00", AMSTERDAM, None, "12-02T08:00", id="on the dot"),
        pytest.param("12-04T17:00", AMSTERDAM, None, "12-07T08:00", id="Friday night"),
        pytest.param("12-24T17:00", AMSTERDAM, None, "12-28T08:00", id="Christmas"),
        pytest.param("12-02T12:00", NEW_YORK, None, "12-02T14:00", id="far away"),
        pytest.param(
            "12-02T12:00",
            AMSTERDAM,
            (time(18), time(10)),
            "12-03T09:00",
            id="quiet until ten",
        ),
    ],
)
def test_a_digest_comes_when_the_person_begins_to_work(told_at, zone, quiet, expected):
    found = digest_at(at(told_at), CALENDAR, zone=zone, quiet=quiet)
    assert found == at(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("now", ["12-03T05:00", "12-03T08:00", "12-03T21:00"])
def test_the_next_digest_is_another_days(now):
    found = next_digest_at(at(now), CALENDAR, zone=AMSTERDAM, quiet=None)
    assert found == at("12-04T08:00")


def test_a_day_is_the_persons_own():
    late = at("12-02T23:30")
    assert own_day(late, AMSTERDAM) == date(2026, 12, 3)
    assert own_day(late, NEW_YORK) == date(2026, 12, 2)
    assert own_day(late + timedelta(hours=6), NEW_YORK) == date(2026, 12, 3)


@pytest.mark.parametrize(
    ("locale", "matters", "subject"),
    [
        ("en", 1, "1 more matter is waiting for you"),
        ("en", 12, "12 more matters are waiting for you"),
        ("nl", 1, "Er wacht nog 1 zaak op je"),
        ("nl", 1200, "Er wachten nog 1.200 zaken op je"),
    ],
)
def test_a_digest_says_how_much_waits_and_what_to_do(locale, matters, subject):
    found = digest_text(matters, locale=locale, zone=AMSTERDAM)
    assert found.subject == subject
    assert len(found.lines) == 3
