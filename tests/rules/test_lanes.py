from datetime import timedelta

import pytest

from rules.lanes import in_lane, lane_of
from rules.model import Kind, RecordId, RecordRef
from rules.policy import Duration, Lane, StartKind, Starts, Unit
from rules.starts import starts
from tests.builders import (
    NOW,
    a_change,
    a_condition,
    a_duration,
    a_follow_up,
    a_policy,
    a_record,
)

DAY = timedelta(days=1)
TOP = Lane("top", a_condition("amount >= 100000"), 0.5)
MIDDLE = Lane("middle", a_condition("amount >= 10000"), 0.75)
CALL = a_follow_up()


def worth(amount: float | None):
    return a_record("lead", fields={"amount": amount}, created_at=NOW)


@pytest.mark.parametrize(
    ("amount", "lane"),
    [(None, None), (5.0, None), (20_000.0, MIDDLE), (100_000.0, TOP)],
)
def test_the_first_lane_that_fits_counts(amount, lane):
    policy = a_policy(lanes=(TOP, MIDDLE))
    assert lane_of(policy, worth(amount), NOW) == lane


def test_a_lane_is_for_the_policys_own_kind_of_record():
    lead = a_record("lead", ref=RecordRef(Kind.LEAD, RecordId("1")))
    every = Lane("every", a_condition("amount == null || amount >= 0"), 0.5)
    assert lane_of(a_policy(lanes=(every,)), lead, NOW) is None


@pytest.mark.parametrize(
    ("length", "scaled"),
    [
        ("24h", Duration(43_200, Unit.SECONDS)),
        ("7d", Duration(302_400, Unit.SECONDS)),
        ("5wd", Duration(3, Unit.WORKING_DAYS)),
        ("1wh", Duration(1, Unit.WORKING_HOURS)),
        ("0d", Duration(0, Unit.SECONDS)),
    ],
)
def test_every_time_of_a_follow_up_is_the_lanes(length, scaled):
    follow_up = a_follow_up(
        starts=Starts(StartKind.IDLE, idle=a_duration(length)), due=a_duration(length)
    )
    found = in_lane(a_policy(lanes=(TOP,)), follow_up, worth(100_000.0), NOW)
    assert (found.starts.idle, found.due) == (scaled, scaled)
    assert [step.after.amount for step in found.ladder] == [43_200, 86_400]


def test_a_record_in_no_lane_has_the_policys_times():
    assert in_lane(a_policy(lanes=(TOP,)), CALL, worth(5.0), NOW) is CALL


def test_the_clock_of_a_dear_deal_is_due_sooner():
    policy = a_policy(lanes=(TOP,), follow_ups=(CALL,))
    for amount, due_at in ((5.0, NOW + DAY), (100_000.0, NOW + DAY / 2)):
        record = worth(amount)
        [start] = starts(policy, a_change(None, record, is_new=True), record, NOW)
        assert start.task_due_at == due_at
