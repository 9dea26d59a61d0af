"""Taking deliveries apart, on a real database."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from secrets import token_urlsafe

import pytest
from redis import Redis
from sqlalchemy import text

from adapters.ports import DeliveryRefused, Heard, HeardKind
from connector.metrics import Metrics
from connector.services.hear import BURST, Hear
from connector.store import Store, Transaction
from connector.store.clocks import NewClock
from connector.store.connections import Connection
from rules.model import Actor, ActorClass, Kind, RecordId, RecordRef, RuleId
from tests.builders import a_record
from tests.fakes.clock import FrozenClock

HELD = timedelta(minutes=1)


class Spelled:
    """A source whose deliveries are lists of `[key, kind, id, ...merged ids]`."""

    def __init__(self, clock: FrozenClock) -> None:
        self._clock = clock

    def hear(self, body: bytes) -> Sequence[Heard]:
        try:
            facts = json.loads(body)
        except ValueError:
            raise DeliveryRefused("No list.", reason="shape", status=400) from None
        return [
            Heard(
                key=key,
                kind=HeardKind(kind),
                ref=None if record is None else ref(record),
                occurred_at=self._clock.now(),
                actor=Actor(ActorClass.PERSON, "Anna"),
                merged=tuple(ref(one) for one in merged),
            )
            for key, kind, record, *merged in facts
        ]


def ref(record: str) -> RecordRef:
    return RecordRef(Kind.DEAL, RecordId(record))


@pytest.fixture
def connection(store: Store, clock: FrozenClock) -> Connection:
    with store.begin() as tx:
        row = tx.connections.save(
            "acme", vendor="hubspot", settings={}, secrets=b"", now=clock.now()
        )
        return tx.connections.get(row)


@pytest.fixture
def hear(store: Store, clock: FrozenClock, redis: Redis) -> Hear:
    return Hear(store, lambda _: Spelled(clock), clock, Metrics(redis))


def states(tx: Transaction) -> list[str]:
    return sorted(one.state for one in tx.deliveries.latest())


def deliver(store: Store, connection: Connection, clock: FrozenClock, *facts):
    with store.begin() as tx:
        return tx.deliveries.add(connection.id, json.dumps(facts).encode(), clock.now())


def claim(store: Store, connection: Connection, clock: FrozenClock, *, due_by=None):
    with store.begin() as tx:
        return tx.records.claim(
            connection.id,
            lease="l",
            now=clock.now(),
            until=clock.now() + HELD,
            limit=500,
            patience=3,
            due_by=due_by,
        )


def test_what_is_heard_is_due_for_a_look_at_once(hear, store, connection, clock):
    deliver(store, connection, clock, ["a", "changed", "1"], ["b", "created", "2"])
    assert hear.take_apart(connection) == 1
    assert {one.ref for one in claim(store, connection, clock)} == {ref("1"), ref("2")}


def test_what_was_heard_is_let_go_and_what_was_not_understood_is_kept(
    hear, store, engine, connection, clock
):
    deliver(store, connection, clock, ["a", "changed", "1"])
    with store.begin() as tx:
        tx.deliveries.add(connection.id, b"not json", clock.now())
    hear.take_apart(connection)
    with engine.connect() as connected:
        kept = connected.scalars(text("SELECT body FROM deliveries ORDER BY id"))
        assert [bytes(one) for one in kept] == [b"", b"not json"]


def test_a_redelivery_leads_to_nothing(hear, store, connection, clock):
    deliver(store, connection, clock, ["a", "changed", "1"])
    hear.take_apart(connection)
    [claimed] = claim(store, connection, clock)
    deliver(store, connection, clock, ["a", "changed", "1"])
    hear.take_apart(connection)
    with store.begin() as tx:
        assert len(tx.changes.pending([claimed.id])[claimed.id]) == 1
        assert states(tx) == ["done", "done"]


@pytest.mark.parametrize(
    "key", ["NUL \0", "half \ud83d", token_urlsafe(8000)], ids=["nul", "half", "long"]
)
def test_a_delivery_that_cannot_be_stored_is_put_aside_and_the_next_one_is_read(
    hear, store, connection, clock, key
):
    deliver(store, connection, clock, ["a", "changed", "1"])
    deliver(store, connection, clock, ["b", "changed", "2"], [key, "changed", "3"])
    deliver(store, connection, clock, ["c", "changed", "4"])
    assert hear.take_apart(connection) == 3
    with store.begin() as tx:
        assert states(tx) == ["dead", "done", "done"]
    assert {one.ref for one in claim(store, connection, clock)} == {ref("1"), ref("4")}


def test_a_burst_is_gathered_for_a_moment(hear, store, connection, clock):
    deliver(
        store,
        connection,
        clock,
        *([f"k{number}", "changed", f"{number}"] for number in range(BURST)),
    )
    hear.take_apart(connection)
    assert claim(store, connection, clock) == []
    clock.advance(timedelta(seconds=1))
    assert len(claim(store, connection, clock)) == BURST


def test_a_burst_in_small_deliveries_is_gathered_as_well(
    hear, store, connection, clock
):
    for number in range(BURST):
        deliver(store, connection, clock, [f"k{number}", "changed", f"{number}"])
    hear.take_apart(connection)
    assert claim(store, connection, clock) == []


def test_what_is_still_gathering_can_be_taken_along(hear, store, connection, clock):
    facts = [[f"k{number}", "changed", f"{number}"] for number in range(BURST)]
    deliver(store, connection, clock, *facts)
    hear.take_apart(connection)
    due_by = clock.now() + timedelta(seconds=1)
    assert len(claim(store, connection, clock, due_by=due_by)) == BURST


def test_a_delivery_that_makes_no_sense_is_put_aside_and_the_next_one_is_read(
    hear, store, connection, clock
):
    with store.begin() as tx:
        tx.deliveries.add(connection.id, b"not json", clock.now())
    deliver(store, connection, clock, ["a", "changed", "1"])
    assert hear.take_apart(connection) == 2
    with store.begin() as tx:
        assert states(tx) == ["dead", "done"]
    assert len(claim(store, connection, clock)) == 1


def test_a_delivery_that_we_fail_to_read_holds_up_no_other(
    hear, store, connection, clock
):
    deliver(store, connection, clock, ["a", "no such kind", "1"])
    deliver(store, connection, clock, ["b", "changed", "2"])
    assert hear.take_apart(connection) == 2
    with store.begin() as tx:
        assert states(tx) == ["dead", "done"]
    assert [one.ref for one in claim(store, connection, clock)] == [ref("2")]


def test_what_we_do_not_follow_is_kept_and_skipped(hear, store, connection, clock):
    deliver(store, connection, clock, ["a", "other", None], ["b", "other", "1"])
    hear.take_apart(connection)
    assert claim(store, connection, clock) == []


def test_a_merged_record_goes_on_as_what_it_became(hear, store, connection, clock):
    known = replace(a_record("demo"), ref=ref("1"))
    with store.begin() as tx:
        tx.baselines.remember(connection.id, [known])
        [row] = tx.records.ensure(connection.id, [ref("1")]).values()
        version = tx.processes.publish(
            connection.id,
            "sales",
            document="",
            account={},
            note="",
            author="",
            now=clock.now(),
        )
        tx.clocks.start(
            connection.id,
            [
                NewClock(
                    row,
                    version.process_id,
                    RuleId("follow_up.idle"),
                    clock.now(),
                    None,
                    clock.now(),
                )
            ],
        )
    deliver(store, connection, clock, ["m", "merged", "9", "1", "2"])
    hear.take_apart(connection)
    [claimed] = claim(store, connection, clock)
    assert claimed.ref == ref("9")
    assert claimed.baseline == replace(known, ref=ref("9"))
    with store.begin() as tx:
        [running] = tx.clocks.latest(only_running=True)
    assert running.crm_id == "9"


def test_a_record_that_breaks_its_looks_is_looked_at_alone(
    hear, store, connection, clock
):
    deliver(store, connection, clock, ["a", "changed", "1"], ["b", "changed", "2"])
    hear.take_apart(connection)
    for _ in range(3):
        claimed = claim(store, connection, clock)
        assert len(claimed) == 2
        clock.advance(HELD + timedelta(seconds=1))
    deliver(store, connection, clock, ["c", "changed", "3"])
    hear.take_apart(connection)
    assert [one.ref for one in claim(store, connection, clock)] == [ref("3")]
    assert len(claim(store, connection, clock)) == 1
