"""Who parks a record is left alone until then, and not for ever."""

from datetime import UTC, datetime

import pytest
from redis import Redis

from connector.errors import ConfigError
from connector.services.parking import NotParked, Parking
from connector.store import Store
from rules.model import RecordRef
from tests.fakes.clock import FrozenClock
from tests.services.office import DAY, Office

REP = "rep@example.com"

POLICY = """
version: 1
process: new-business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
calendar: {timezone: Europe/Amsterdam}
enforcement: enforce
goals:
  follow-up: No deal is forgotten.
stages: {lead: , qualification: , demo: , won: , lost: {from: any}}
follow_ups:
  idle:
    goal: follow-up
    starts: {idle: 7d}
    ladder: [{after: 0d, remind: owner}]
parking: {longest: 30d, times: 2}
"""


class Garage(Office):
    """An office that parks records."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        super().__init__(store, clock, redis, POLICY)
        self.parking = Parking(store, self.policies, clock)

    def park(self, deal: RecordRef, until: str = "20d") -> datetime:
        known, wakes_at = self.parking.park(
            f"deal:{deal.id}",
            until=until,
            why="Budget comes in January",
            by=REP,
            author="admin",
        )
        assert known.record.ref == deal
        return wakes_at


@pytest.fixture
def garage(store: Store, clock: FrozenClock, redis: Redis) -> Garage:
    return Garage(store, clock, redis)


def test_a_parked_deal_reminds_nobody_and_wakes_by_itself(garage: Garage):
    deal = garage.add_deal()
    assert garage.park(deal) == garage.clock.now() + 20 * DAY
    garage.run_daily(19)
    assert garage.told() == []
    garage.run_after(DAY)
    assert garage.told() == [(REP, "reminder")]


def test_a_deal_is_followed_up_again_when_somebody_says_so(garage: Garage):
    deal = garage.add_deal()
    garage.park(deal)
    garage.run_daily(10)
    garage.parking.end(f"deal:{deal.id}", by=REP, author="admin")
    garage.run()
    assert garage.told() == [(REP, "reminder")]
    with pytest.raises(NotParked):
        garage.parking.end(f"deal:{deal.id}", by=REP, author="admin")


def test_a_clock_that_starts_later_stands_still_as_well(garage: Garage):
    deal = garage.add_deal()
    garage.park(deal)
    garage.world.move(deal, garage.world.stages(deal.kind)[1])
    garage.look()
    garage.run_daily(12)
    assert garage.told() == []


def test_parking_again_counts_from_the_new_moment_and_only_so_often(garage: Garage):
    deal = garage.add_deal()
    garage.park(deal, "10d")
    assert garage.park(deal, "2026-12-10") == datetime(2026, 12, 10, 23, tzinfo=UTC)
    with pytest.raises(ConfigError, match=r"was parked 2 times in a year"):
        garage.park(deal)
    [parked] = garage.parking.latest(only_parked=True, limit=9)
    assert (parked.why, parked.parked_by) == ("Budget comes in January", REP)
    assert len(garage.parking.latest(only_parked=False, limit=9)) == 2


@pytest.mark.parametrize(
    ("until", "complaint"), [("31d", "too far away"), ("2020-01-01", "is past")]
)
def test_nothing_is_parked_for_ever_or_for_the_past(garage: Garage, until, complaint):
    deal = garage.add_deal()
    with pytest.raises(ConfigError, match=complaint):
        garage.park(deal, until)


def test_a_deal_that_nothing_follows_up_needs_no_parking(garage: Garage):
    deal = garage.add_deal()
    garage.publish(POLICY.partition("follow_ups")[0])
    with pytest.raises(ConfigError, match="follows up"):
        garage.park(deal)
