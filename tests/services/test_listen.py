"""Listening to streams: over real gRPC, on a real database."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from adapters.oauth import TokenKeeper
from adapters.ports import ChangeStream
from adapters.sandbox import Sandbox
from connector.errors import KeyMissing
from connector.metrics import Metrics
from connector.services.hear import Hear
from connector.services.listen import ELSEWHERE, SETTLED, SILENT, Listen
from connector.services.listening import MISSED
from connector.services.outside import to_missed
from connector.services.problems import QUIET
from connector.store import Store
from connector.store.connections import Connection
from rules.model import ActorClass
from tests.fakes.clock import FrozenClock
from tests.fakes.source import FakeSource
from tests.salesforce.listening import Listening, a_keeper
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control
from tests.services.desk import POLICY
from tests.services.office import Office
from tests.waiting import wait_for

__all__ = ["control", "running", "sandbox"]

TOPICS = ("Lead", "Opportunity", "Task")
QUICK = {"keepalive_ms": 20}
HOUR = timedelta(hours=1)
HELD = timedelta(seconds=30)


def wait_for_end(listener: Listen) -> None:
    """Wait until none of its attempts is under way."""
    lines = listener._lines.values()
    wait_for(lambda: not any(one.is_running for one in lines), "the end of it")


class Room:
    """An account that is listened to, by one process or more."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        clock: FrozenClock,
        redis: Redis,
        crm: Listening,
    ) -> None:
        self.store = store
        self.engine = engine
        self.clock = clock
        self.metrics = Metrics(redis)
        self.crm = crm
        self.hints: list[tuple[str, int]] = []
        self.listeners: list[Listen] = []
        self.stream: ChangeStream | None = crm.stream
        with store.begin() as tx:
            self.id = tx.connections.save(
                "acme", vendor="fake", settings={}, secrets=b"", now=clock.now()
            )
            tx.connections.mark_imported(self.id, at=clock.now())
        self.sweep()

    def listener(
        self,
        *,
        stream_for: Callable[[Connection], ChangeStream | None] | None = None,
        hint: Callable[[str, int], object] | None = None,
    ) -> Listen:
        """Return what one process has."""
        made = Listen(
            self.store,
            stream_for=stream_for or (lambda _: self.stream),
            hear=Hear(self.store, lambda _: FakeSource(), self.clock, self.metrics),
            hint=hint or (lambda job, argument: self.hints.append((job, argument))),
            clock=self.clock,
            metrics=self.metrics,
            lease=HELD,
        )
        self.listeners.append(made)
        return made

    def listen(self) -> Listen:
        """Return a listener whose streams are open, after the sweep of that moment."""
        listener = self.listener()
        self.tick(listener)
        for topic in TOPICS:
            self.wait_for_place(topic)
        self.sweep()
        return listener

    def sweep(self) -> None:
        now = self.clock.now()
        with self.store.begin() as tx:
            tx.connections.mark_swept(self.id, until=now, next_at=now + HOUR)

    def tick(self, listener: Listen, *, streams: int = 3) -> None:
        """Let a listener go on, second by second, until so many streams are open."""

        def is_open() -> bool:
            self.clock.advance(timedelta(seconds=1))
            listener.tick()
            return len(self.crm.listening()) >= streams

        wait_for(is_open, "open streams")

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def changes(self, count: int) -> list[tuple[object, ...]]:
        """Return what was stored, once there is so much of it."""
        query = (
            "SELECT r.crm_id, c.what, c.actor_class, c.delivery_id FROM changes c"
            " JOIN records r ON r.id = c.record_id ORDER BY c.id"
        )
        wait_for(lambda: len(self.rows(query)) >= count, f"{count} changes")
        return self.rows(query)

    def wait_for_place(self, topic: str = "Opportunity") -> object:
        """Return how far the topic was heard, once that is known."""

        def look() -> object:
            found = self.rows("SELECT topic, cursor FROM streams")
            return dict(found)[topic]

        return wait_for(look, "a cursor")

    def notices(self) -> dict[str, str]:
        with self.store.begin() as tx:
            return {one.code: one.message for one in tx.notices.open()}

    def sweep_is_due(self) -> bool:
        with self.store.begin() as tx:
            return tx.connections.sweeps_due(self.clock.now()) == [self.id]


@pytest.fixture
def keeper(sandbox: Sandbox, redis: Redis, clock: FrozenClock) -> TokenKeeper:
    return a_keeper(sandbox, redis, clock)


@pytest.fixture
def crm(sandbox: Sandbox, control: Control, keeper: TokenKeeper) -> Listening:
    control.post("salesforce/pubsub", habits=QUICK)
    return Listening(sandbox, control, keeper)


@pytest.fixture
def room(
    store: Store, engine: Engine, clock: FrozenClock, redis: Redis, crm: Listening
) -> Iterator[Room]:
    made = Room(store, engine, clock, redis, crm)
    yield made
    for one in made.listeners:
        one.stop()


def test_what_is_told_is_stored_and_looked_at(room: Room):
    room.listen()
    deal = room.crm.add_deal()
    room.crm.change(deal, StageName="Proposal/Price Quote")
    person = ActorClass.PERSON.value
    assert room.changes(2) == [
        (deal, "created", person, None),
        (deal, "changed", person, None),
    ]
    wait_for(lambda: len(room.hints) >= 1, "a hint")
    assert set(room.hints) == {("look", room.id)}
    with room.store.begin() as tx:
        assert tx.records.due_connections(room.clock.now()) == [room.id]


def test_a_call_is_a_reason_to_look_at_its_deal(room: Room):
    deal = room.crm.add_deal()
    room.listen()
    room.crm.control.post("salesforce/log", kind="call", on=deal)
    assert room.changes(1)[0][:2] == (deal, "linked")


def test_what_is_told_twice_is_stored_once(room: Room):
    deal = room.crm.add_deal()
    listener = room.listen()
    before = room.wait_for_place()
    room.crm.change(deal, NextStep="Call")
    room.changes(1)
    listener.stop()
    # As if the process had died before it could note how far it came.
    with room.engine.begin() as connection:
        connection.execute(
            text("UPDATE streams SET cursor = :cursor WHERE topic = 'Opportunity'"),
            {"cursor": before},
        )
    room.listen()
    other = room.crm.add_deal()
    assert [one[0] for one in room.changes(2)] == [deal, other]


def test_what_happens_while_nobody_listens_is_heard_later(room: Room):
    deal = room.crm.add_deal()
    listener = room.listen()
    listener.stop()
    room.crm.change(deal, NextStep="Call")
    room.listen()
    assert [one[0] for one in room.changes(1)] == [deal]


# It dies without a word.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_process_that_dies_right_after_storing_loses_nothing(room: Room):
    deal = room.crm.add_deal()
    ended = threading.Event()

    def die(_job: str, _argument: int) -> None:
        ended.set()
        raise SystemExit

    room.tick(room.listener(hint=die))
    room.wait_for_place()
    room.crm.change(deal, NextStep="Call")
    assert ended.wait(20)
    room.crm.change(deal, NextStep="Mail")
    room.clock.advance(HELD + timedelta(seconds=1))
    room.tick(room.listener(), streams=3)
    assert len(room.changes(2)) == 2


def test_a_database_that_goes_away_while_storing_loses_nothing(room: Room):
    deal = room.crm.add_deal()
    listener = room.listen()
    with room.engine.connect() as lock, lock.begin():
        # It has noted how far it came, and waits for this row to store the change.
        lock.execute(text("SELECT id FROM connections FOR UPDATE"))
        room.crm.change(deal, NextStep="Call")
        waiting = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO records%'"
        )
        wait_for(lambda: room.rows(waiting), "the listener to wait")
    wait_for(lambda: len(room.crm.listening()) == 2, "the end of that stream")
    assert room.changes(0) == []
    room.tick(listener)
    assert [one[0] for one in room.changes(1)] == [deal]


def test_one_of_two_processes_listens(room: Room):
    first, second = room.listen(), room.listener()
    for _ in range(3):
        room.clock.advance(ELSEWHERE)
        first.tick()
        second.tick()
    assert room.crm.opened() == 3
    first.stop()
    room.tick(second)
    deal = room.crm.add_deal()
    assert room.changes(1)[0][0] == deal
    assert room.crm.opened() == 6


def test_a_process_that_fell_silent_is_replaced_and_stores_nothing_more(room: Room):
    first, second = room.listen(), room.listener()
    room.clock.advance(HELD + timedelta(seconds=1))
    wait_for(lambda: second.tick() or room.crm.opened() == 6, "the second one")
    wait_for(lambda: len(room.crm.listening()) == 3, "the first one to give up")
    deal = room.crm.add_deal()
    assert [one[0] for one in room.changes(1)] == [deal]
    # It comes to itself, and finds that another has its topics.
    first.tick()
    assert room.crm.opened() == 6


def test_a_stream_that_is_cut_is_opened_again_where_it_was(room: Room):
    deal = room.crm.add_deal()
    listener = room.listen()
    room.crm.trouble("cut")
    wait_for(lambda: not room.crm.listening(), "the end of the streams")
    room.crm.change(deal, NextStep="Call")
    room.tick(listener)
    assert [one[0] for one in room.changes(1)] == [deal]
    assert room.notices() == {}


def test_a_stream_that_gives_no_sign_of_life_is_replaced(room: Room):
    deal = room.crm.add_deal()
    listener = room.listen()
    room.crm.trouble("silence")
    room.crm.change(deal, NextStep="Call")
    listener.tick()
    assert room.crm.opened() == 3, "it may only be quiet"
    room.clock.advance(SILENT + timedelta(seconds=1))
    room.tick(listener)
    assert [one[0] for one in room.changes(1)] == [deal]
    assert room.crm.opened() == 6


def test_what_happened_before_the_first_stream_was_open_is_found_by_a_sweep(
    room: Room,
):
    listener = room.listener()
    room.tick(listener)
    wait_for(room.sweep_is_due, "a sweep")
    for topic in TOPICS:
        room.wait_for_place(topic)
    room.sweep()
    listener.stop()
    room.tick(room.listener())
    room.crm.add_deal()
    room.changes(1)
    assert not room.sweep_is_due(), "it went on where it was"


def test_a_stream_that_opens_and_says_nothing_again_and_again_is_told(room: Room):
    room.crm.control.post("salesforce/pubsub", habits={"keepalive_ms": 10**7})
    listener = room.listener()
    room.tick(listener)
    alive = "SELECT 1 FROM streams WHERE alive_at IS NOT NULL"
    wait_for(lambda: len(room.rows(alive)) == 3, "the first sign of life")
    for times in (2, 3):
        room.clock.advance(SILENT)
        wait_for(
            lambda times=times: room.tick(listener) or room.crm.opened() == 3 * times,
            "another attempt",
        )
    with room.store.begin() as tx:
        [unheard] = tx.streams.unheard(since=room.clock.now() - QUIET)
    assert unheard.connection == "acme"


def test_an_overflow_is_followed_by_a_sweep(room: Room):
    deal = room.crm.add_deal()
    room.listen()
    assert not room.sweep_is_due()
    room.crm.trouble("overflow")
    room.crm.change(deal, NextStep="Call")
    wait_for(room.sweep_is_due, "a sweep")


def test_a_gap_that_names_its_record_is_a_reason_to_look_at_it(room: Room):
    deal = room.crm.add_deal()
    room.listen()
    room.crm.trouble("gap")
    room.crm.change(deal, NextStep="Call")
    assert room.changes(1)[0][:2] == (deal, "changed")
    assert not room.sweep_is_due()


def test_who_comes_too_late_starts_anew_has_a_sweep_made_and_says_so(room: Room):
    room.listen().stop()
    room.crm.trouble("forget")
    later = room.listener()
    later.tick()
    wait_for(room.notices, "a notice")
    assert room.sweep_is_due()
    assert "no longer keeps" in room.notices()["changes_missed"]
    wait_for(lambda: room.crm.listening() == [], "the end of the attempts")
    room.tick(later)
    deal = room.crm.add_deal()
    assert [one[0] for one in room.changes(1)] == [deal]


def test_an_object_that_is_not_selected_is_told_and_the_others_go_on(room: Room):
    room.crm.control.post("salesforce/pubsub", selected=["Opportunity", "Task"])
    listener = room.listener()
    room.tick(listener, streams=2)
    wait_for(lambda: "stream_refused" in room.notices(), "the notice")
    assert "Select Lead in Setup" in room.notices()["stream_refused"]
    deal = room.crm.add_deal()
    assert room.changes(1)[0][0] == deal
    room.crm.control.post("salesforce/pubsub", selected=["Opportunity", "Lead", "Task"])
    room.tick(listener)
    wait_for(lambda: room.notices() == {}, "the notice to go")


def test_an_account_that_tells_no_more_today_is_left_alone_and_that_is_told(
    room: Room,
):
    room.crm.trouble("exhaust", count=3)
    listener = room.listener()
    listener.tick()
    wait_for(room.notices, "a notice")
    assert "as many changes today" in room.notices()["stream_refused"]
    wait_for_end(listener)
    listener.tick()
    room.clock.advance(timedelta(minutes=29))
    listener.tick()
    assert room.crm.opened() == 0
    room.clock.advance(timedelta(minutes=20))
    room.tick(listener)
    wait_for(lambda: room.notices() == {}, "the notice to go")


def test_a_token_that_is_refused_once_is_renewed(room: Room, keeper: TokenKeeper):
    former = keeper.token().access
    room.crm.trouble("refuse")
    room.listen()
    assert keeper.token().access != former
    assert room.notices() == {}


def test_a_token_that_is_refused_again_is_told_and_nobody_knocks_on(room: Room):
    room.crm.trouble("refuse", count=1000)
    listener = room.listener()
    listener.tick()
    wait_for(room.notices, "a notice")
    assert "slagboom connect" in room.notices()["crm_refuses"]
    wait_for_end(listener)
    listener.tick()
    room.crm.trouble("refuse", count=1)
    for _ in range(5):
        room.clock.advance(timedelta(seconds=5))
        listener.tick()
    assert room.crm.opened() == 0


def test_a_change_of_credentials_is_a_new_stream_and_an_end_to_the_former(
    room: Room, sandbox: Sandbox, control: Control, keeper: TokenKeeper
):
    listener = room.listen()
    room.stream = Listening(sandbox, control, keeper).stream
    for _ in range(3):
        listener.tick()
    assert room.crm.opened() == 3, "they may have renewed themselves"
    room.clock.advance(SETTLED)
    wait_for(lambda: listener.tick() or room.crm.opened() == 6, "new streams")
    wait_for(lambda: len(room.crm.listening()) == 3, "the end of the former ones")
    deal = room.crm.add_deal()
    assert [one[0] for one in room.changes(1)] == [deal]


def test_a_connection_that_is_no_longer_listened_to_is_left(room: Room):
    listener = room.listen()
    room.stream = None
    listener.tick()
    wait_for(lambda: not room.crm.listening(), "the end of the streams")
    listener.tick()
    assert room.rows("SELECT id FROM streams") == []


def test_a_connection_whose_secrets_cannot_be_opened_is_told(room: Room):
    def fail(_: Connection) -> ChangeStream:
        raise KeyMissing("The key is gone.")

    listener = room.listener(stream_for=fail)
    for _ in range(3):
        listener.tick()
    assert room.notices() == {"crm_refuses": "acme: The key is gone."}
    with room.store.begin() as tx:
        [notice] = tx.notices.open()
    assert notice.times == 1


def test_only_the_one_that_was_asked_for_is_listened_to(room: Room):
    listener = room.listener()
    listener.tick(name="another")
    assert room.crm.listening() == []
    wait_for(
        lambda: listener.tick(name="acme") or len(room.crm.listening()) == 3, "streams"
    )


def test_an_account_that_has_not_been_heard_for_long_is_told(room: Room):
    room.listen().stop()
    with room.store.begin() as tx:
        [unheard] = tx.streams.unheard(since=room.clock.now() + HOUR)
        assert tx.streams.unheard(since=unheard.since_at) == []
        topics = {one.topic for one in tx.streams.of(room.id)}
    assert unheard.connection == "acme"
    assert topics == set(TOPICS)


def test_what_was_missed_is_a_matter_until_the_next_sweep(
    store: Store, clock: FrozenClock, redis: Redis
):
    office = Office(store, clock, redis, POLICY)
    with store.begin() as tx:
        tx.notices.tell(to_missed(office.id), code=MISSED, message="m", now=clock.now())
    office.reconcile.sweep(office.connection())
    with store.begin() as tx:
        assert tx.notices.open() == []


def test_it_ends_when_it_is_told_to(room: Room):
    stopped = threading.Event()
    listener = room.listener()
    thread = threading.Thread(target=listener.run, args=(stopped,))
    thread.start()
    wait_for(lambda: len(room.crm.listening()) == 3, "open streams")
    stopped.set()
    thread.join(20)
    assert not thread.is_alive()
    wait_for(lambda: not room.crm.listening(), "the end of the streams")
    assert room.rows("SELECT lease FROM streams WHERE lease IS NOT NULL") == []
