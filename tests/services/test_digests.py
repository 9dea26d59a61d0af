"""Nobody gets a storm of messages: what is beyond a day's budget comes in one."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from adapters.ports import Message
from connector.services.parking import Parking
from connector.store import Store, Transaction
from connector.store.notifications import NewNotification, Purpose, Ration
from connector.store.people import Person
from rules.model import AMOUNT, EvidenceKind, RecordRef
from tests.fakes.clock import FrozenClock
from tests.fakes.world import Door, Trouble
from tests.services.office import DAY, LEASE, Killed, Office
from tests.waiting import wait_for

REP, MANAGER = "rep@example.com", "manager@example.com"
HOUR = timedelta(hours=1)

POLICY = """
version: 1
process: new-business
title: New business
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
      - {after: 96h, escalate: manager}
lanes: {top: {when: "amount >= 100000", factor: 1, never_in_digest: true}}
people: {messages_per_day: 2}
"""

REMINDED_AT = datetime(2026, 12, 2, 12, tzinfo=UTC)
"""A Wednesday, 13:00 in Amsterdam."""

NEXT_MORNING = datetime(2026, 12, 3, 8, tzinfo=UTC)


class Busy(Office):
    """An office whose rep has more open deals than anybody wants to hear of."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        super().__init__(store, clock, redis, POLICY)

    def add_deals(self, count: int, **values: float) -> list[RecordRef]:
        fields = {AMOUNT: values["amount"]} if values else None
        deals = [
            self.world.add_record(
                owner=self.world.rep, name=f"Deal {number}", values=fields
            )
            for number in range(1, count + 1)
        ]
        self.look()
        return deals

    def run_at(self, moment: datetime) -> None:
        self.clock.set(moment)
        self.run()

    def sent(self, purpose: Purpose) -> list[Message]:
        keys = {one.key for one in self.messages() if one.purpose is purpose}
        return [one for one in self.channel.sent if one.key in keys]

    def states(self) -> list[str]:
        return sorted(one.state for one in self.messages())


@pytest.fixture
def busy(store: Store, clock: FrozenClock, redis: Redis) -> Busy:
    return Busy(store, clock, redis)


def test_what_is_beyond_the_budget_comes_in_one_message_the_next_morning(busy: Busy):
    busy.add_deals(5)
    busy.run_at(REMINDED_AT)
    assert busy.told() == [(REP, "reminder")] * 2
    busy.run_at(NEXT_MORNING - timedelta(seconds=1))
    assert len(busy.told()) == 2
    busy.run_at(NEXT_MORNING)
    [digest] = busy.sent(Purpose.DIGEST)
    assert digest.to == REP
    assert digest.subject == "3 more matters are waiting for you"
    told = {one.subject for one in busy.sent(Purpose.REMINDER)}
    listed = {one.text for one in digest.items}
    assert len(told) == 2
    assert told | listed == {f"Deal {n} is waiting for you" for n in range(1, 6)}
    assert all(one.link for one in digest.items)
    busy.run_at(NEXT_MORNING + HOUR)
    assert len(busy.told()) == 3
    assert busy.states() == ["digested"] * 3 + ["sent"] * 3


def test_every_day_and_every_person_has_a_budget_of_their_own(busy: Busy):
    busy.add_deals(3)
    busy.run_at(REMINDED_AT)
    busy.clock.advance(HOUR)
    busy.add_deals(2)
    busy.run_at(NEXT_MORNING)
    busy.run_at(REMINDED_AT + DAY + HOUR)
    assert len(busy.sent(Purpose.REMINDER)) == 4
    busy.run_at(REMINDED_AT + 3 * DAY)
    assert [one.to for one in busy.sent(Purpose.ESCALATION)] == [MANAGER] * 2


def test_what_was_settled_meanwhile_is_left_out(busy: Busy):
    deals = busy.add_deals(4)
    busy.run_at(REMINDED_AT)
    waiting = _waiting(busy, deals)
    busy.clock.advance(HOUR)
    busy.world.link(waiting[0], EvidenceKind.CALLS)
    busy.look()
    busy.run()
    busy.run_at(NEXT_MORNING)
    [digest] = busy.sent(Purpose.DIGEST)
    assert digest.subject == "1 more matter is waiting for you"
    busy.world.link(waiting[1], EvidenceKind.CALLS)
    busy.look()
    busy.run_at(NEXT_MORNING + HOUR)
    assert busy.channel.messages["m3"] == digest, "a digest is not taken back"


def test_with_nothing_left_there_is_no_digest(busy: Busy):
    deals = busy.add_deals(4)
    busy.run_at(REMINDED_AT)
    called, closed = _waiting(busy, deals)
    busy.clock.advance(HOUR)
    busy.world.link(called, EvidenceKind.CALLS)
    busy.world.move(closed, busy.world.stages(closed.kind)[-1])
    busy.look()
    busy.run()
    busy.run_at(NEXT_MORNING)
    assert busy.sent(Purpose.DIGEST) == []
    assert busy.states() == ["sent", "sent", "settled", "settled"]
    with busy.store.begin() as tx:
        assert not tx.digests.is_any_due(busy.clock.now())


def test_what_was_settled_unheard_is_left_out_as_well(busy: Busy):
    deals = busy.add_deals(4)
    busy.run_at(REMINDED_AT)
    called, open_ = _waiting(busy, deals)
    busy.world.link(called, EvidenceKind.CALLS, at=REMINDED_AT + HOUR)
    busy.run_at(NEXT_MORNING)
    [digest] = busy.sent(Purpose.DIGEST)
    assert [one.link for one in digest.items] == [_link(busy, open_)]


def test_an_account_that_cannot_be_read_keeps_nobody_from_their_digest(busy: Busy):
    busy.add_deals(3)
    busy.run_at(REMINDED_AT)
    busy.world.trouble(Door.READ, Trouble.BUSY)
    busy.run_at(NEXT_MORNING)
    assert len(busy.sent(Purpose.DIGEST)) == 1


def test_a_policy_that_ends_leaves_nothing_to_be_told(busy: Busy):
    busy.add_deals(3)
    busy.run_at(REMINDED_AT)
    busy.publish(POLICY.partition("follow_ups:")[0])
    busy.run_at(REMINDED_AT + 4 * DAY)
    assert busy.sent(Purpose.DIGEST) == []


def test_the_top_lane_goes_out_always_and_uses_up_nothing(busy: Busy):
    busy.add_deals(4, amount=100_000.0)
    busy.add_deals(3, amount=5.0)
    busy.run_at(REMINDED_AT)
    assert len(busy.told()) == 4 + 2
    busy.run_at(NEXT_MORNING)
    [digest] = busy.sent(Purpose.DIGEST)
    assert len(digest.items) == 1


def test_of_several_policies_the_smallest_budget_counts(busy: Busy):
    other = POLICY.replace("new-business", "renewals").replace(
        "messages_per_day: 2", "messages_per_day: 1"
    )
    busy.publish(other)
    busy.add_deals(2)
    busy.run_at(REMINDED_AT)
    assert busy.told() == [(REP, "reminder")]
    busy.run_at(NEXT_MORNING)
    [digest] = busy.sent(Purpose.DIGEST)
    assert len(digest.items) == 3


def test_a_digest_comes_by_the_persons_own_clock_and_language(busy: Busy):
    busy.people.save(
        [
            Person(
                REP,
                "Robin Rep",
                timezone="America/New_York",
                locale="nl",
                quiet="18:00-10:00",
            )
        ],
        author="anna",
    )
    busy.add_deals(4)
    busy.run_at(REMINDED_AT)
    assert busy.told() == [], "it is early in New York"
    ten_in_new_york = datetime(2026, 12, 2, 15, tzinfo=UTC)
    busy.run_at(ten_in_new_york)
    assert len(busy.sent(Purpose.REMINDER)) == 2
    busy.run_at(ten_in_new_york + DAY - HOUR)
    assert busy.sent(Purpose.DIGEST) == []
    busy.run_at(ten_in_new_york + DAY)
    [digest] = busy.sent(Purpose.DIGEST)
    assert digest.subject == "Er wachten nog 2 zaken op je"


def test_what_is_parked_or_paused_goes_on_waiting(busy: Busy):
    deals = busy.add_deals(4)
    busy.run_at(REMINDED_AT)
    parked, open_ = _waiting(busy, deals)
    Parking(busy.store, busy.policies, busy.clock).park(
        f"deal:{parked.id}", until="2d", why="They are away", by=REP, author="anna"
    )
    busy.set_paused(is_paused=True)
    busy.run_at(NEXT_MORNING)
    assert busy.sent(Purpose.DIGEST) == []
    busy.set_paused(is_paused=False)
    busy.run_at(NEXT_MORNING + HOUR)
    [digest] = busy.sent(Purpose.DIGEST)
    assert [one.link for one in digest.items] == [_link(busy, open_)]
    busy.run_at(NEXT_MORNING + DAY)
    assert len(busy.sent(Purpose.DIGEST)) == 1
    busy.run_at(REMINDED_AT + 2 * DAY)
    [_, later] = busy.sent(Purpose.DIGEST)
    assert [one.link for one in later.items] == [_link(busy, parked)]


def test_a_day_has_one_digest_and_the_rest_waits_for_the_next(busy: Busy):
    busy.add_deals(4)
    busy.run_at(REMINDED_AT)
    first, second = _waiting_ids(busy)
    with busy.store.begin() as tx:
        tx.digests.put_off([second], until=NEXT_MORNING + HOUR)
    busy.run_at(NEXT_MORNING)
    busy.run_at(NEXT_MORNING + HOUR)
    assert len(busy.sent(Purpose.DIGEST)) == 1
    busy.run_at(NEXT_MORNING + DAY)
    assert [len(one.items) for one in busy.sent(Purpose.DIGEST)] == [1, 1]
    assert first != second


def test_a_worker_that_dies_over_a_digest_leaves_it_to_the_next(busy: Busy):
    busy.add_deals(3)
    busy.run_at(REMINDED_AT)
    busy.clock.set(NEXT_MORNING)
    assert busy.digests().run() == 0, "the clocks have yet to look"
    busy.follow_ups().run()

    def die_over_it() -> None:
        with busy.store.begin() as tx:
            tx.digests.take(REP, now=busy.clock.now())
            assert busy.digests().run() == 0, "another worker has it in hand"
            raise Killed

    with pytest.raises(Killed):
        die_over_it()
    assert busy.digests().run() == 1
    assert busy.digests().run() == 0


def test_a_digest_that_arrived_before_the_worker_died_is_not_sent_again(busy: Busy):
    busy.add_deals(3)
    busy.run_at(REMINDED_AT)

    def die(_: Message) -> None:
        raise Killed

    busy.channel.on_send = die
    with pytest.raises(Killed):
        busy.run_at(NEXT_MORNING)
    busy.channel.on_send = lambda _: None
    busy.run_after(LEASE + timedelta(seconds=1))
    assert len(busy.sent(Purpose.DIGEST)) == 1
    assert "sent" in {
        one.state for one in busy.messages() if one.purpose is Purpose.DIGEST
    }


def test_two_workers_at_once_keep_to_one_budget(
    store: Store, engine: Engine, clock: FrozenClock
):
    def plan(tx: Transaction, name: str) -> None:
        ration = Ration(date(2026, 12, 2), budget=3, digest_at=NEXT_MORNING)
        tx.notifications.plan(
            [
                NewNotification(
                    Message(f"{name}-{number}", REP, "Call", ("Call.",)),
                    Purpose.REMINDER,
                    ration=ration,
                )
                for number in range(2)
            ],
            now=clock.now(),
        )

    def plan_other() -> None:
        with store.begin() as tx:
            plan(tx, "other")

    other = threading.Thread(target=plan_other)
    with store.begin() as tx:
        plan(tx, "one")
        other.start()
        wait_for(
            lambda: not other.is_alive() or _is_locked_out(engine), "the other worker"
        )
    other.join()
    with store.begin() as tx:
        states = sorted(one.state for one in tx.notifications.latest())
    assert states == ["planned"] * 3 + ["waiting"]


def _is_locked_out(engine: Engine) -> bool:
    """Say whether somebody waits for a person whom another transaction counts for."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"
    with engine.begin() as connection:
        return connection.execute(text(waiting)).first() is not None


def _waiting_ids(busy: Busy) -> list[int]:
    return sorted(one.id for one in busy.messages() if one.state == "waiting")


def _waiting(busy: Busy, deals: list[RecordRef]) -> list[RecordRef]:
    """Return the deals that nobody was told of yet."""
    told = {one.link for one in busy.channel.sent}
    return [deal for deal in deals if _link(busy, deal) not in told]


def _link(busy: Busy, deal: RecordRef) -> str:
    [record] = busy.crm.read([deal], {}).values()
    return record.url
