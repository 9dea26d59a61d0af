"""Somebody changes a record between our look and our write: it is judged anew."""

from datetime import timedelta

import pytest
from redis import Redis

from connector.store import Store
from rules.model import ActorClass, RecordRef, StageId
from tests.fakes.clock import FrozenClock
from tests.fakes.world import Door, Trouble
from tests.services.office import Meddled, Office
from tests.services.test_refusals import POLICY


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    office = Office(store, clock, redis, POLICY)
    office.world.crm.has_conditional_writes = True
    return office


def overtake(office: Office, deal: RecordRef, jump: str, meanwhile: str) -> None:
    """Have a deal jump, and somebody move it on just before we put it back."""

    def move() -> None:
        office.crm = office.world.crm
        office.world.move(deal, StageId(meanwhile))

    office.crm = Meddled(office.world.crm, "write", move)
    office.world.move(deal, StageId(jump))
    office.look()
    office.look()


def test_a_jump_that_was_undone_meanwhile_is_forgotten(office: Office):
    deal = office.add_deal()
    overtake(office, deal, "s-demo", "s-lead")
    assert office.world.notes(deal) == []
    assert office.violations(is_all=True) == []


def test_a_jump_that_went_on_is_told_once(office: Office):
    deal = office.add_deal()
    overtake(office, deal, "s-demo", "s-negotiation")
    assert len(office.world.notes(deal)) == 1
    told = office.violations(is_all=True)
    assert "move.skip" in {one.rule for one in told}
    assert {(one.times, one.closed_by) for one in told} == {(1, "returned")}


def test_our_own_write_that_comes_late_is_not_taken_for_somebody_elses(
    office: Office,
):
    deal = office.add_deal()
    office.world.trouble(Door.WRITE, Trouble.DROPPED)
    office.world.move(deal, StageId("s-demo"))
    office.look()

    def come_late() -> None:
        office.crm = office.world.crm
        office.world.move(deal, StageId("s-lead"), by=ActorClass.INTEGRATION)

    office.crm = Meddled(office.world.crm, "write", come_late)
    for _ in range(3):
        office.clock.advance(timedelta(minutes=1))
        office.look()
    assert len(office.world.notes(deal)) == 1
    (told,) = office.violations(is_all=True)
    assert (told.rule, told.closed_by) == ("move.skip", "returned")


def test_what_was_wrong_before_the_jump_is_still_wrong(office: Office):
    office.publish(POLICY.replace("enforcement: enforce", "enforcement: flag"))
    deal = office.add_deal()
    office.world.move(deal, StageId("s-quote_sent"))
    office.look()
    wrong = {one.rule for one in office.violations()}
    assert "move.skip" in wrong
    office.publish(POLICY)
    overtake(office, deal, "s-won", "s-quote_sent")
    assert {one.rule for one in office.violations()} == wrong
