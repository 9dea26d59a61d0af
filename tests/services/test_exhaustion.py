"""An account that allows no more for hours: nothing is lost, and an admin hears."""

from datetime import timedelta

import pytest

from adapters.errors import Exhausted
from connector.services.enforce import GIVE_UP
from connector.services.round_notices import LONG
from rules.model import Actor, ActorClass
from tests.fakes.crm import PAUSE
from tests.fakes.world import Door, Trouble
from tests.services.office import DAY
from tests.services.test_holds import POLICY, Desk, desk

__all__ = ["desk"]

HALF_AN_HOUR = timedelta(minutes=30)
FOLLOW_UP = """\
follow_ups:
  call: {goal: forecast, starts: created, task: {en: "Call {name}"}, due: 1h}
"""


def writes(desk: Desk) -> int:
    return sum(1 for name, _ in desk.world.crm.requests if name == "write")


def test_a_return_waits_for_hours_and_is_made_then(desk: Desk):
    desk.world.trouble(Door.WRITE, Trouble.USED_UP)
    deal = desk.world.add_record(owner=desk.world.rep)
    desk.look()
    desk.want(deal, "negotiation")
    for _ in range(20):
        desk.clock.advance(HALF_AN_HOUR)
        desk.judge()
    assert desk.stage_of(deal) == "negotiation"
    assert desk.notices() == ["crm_exhausted"]
    assert writes(desk) <= 21, "it is left alone for as long as it asked for"
    desk.world.recover()
    desk.clock.advance(HALF_AN_HOUR)
    desk.judge()
    assert desk.stage_of(deal) == "lead"
    assert len(desk.world.notes(deal)) == 1
    assert desk.notices() == []


def test_it_is_not_asked_before_its_time(desk: Desk):
    desk.world.trouble(Door.WRITE, Trouble.USED_UP)
    deal = desk.world.add_record(owner=desk.world.rep)
    desk.look()
    desk.want(deal, "negotiation")
    before = writes(desk)
    desk.clock.advance(HALF_AN_HOUR - timedelta(minutes=1))
    desk.judge()
    assert writes(desk) == before == 1


def test_an_account_that_cannot_even_be_read_is_told_of_too(desk: Desk):
    deal = desk.add_deal()
    desk.world.trouble(Door.READ, Trouble.USED_UP, calls=1)
    desk.hear(deal, Actor(ActorClass.PERSON, "Robin"))
    assert desk.notices() == ["crm_exhausted"]


def test_an_account_that_answers_again_is_no_longer_told_of_though_nothing_is_written(
    desk: Desk,
):
    deal = desk.add_deal()
    desk.world.trouble(Door.READ, Trouble.USED_UP, calls=1)
    desk.hear(deal, Actor(ActorClass.PERSON, "Robin"))
    desk.clock.advance(HALF_AN_HOUR)
    desk.judge()
    assert desk.notices() == []


def test_a_sweep_that_is_answered_again_says_so_as_well(desk: Desk):
    desk.world.trouble(Door.READ, Trouble.USED_UP)
    with pytest.raises(Exhausted) as refused:
        desk.reconcile.sweep(desk.connection())
    desk.reconcile.put_off_sweep(desk.connection(), refused.value)
    assert desk.notices() == ["crm_exhausted"]
    desk.world.recover()
    desk.reconcile.sweep(desk.connection())
    assert desk.notices() == []


def test_an_account_that_only_reads_is_told_of_as_long_as_something_waits(desk: Desk):
    desk.world.trouble(Door.WRITE, Trouble.USED_UP)
    first, other = (desk.world.add_record(owner=desk.world.rep) for _ in range(2))
    desk.look()
    desk.want(first, "negotiation")
    desk.want(other, "qualification")
    assert desk.stage_of(other) == "qualification", "it was read and accepted"
    desk.reconcile.sweep(desk.connection())
    assert desk.notices() == ["crm_exhausted"]


def test_a_pause_that_the_account_asks_for_is_kept_and_told_when_it_does_not_end(
    desk: Desk,
):
    desk.world.trouble(Door.WRITE, Trouble.PAUSED)
    deal = desk.world.add_record(owner=desk.world.rep)
    desk.look()
    desk.want(deal, "negotiation")
    begun_at = desk.clock.now()
    for _ in range(3 * GIVE_UP):
        desk.clock.advance(PAUSE - timedelta(seconds=1))
        before = writes(desk)
        desk.judge()
        assert writes(desk) == before, "it is not asked before its time"
        desk.clock.advance(timedelta(seconds=1))
        desk.judge()
        assert writes(desk) == before + 1
        waited = desk.clock.now() - begun_at
        assert desk.notices() == (["crm_exhausted"] if waited > LONG else [])
    assert waited > LONG
    desk.world.recover()
    desk.clock.advance(PAUSE)
    desk.judge()
    assert desk.stage_of(deal) == "lead"
    assert len(desk.world.notes(deal)) == 1
    assert desk.notices() == []


def test_a_task_waits_with_its_clock(desk: Desk):
    desk.publish(POLICY + FOLLOW_UP)
    deal = desk.add_deal()
    desk.world.trouble(Door.TASKS, Trouble.USED_UP)
    desk.run_after(DAY)
    assert desk.notices() == ["crm_exhausted"]
    desk.world.recover()
    desk.run_after(timedelta(minutes=29))
    assert desk.world.tasks(deal) == []
    desk.run_after(timedelta(minutes=2))
    assert len(desk.world.tasks(deal)) == 1
    assert desk.notices() == []
