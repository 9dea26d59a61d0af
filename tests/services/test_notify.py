"""Messages reach people once, whatever happens on the way."""

import threading
from datetime import timedelta

import pytest
from redis import Redis

from adapters.errors import NotFound, Permanent, Transient, Unanswered, Unauthorized
from adapters.ports import Message
from connector.errors import KeyMissing
from connector.metrics import Counter, Metrics
from connector.services.notify import NO_CHANNEL_WAIT, STALE, Notify
from connector.services.patience import LAST_TRIES, TRIES
from connector.store import Store
from connector.store.channels import Channel
from connector.store.notifications import NewNotification, Notification, Purpose
from connector.store.people import Person
from tests.fakes.clock import FrozenClock
from tests.fakes.notifier import FakeNotifier

ROBIN = "robin@example.com"
LONG = timedelta(hours=2)


class Killed(BaseException):
    """The worker dies on the spot."""


class Desk:
    """Two channels and everything that is needed to send through them."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        self.store = store
        self.clock = clock
        self.redis = redis
        self.metrics = Metrics(redis)
        self.slack = FakeNotifier()
        self.email = FakeNotifier(can_find=False, can_update=False)
        self.locked: set[str] = set()
        self._made = {"slack": self.slack, "email": self.email}
        for name in self._made:
            self.add_channel(name)

    def add_channel(self, name: str) -> None:
        with self.store.begin() as tx:
            tx.channels.add(
                name,
                kind=name,
                settings={},
                secrets=b"",
                rank=["slack", "email"].index(name),
                now=self.clock.now(),
            )

    def remove_channel(self, name: str) -> None:
        with self.store.begin() as tx:
            tx.channels.remove(name)

    def notify(self) -> Notify:
        return Notify(
            self.store,
            notifier_for=self._open,
            clock=self.clock,
            metrics=self.metrics,
            lease=timedelta(seconds=60),
        )

    def _open(self, channel: Channel) -> FakeNotifier:
        if channel.name in self.locked:
            raise KeyMissing("It was sealed with another key.")
        return self._made[channel.name]

    def plan(self, *keys: str, to: str = ROBIN) -> None:
        with self.store.begin() as tx:
            tx.notifications.plan(
                [
                    NewNotification(a_message(key, to=to), Purpose.REMINDER)
                    for key in keys
                ],
                now=self.clock.now(),
            )

    def run(self) -> int:
        return self.notify().run()

    def run_after(self, wait: timedelta = LONG) -> int:
        self.clock.advance(wait)
        return self.run()

    def settle(self, *keys: str) -> None:
        with self.store.begin() as tx:
            messages = {
                one.id: a_message(one.key, subject="Settled", is_settled=True)
                for one in tx.notifications.latest()
                if one.key in keys or not keys
            }
            tx.notifications.settle(messages, now=self.clock.now())

    def rows(self) -> list[Notification]:
        with self.store.begin() as tx:
            return tx.notifications.latest()

    def row(self) -> Notification:
        [row] = self.rows()
        return row

    def results(self) -> list[tuple[str, str]]:
        return [(one.channel, one.result.value) for one in self.row().attempts]

    def notices(self) -> list[str]:
        with self.store.begin() as tx:
            return [notice.code for notice in tx.notices.open()]


def a_message(
    key: str = "k1",
    *,
    to: str = ROBIN,
    subject: str = "Call Acme",
    is_settled: bool = False,
) -> Message:
    return Message(
        key=key,
        to=to,
        subject=subject,
        lines=("Acme is waiting.", "Call them."),
        is_settled=is_settled,
    )


@pytest.fixture
def desk(store: Store, clock: FrozenClock, redis: Redis) -> Desk:
    return Desk(store, clock, redis)


def test_a_message_goes_out_once_by_the_first_channel(desk: Desk):
    desk.plan("k1")
    assert desk.run() == 1
    assert desk.run_after() == 0
    assert desk.slack.sent == [a_message()]
    assert desk.email.sent == []
    row = desk.row()
    assert (row.state, row.channel, row.due_at) == ("sent", "slack", None)
    assert desk.results() == [("slack", "sent")]
    assert desk.metrics.counts()[Counter.NOTIFICATIONS] == {("slack", "sent"): 1}


def test_a_message_planned_twice_is_one_message(desk: Desk):
    desk.plan("k1", "k1")
    desk.plan("k1")
    desk.run()
    assert len(desk.slack.sent) == 1


def test_a_message_waits_for_its_hour(desk: Desk, clock: FrozenClock):
    later = clock.now() + timedelta(hours=1)
    with desk.store.begin() as tx:
        tx.notifications.plan(
            [NewNotification(a_message(), Purpose.ADMIN, due_at=later)], now=clock.now()
        )
        assert not tx.notifications.is_any_due(clock.now())
        # Only what failed before is tried earlier when a channel is added.
        assert tx.notifications.wake(now=clock.now()) == 0
    assert desk.run() == 0
    assert desk.run_after(timedelta(hours=1)) == 1


def test_a_person_whom_slack_does_not_know_gets_a_mail_at_once(desk: Desk):
    desk.slack.strangers = {ROBIN}
    desk.plan("k1")
    desk.run()
    assert desk.email.subjects() == ["Call Acme"]
    assert desk.results() == [("slack", "permanent"), ("email", "sent")]
    assert desk.notices() == []


def test_a_disabled_channel_is_left_out(desk: Desk):
    with desk.store.begin() as tx:
        tx.channels.enable("slack", is_enabled=False)
    desk.plan("k1")
    desk.run()
    assert desk.results() == [("email", "sent")]


def test_a_busy_channel_is_given_time_and_not_asked_before(desk: Desk):
    desk.slack.failures = [Transient("Busy.", retry_after=timedelta(seconds=20))]
    desk.plan("k1")
    desk.run()
    assert desk.run_after(timedelta(seconds=19)) == 0
    assert desk.run_after(timedelta(seconds=1)) == 1
    assert desk.slack.subjects() == ["Call Acme"]
    assert desk.results() == [("slack", "transient"), ("slack", "sent")]
    assert desk.email.sent == []


def test_a_channel_that_wants_a_long_wait_is_passed_over(desk: Desk):
    desk.slack.failures = [Transient("Busy.", retry_after=timedelta(minutes=5))]
    desk.plan("k1")
    desk.run()
    assert desk.results() == [("slack", "transient"), ("email", "sent")]


def test_a_channel_that_stays_down_is_left_for_the_next_one(desk: Desk):
    desk.slack.refusal = Transient("Down.")
    desk.plan("k1")
    desk.run()
    for _ in range(TRIES - 1):
        desk.run_after()
    assert desk.results() == [*[("slack", "transient")] * TRIES, ("email", "sent")]


def test_a_mail_server_that_turns_strangers_away_for_an_hour_loses_nothing(
    desk: Desk, clock: FrozenClock
):
    desk.remove_channel("slack")
    desk.email.refusal = Transient("Greylisted.", code="451 4.7.1")
    desk.plan("k1")
    ends_at = clock.now() + timedelta(hours=1)
    while clock.now() < ends_at:
        desk.run_after(timedelta(minutes=5))
    desk.email.refusal = None
    desk.run_after(timedelta(hours=1))
    assert desk.email.subjects() == ["Call Acme"]
    assert desk.row().state == "sent"


def test_the_last_channel_is_given_up_in_the_end_and_the_admin_told(desk: Desk):
    desk.slack.strangers = {ROBIN}
    desk.email.refusal = Transient("Down.")
    desk.plan("k1")
    for _ in range(LAST_TRIES):
        desk.run_after()
    row = desk.row()
    assert (row.state, row.due_at, row.error) == ("failed", None, "Down.")
    assert desk.notices() == ["messages_failed"]
    assert desk.run_after() == 0


def test_a_person_whom_no_channel_knows_is_the_admins_matter(desk: Desk):
    desk.slack.strangers = desk.email.strangers = {ROBIN}
    desk.plan("k1")
    desk.run()
    assert desk.row().state == "failed"
    assert desk.notices() == ["messages_failed"]


def test_a_revoked_token_is_told_although_the_mail_gets_through(desk: Desk):
    desk.slack.refusal = Unauthorized("The token was revoked.")
    desk.plan("k1", "k2")
    desk.run()
    assert desk.email.subjects() == ["Call Acme", "Call Acme"]
    assert desk.notices() == ["channel_unusable"]
    desk.slack.refusal = None
    desk.plan("k3")
    desk.run()
    assert desk.notices() == []


def test_a_revoked_token_of_the_only_channel_loses_nothing(desk: Desk):
    desk.remove_channel("email")
    desk.slack.refusal = Unauthorized("The token was revoked.")
    desk.plan("k1")
    desk.run()
    desk.run_after(NO_CHANNEL_WAIT)
    assert desk.notices() == ["channel_unusable"]
    desk.slack.refusal = None
    desk.run_after(NO_CHANNEL_WAIT)
    assert desk.slack.subjects() == ["Call Acme"]
    assert desk.notices() == []


def test_a_token_that_nobody_mends_in_a_day_ends_it(desk: Desk):
    desk.email.strangers = {ROBIN}
    desk.slack.refusal = Unauthorized("The token was revoked.")
    desk.plan("k1")
    desk.run()
    assert desk.row().state == "planned"
    desk.run_after(STALE)
    assert desk.row().state == "failed"


def test_a_channel_whose_key_is_missing_is_told_and_the_others_are_used(
    desk: Desk,
):
    desk.locked = {"slack"}
    desk.plan("k1")
    desk.run()
    assert desk.email.subjects() == ["Call Acme"]
    assert desk.notices() == ["channel_unusable"]
    desk.locked = {"slack", "email"}
    desk.plan("k2")
    desk.run()
    desk.locked = set()
    desk.run_after(NO_CHANNEL_WAIT)
    assert desk.slack.subjects() == ["Call Acme"]


def test_a_channel_that_fails_slowly_holds_up_nobody_else(
    desk: Desk, clock: FrozenClock
):
    began_at = clock.now()
    desk.slack.refusal = Transient("No connection.")
    desk.slack.takes = lambda: clock.advance(timedelta(seconds=10))
    desk.plan(*(f"k{number}" for number in range(60)))
    desk.run()
    assert clock.now() - began_at == timedelta(seconds=10)
    assert len(desk.email.sent) == 59
    desk.slack.refusal = None
    desk.run_after()
    assert len(desk.slack.sent) == 1


def test_a_channel_that_rests_is_not_given_up_because_the_next_one_refuses(
    desk: Desk, clock: FrozenClock
):
    desk.slack.refusal = Transient("No connection.")
    desk.slack.takes = lambda: clock.advance(timedelta(seconds=10))
    desk.email.strangers = {ROBIN}
    desk.plan("k1", "k2")
    desk.run()
    assert {row.state for row in desk.rows()} == {"planned"}
    desk.slack.refusal = None
    desk.slack.takes = lambda: None
    desk.run_after()
    assert sorted(message.key for message in desk.slack.sent) == ["k1", "k2"]


def test_messages_of_the_only_channel_wait_while_it_fails_slowly(
    desk: Desk, clock: FrozenClock
):
    desk.remove_channel("email")
    began_at = clock.now()
    desk.slack.refusal = Transient("No connection.")
    desk.slack.takes = lambda: clock.advance(timedelta(seconds=10))
    desk.plan("k1", "k2", "k3")
    desk.run()
    assert clock.now() - began_at == timedelta(seconds=10)
    desk.slack.refusal = None
    desk.slack.takes = lambda: None
    desk.run_after()
    assert [message.key for message in desk.slack.sent] == ["k1", "k2", "k3"]


def test_a_doubtful_message_waits_for_a_channel_that_fails_slowly(
    desk: Desk, clock: FrozenClock
):
    desk.slack.loses = 1
    desk.plan("k1")
    desk.run()
    clock.advance(timedelta(seconds=-1))
    desk.slack.refusal = Transient("No connection.")
    desk.slack.takes = lambda: clock.advance(timedelta(seconds=10))
    desk.plan("k0")
    clock.advance(LONG)
    desk.run()
    desk.slack.refusal = None
    desk.slack.takes = lambda: None
    desk.run_after()
    assert [message.key for message in desk.slack.sent].count("k1") == 1
    assert "k1" not in [message.key for message in desk.email.sent]


def test_without_a_channel_messages_wait_for_one(desk: Desk, clock: FrozenClock):
    desk.remove_channel("slack")
    desk.remove_channel("email")
    desk.plan("k1")
    desk.run()
    assert desk.run_after(NO_CHANNEL_WAIT) == 1
    assert desk.notices() == ["no_channel"]
    desk.add_channel("slack")
    with desk.store.begin() as tx:
        assert tx.notifications.wake(now=clock.now()) == 1
    desk.run()
    assert desk.slack.subjects() == ["Call Acme"]
    assert desk.notices() == []


def test_a_channel_added_much_later_does_not_bring_old_news(desk: Desk):
    desk.remove_channel("slack")
    desk.remove_channel("email")
    desk.plan("k1")
    desk.run()
    desk.run_after(STALE)
    assert desk.row().state == "failed"


def test_a_message_whose_answer_was_lost_is_found_and_not_repeated(desk: Desk):
    desk.slack.loses = 1
    desk.plan("k1")
    desk.run()
    assert desk.results() == [("slack", "unanswered")]
    desk.run_after()
    assert len(desk.slack.sent) == 1
    assert desk.row().state == "sent"
    assert desk.email.sent == []


def test_a_message_that_was_lost_with_its_answer_is_sent_again(desk: Desk):
    desk.slack.failures = [Unanswered("No answer came.")]
    desk.plan("k1")
    desk.run()
    desk.run_after()
    assert len(desk.slack.sent) == 1
    assert desk.results() == [("slack", "unanswered"), ("slack", "sent")]


def test_a_doubtful_message_is_not_sent_by_mail_while_slack_may_have_it(desk: Desk):
    desk.slack.loses = 1
    desk.plan("k1")
    desk.run()
    desk.slack.refusal = Transient("Down.")
    for _ in range(TRIES + 1):
        desk.run_after()
    desk.slack.refusal = None
    desk.run_after()
    assert len(desk.slack.sent) == 1
    assert desk.email.sent == []
    assert desk.row().state == "sent"


def test_a_look_that_never_succeeds_ends_with_the_next_channel(desk: Desk):
    desk.slack.loses = 1
    desk.plan("k1")
    desk.run()
    desk.slack.refusal = Transient("Down.")
    for _ in range(LAST_TRIES):
        desk.run_after()
    assert len(desk.email.sent) == 1
    assert desk.row().state == "sent"


def test_a_mail_whose_answer_was_lost_is_sent_again_under_the_same_key(desk: Desk):
    desk.remove_channel("slack")
    desk.email.loses = 1
    desk.plan("k1")
    desk.run()
    desk.run_after()
    assert [message.key for message in desk.email.sent] == ["k1", "k1"]
    assert desk.row().state == "sent"


def test_a_worker_killed_after_the_message_arrived_leaves_it_sent_once(desk: Desk):
    def die(_: Message) -> None:
        raise Killed

    desk.slack.on_send = die
    desk.plan("k1", "k2")
    with pytest.raises(Killed):
        desk.run()
    desk.slack.on_send = lambda _: None
    assert desk.run() == 0, "the dead worker's lease still holds"
    assert desk.run_after(timedelta(seconds=61)) == 2
    assert [message.key for message in desk.slack.sent] == ["k1", "k2"]
    assert {row.state for row in desk.rows()} == {"sent"}


def test_a_worker_killed_right_after_the_answer_leaves_it_sent_once(desk: Desk):
    class Last(Metrics):
        def count(self, *_: object, **__: object) -> None:
            raise Killed

    metrics, desk.metrics = desk.metrics, Last(desk.redis)
    desk.plan("k1")
    with pytest.raises(Killed):
        desk.run()
    desk.metrics = metrics
    desk.run_after(timedelta(seconds=61))
    assert len(desk.slack.sent) == 1
    assert desk.row().state == "sent"


def test_a_worker_that_was_too_slow_sends_nothing_that_another_has(
    desk: Desk, clock: FrozenClock
):
    def while_sending(message: Message) -> None:
        if message.key == "k1":
            clock.advance(timedelta(seconds=61))
            desk.notify().run()

    desk.slack.on_send = while_sending
    desk.plan("k1", "k2")
    desk.run()
    assert sorted(message.key for message in desk.slack.sent) == ["k1", "k2"]
    assert {row.state for row in desk.rows()} == {"sent"}


def test_workers_side_by_side_send_everything_once(desk: Desk):
    keys = [f"k{number}" for number in range(120)]
    desk.plan(*keys)
    workers = [threading.Thread(target=desk.run) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(message.key for message in desk.slack.sent) == sorted(keys)
    assert {row.state for row in desk.rows()} == {"sent"}


def test_a_fault_of_ours_in_one_message_holds_up_no_other(desk: Desk):
    def stumble(message: Message) -> None:
        if message.key == "k1":
            raise KeyError(message.key)

    desk.slack.on_send = stumble
    desk.plan("k1", "k2")
    with pytest.raises(KeyError):
        desk.run()
    states = {row.key: row.state for row in desk.rows()}
    assert states == {"k1": "planned", "k2": "sent"}
    desk.slack.on_send = lambda _: None
    desk.run_after()
    assert [message.key for message in desk.slack.sent] == ["k1", "k2"]


def test_what_was_sent_says_so_when_its_matter_is_settled(desk: Desk):
    desk.plan("k1")
    desk.run()
    desk.settle()
    assert desk.run() == 1
    assert desk.slack.subjects() == ["Settled"]
    assert len(desk.slack.sent) == 1
    row = desk.row()
    assert (row.state, row.due_at) == ("settled", None)


def test_a_matter_settled_before_the_message_went_out_is_not_mentioned(desk: Desk):
    desk.plan("k1")
    desk.settle()
    desk.run()
    assert desk.slack.sent == []
    assert desk.row().state == "settled"


def test_a_matter_settled_while_others_are_told_is_not_mentioned(desk: Desk):
    def settle(_: Message) -> None:
        desk.settle("k2")

    desk.slack.on_send = settle
    desk.plan("k1", "k2")
    desk.run()
    assert [message.key for message in desk.slack.sent] == ["k1"]
    assert {row.key: row.state for row in desk.rows()} == {
        "k1": "sent",
        "k2": "settled",
    }


def test_a_matter_settled_while_the_answer_was_lost_is_corrected(desk: Desk):
    desk.slack.loses = 1
    desk.plan("k1")
    desk.run()
    desk.settle()
    desk.run_after()
    assert desk.slack.subjects() == ["Settled"]
    assert len(desk.slack.sent) == 1


def test_a_matter_settled_during_the_sending_is_corrected_right_after(desk: Desk):
    desk.slack.on_send = lambda _: desk.settle()
    desk.plan("k1")
    desk.run()
    assert desk.slack.subjects() == ["Settled"]
    assert desk.row().state == "settled"


def test_a_correction_that_fails_for_a_while_is_made_later(desk: Desk):
    desk.plan("k1")
    desk.run()
    desk.settle()
    desk.slack.failures = [Transient("Busy."), Unanswered("No answer came.")]
    desk.run()
    desk.run_after()
    assert desk.slack.subjects() == ["Call Acme"]
    desk.run_after()
    assert desk.slack.subjects() == ["Settled"]


def test_a_message_that_somebody_deleted_needs_no_correction(desk: Desk):
    desk.plan("k1")
    desk.run()
    desk.settle()
    desk.slack.failures = [NotFound("The message is gone.")]
    desk.run()
    row = desk.row()
    assert (row.state, row.error) == ("settled", "The message is gone.")


def test_a_mail_stays_as_it_was_when_its_matter_is_settled(desk: Desk):
    desk.remove_channel("slack")
    desk.plan("k1")
    desk.run()
    desk.settle()
    desk.run()
    assert desk.email.subjects() == ["Call Acme"]
    assert desk.row().state == "settled"


def test_a_slack_id_that_the_admin_gave_is_used_on_slack_alone(
    desk: Desk, clock: FrozenClock
):
    with desk.store.begin() as tx:
        tx.people.save([Person(ROBIN, "Robin", slack="U0ROBIN")], now=clock.now())
    desk.slack.failures = [Permanent("Not now.")]
    desk.plan("k1", "k2")
    desk.run()
    assert [message.to for message in desk.email.sent] == [ROBIN]
    assert [message.to for message in desk.slack.sent] == ["U0ROBIN"]
