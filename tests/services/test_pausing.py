"""In a pause everything is observed, and nothing that was not begun is done."""

import pytest
from redis import Redis

from connector.store import Store
from rules.model import RecordRef, StageId
from tests.fakes.clock import FrozenClock
from tests.fakes.world import Door, Trouble
from tests.services.office import Killed, Office

POLICY = """
version: 1
process: new-business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
enforcement: enforce
goals:
  forecast: We see where deals really stall.
stages:
  lead:
  qualification:
  demo:
  quote_sent:
  negotiation:
  won:
  lost: {from: any}
moves:
  skip: {goal: forecast}
"""


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


def jump(office: Office) -> RecordRef:
    deal = office.add_deal()
    office.world.move(deal, StageId("s-demo"))
    return deal


def states(office: Office) -> list[str]:
    with office.store.begin() as tx:
        return [one.state.value for one in tx.interventions.latest()]


def test_in_a_pause_a_jump_is_observed_and_stays_afterwards(office: Office):
    office.set_paused(is_paused=True)
    deal = jump(office)
    office.look()
    office.set_paused(is_paused=False)
    office.look()
    assert office.stage_of(deal) == "demo"
    assert office.world.notes(deal) == []
    with office.store.begin() as tx:
        [violation] = tx.violations.latest(only_open=True)
    assert (violation.rule, violation.enforcement.value) == ("move.skip", "observe")


def test_what_was_planned_and_not_begun_is_given_up(office: Office):
    deal = jump(office)
    office.kill_at("write")
    with pytest.raises(Killed):
        office.look()
    office.set_paused(is_paused=True)
    office.revive()
    office.judge()
    assert office.stage_of(deal) == "demo"
    assert set(states(office)) == {"superseded"}
    office.set_paused(is_paused=False)
    office.look()
    assert office.stage_of(deal) == "demo"


def test_what_was_begun_is_finished_so_that_the_record_says_why(office: Office):
    deal = jump(office)
    office.kill_at("write_notes")
    with pytest.raises(Killed):
        office.look()
    assert office.stage_of(deal) == "lead"
    office.set_paused(is_paused=True)
    office.revive()
    office.judge()
    assert set(states(office)) == {"done"}
    assert len(office.world.notes(deal)) == 1


def test_a_pause_that_comes_while_a_batch_is_read_holds_for_it(office: Office):
    deal = jump(office)
    office.pause_at("trace")
    office.look()
    assert office.stage_of(deal) == "demo"
    assert office.world.notes(deal) == []


def test_a_write_whose_answer_was_lost_is_recognised_in_a_pause(office: Office):
    deal = jump(office)
    office.world.trouble(Door.WRITE, Trouble.LOST)
    office.look()
    office.set_paused(is_paused=True)
    office.revive()
    office.judge()
    assert office.stage_of(deal) == "lead"
    assert len(office.world.notes(deal)) == 1
