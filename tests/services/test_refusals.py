"""What the CRM does not let us put back is for a person to put right."""

import pytest
from redis import Redis

from connector.store import Store
from rules.model import RecordRef, StageId
from tests.fakes.clock import FrozenClock
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
  quote_sent: {requires: [amount], goal: forecast}
  negotiation:
  won:
  lost: {from: any}
moves:
  skip: {goal: forecast}
"""


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


@pytest.fixture
def deal(office: Office) -> RecordRef:
    """A deal that the CRM lets nobody put back."""
    deal = office.add_deal()
    office.world.refuse(deal, "locked for approval")
    return deal


def jump(office: Office, deal: RecordRef, stage: str) -> None:
    office.world.move(deal, StageId(stage))
    office.look()


def test_a_refused_return_asks_a_person_to_make_it(office: Office, deal: RecordRef):
    jump(office, deal, "s-demo")
    (task,) = office.world.tasks(deal)
    assert "Lead" in task.html
    assert len(office.world.notes(deal)) == 1


def test_one_task_names_what_is_missing_and_where_to_put_it_back(
    office: Office, deal: RecordRef
):
    jump(office, deal, "s-quote_sent")
    (task,) = office.world.tasks(deal)
    assert "Lead" in task.html
    assert "amount" in task.html.lower()


@pytest.mark.parametrize("method", ["write_notes", "create_tasks"])
def test_a_worker_that_dies_after_the_refusal_leaves_one_task(
    office: Office, deal: RecordRef, method: str
):
    office.kill_at(method)
    with pytest.raises(Killed):
        jump(office, deal, "s-demo")
    office.revive()
    office.judge()
    office.judge()
    assert len(office.world.tasks(deal)) == 1
    assert len(office.world.notes(deal)) == 1
