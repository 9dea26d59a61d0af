"""Seen is not done: the ladder waits for a while, a few times, and then goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from connector.errors import ConfigError
from connector.services.acknowledging import Acknowledging
from connector.services.audit import AuditAction
from connector.store import Store
from connector.store.notifications import Purpose
from rules.model import EvidenceKind
from tests.fakes.clock import FrozenClock
from tests.services.office import DAY, Office

REP, MANAGER = "rep@example.com", "manager@example.com"

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
  call-new-deal:
    goal: follow-up
    starts: created
    done_by: [call]
    ladder:
      - {after: 24h, remind: owner}
      - {after: 48h, escalate: manager}
people: {messages_per_day: 1, seen: {lasts: 2wd, times: 2}}
"""


class Desk(Office):
    """An office in which people say what they have seen."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        super().__init__(store, clock, redis, POLICY)
        self.acknowledging = Acknowledging(store, self.policies, clock)

    def see(self, clock_id: int | None = None) -> datetime:
        if clock_id is None:
            [clock_id] = [one.id for one in self.clocks()]
        _, until = self.acknowledging.see(clock_id, by=REP, author="admin")
        return until


@pytest.fixture
def desk(store: Store, clock: FrozenClock, redis: Redis) -> Desk:
    return Desk(store, clock, redis)


def test_who_has_seen_it_is_left_alone_and_then_the_ladder_goes_on(desk: Desk):
    desk.add_deal()
    desk.run_after(DAY)
    assert desk.told() == [(REP, "reminder")]
    # From Wednesday noon, two working days.
    assert desk.see() == datetime(2026, 12, 4, 12, tzinfo=UTC)
    desk.run_after(DAY)
    assert desk.told() == [(REP, "reminder")]
    [clock] = desk.clocks()
    assert (clock.seen_by, clock.due_at) == (REP, clock.seen_until)
    desk.run_after(DAY - timedelta(seconds=1))
    assert len(desk.told()) == 1
    desk.run_after(timedelta(seconds=1))
    assert desk.told() == [(REP, "reminder"), (MANAGER, "escalation")]


def test_a_call_settles_what_was_only_seen(desk: Desk):
    deal = desk.add_deal()
    desk.run_after(DAY)
    desk.see()
    desk.clock.advance(timedelta(hours=1))
    desk.world.link(deal, EvidenceKind.CALLS)
    desk.look()
    desk.run()
    assert desk.ended_why() == ["contact"]
    [message] = desk.channel.messages.values()
    assert message.is_settled


def test_nothing_is_seen_for_ever(desk: Desk):
    desk.add_deal()
    desk.run_after(DAY)
    first = desk.see()
    desk.clock.set(first)
    assert desk.see() > first
    with pytest.raises(ConfigError, match=r"was seen 2 times before"):
        desk.see()
    with desk.store.begin() as tx:
        seen = [
            one
            for one in tx.audit.latest()
            if one.action == AuditAction.FOLLOW_UP_SEEN.value
        ]
    assert len(seen) == 2
    assert {one.after["by"] for one in seen} == {REP}


def test_only_what_runs_can_be_seen(desk: Desk):
    deal = desk.add_deal()
    [clock] = desk.clocks()
    with pytest.raises(ConfigError, match=r"No follow-up with the id 99 runs"):
        desk.see(99)
    with pytest.raises(ConfigError, match=r"who has seen it"):
        desk.acknowledging.see(clock.id, by=" ", author="admin")
    desk.world.move(deal, desk.world.stages(deal.kind)[-1])
    desk.look()
    desk.run_after(DAY)
    with pytest.raises(ConfigError, match=r"No follow-up"):
        desk.see(clock.id)


def test_what_was_seen_while_it_waited_for_a_digest_goes_on_waiting(desk: Desk):
    for name in ("One", "Two"):
        desk.world.add_record(owner=desk.world.rep, name=name)
    desk.look()
    desk.run_after(DAY)
    told = desk.channel.sent[0].subject
    [waiting] = [one for one in desk.clocks() if one.record not in told]
    desk.see(waiting.id)
    desk.clock.set(datetime(2026, 12, 3, 8, tzinfo=UTC))
    desk.run()
    assert _digests(desk) == 0
    desk.clock.set(datetime(2026, 12, 4, 12, tzinfo=UTC))
    desk.run()
    assert _digests(desk) == 1


def _digests(desk: Desk) -> int:
    return len([one for one in desk.messages() if one.purpose is Purpose.DIGEST])
