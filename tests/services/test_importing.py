"""What there was before is history; what comes while it is read is not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from connector.store import Store
from rules.model import RecordRef, StageId
from tests.fakes.clock import FrozenClock
from tests.services.office import DAY, Office

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
  quote_sent: {gate: "quotes >= 1", goal: forecast}
  negotiation:
  won:
  lost: {from: any}
moves:
  born_late: {goal: forecast}
"""


class Busy:
    """A CRM in which somebody makes a deal while it is being read."""

    def __init__(self, office: Office) -> None:
        self._crm = office.world.crm
        self._office = office
        self.made: list[RecordRef] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)

    def scan(self, *args: Any, **options: Any) -> Iterator[Any]:
        self._office.clock.advance(DAY / 24)
        self.made.append(
            self._office.world.add_record(
                stage=StageId("s-negotiation"), owner=self._office.world.rep
            )
        )
        yield from self._crm.scan(*args, **options)


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


def test_what_is_made_during_an_import_is_born_under_our_eyes(office: Office):
    old = office.world.add_record(stage=StageId("s-negotiation"))
    office.clock.advance(DAY)
    busy = Busy(office)
    office.crm = busy  # type: ignore[assignment]
    office.reconcile.import_(office.connection())
    office.crm = office.world.crm
    office.judge()
    [new] = busy.made
    assert office.stage_of(old) == "negotiation", "history is left alone"
    assert office.stage_of(new) == "demo", "it is judged as newborn"


def test_a_deal_of_the_same_second_is_no_history_where_a_crm_tells_no_more(
    office: Office,
):
    office.clock.advance(timedelta(seconds=7, milliseconds=800))
    office.reconcile.import_(office.connection())
    second = office.clock.now().replace(microsecond=0)
    deal = office.world.add_record(
        stage=StageId("s-negotiation"), owner=office.world.rep, created_at=second
    )
    office.look()
    assert office.stage_of(deal) == "demo"
