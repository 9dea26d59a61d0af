"""A company with one account and every service, on a real store: tests act with it."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

from redis import Redis

from adapters.ports import Crm, Heard, HeardKind
from connector.metrics import Metrics
from connector.services.digests import Digests
from connector.services.enforce import Enforce
from connector.services.follow_up import FollowUps
from connector.services.hear import Hear
from connector.services.notify import Notify
from connector.services.pausing import pause_connection, resume_connection
from connector.services.people import People
from connector.services.policies import Policies
from connector.services.reconcile import Reconcile
from connector.store import Store
from connector.store.clocks import ClockSummary
from connector.store.connections import Connection
from connector.store.notifications import Notification
from connector.store.violations import Violation
from rules.model import AMOUNT, CLOSE_DATE, Actor, ActorClass, RecordRef, StageId
from tests.fakes.account import FakeWorld
from tests.fakes.clock import FrozenClock
from tests.fakes.notifier import FakeNotifier
from tests.fakes.source import FakeSource
from tests.fakes.world import World

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=60)


class Killed(BaseException):
    """The worker dies on the spot."""


class Deadly:
    """A CRM whose worker dies when it comes to one of its methods."""

    def __init__(self, crm: Crm, method: str) -> None:
        self._crm = crm
        self._method = method

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            raise Killed
        return getattr(self._crm, name)


class Meddled:
    """A CRM with something that happens when it comes to one of its methods."""

    def __init__(self, crm: Crm, method: str, act: Callable[[], None]) -> None:
        self._crm = crm
        self._method = method
        self._act = act

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            self._act()
        return getattr(self._crm, name)


class Telling(FakeSource):
    """A source whose every delivery says the same."""

    def __init__(self, told: Heard) -> None:
        super().__init__()
        self._told = told

    def hear(self, _body: bytes) -> list[Heard]:
        return [self._told]


class Office:
    """A company with one account, its policy in force, and a channel."""

    def __init__(
        self,
        store: Store,
        clock: FrozenClock,
        redis: Redis,
        policy: str,
        *,
        world: World | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.metrics = Metrics(redis)
        self._heard = 0
        self.world = world or FakeWorld(clock)
        self.crm: Crm = self.world.crm
        self.channel = FakeNotifier()
        self.people = People(store, clock)
        self.policies = Policies(store, self._crm_for, clock)
        with store.begin() as tx:
            self.id = tx.connections.save(
                "acme", vendor="fake", settings={}, secrets=b"", now=clock.now()
            )
            tx.channels.add(
                "chat", kind="k", settings={}, secrets=b"", rank=0, now=clock.now()
            )
        self.reconcile = Reconcile(
            store,
            crm_for=self._crm_for,
            policies=self.policies,
            people=self.people,
            clock=clock,
            metrics=self.metrics,
        )
        self.publish(policy)
        self.reconcile.import_(self.connection())

    def _crm_for(self, _: Connection) -> Crm:
        return self.crm

    def connection(self) -> Connection:
        with self.store.begin() as tx:
            return tx.connections.get(self.id)

    def publish(self, text: str) -> None:
        self.policies.publish(text, self.connection(), note="n", author="anna")

    def set_paused(self, *, is_paused: bool) -> None:
        with self.store.begin() as tx:
            act = pause_connection if is_paused else resume_connection
            act(tx, tx.connections.get(self.id), self.clock.now())

    def add_deal(self) -> RecordRef:
        """Have a deal that Slagboom has seen being made."""
        deal = self.world.add_record(owner=self.world.rep)
        self.look()
        return deal

    def add_at(self, stage: str, amount: float | None = 5.0) -> RecordRef:
        """Have a deal of the rep's that was seen in this stage an hour ago."""
        deal = self.world.add_record(
            stage=StageId(f"s-{stage}"),
            owner=self.world.rep,
            values={AMOUNT: amount, CLOSE_DATE: date(2027, 1, 31)},
        )
        self.look()
        self.clock.advance(HOUR)
        return deal

    def move(self, deal: RecordRef, stage: str) -> str:
        """Move a deal, and return where it stands an hour later."""
        self.world.move(deal, StageId(f"s-{stage}"))
        self.look()
        self.clock.advance(HOUR)
        return self.stage_of(deal)

    def stage_of(self, deal: RecordRef) -> str:
        """Return where a deal stands, by the key that policies have for the stage."""
        stage = self.world.crm.read([deal], {})[deal].stage
        return str(stage).removeprefix("s-")

    def look(self) -> None:
        """Find out what has changed, and judge it."""
        self.reconcile.sweep(self.connection())
        self.judge()

    def judge(self) -> None:
        """Look at what is due, whatever else has changed."""
        self.enforce().look(self.id)

    def kill_at(self, method: str) -> None:
        """Have the worker die just before the CRM is asked to do this."""
        self.crm = cast("Crm", Deadly(self.world.crm, method))

    def pause_at(self, method: str) -> None:
        """Have everything paused just before the CRM is asked to do this."""
        self.meddle_at(method, partial(self.set_paused, is_paused=True))

    def meddle_at(self, method: str, act: Callable[[], None]) -> None:
        """Have something happen just before the CRM is first asked to do this."""

        def once() -> None:
            self.crm = self.world.crm
            act()

        self.crm = cast("Crm", Meddled(self.world.crm, method, once))

    def revive(self) -> None:
        """Have another worker, once the dead one's records are free again."""
        self.crm = self.world.crm
        self.clock.advance(LEASE + timedelta(seconds=1))

    def hear(
        self,
        record: RecordRef,
        by: Actor,
        property_: str = "",
        *,
        kind: HeardKind = HeardKind.CHANGED,
        more: bool = False,
    ) -> None:
        """Hear that somebody has changed a record, and judge it unless `more` comes."""
        self._heard += 1
        now = self.clock.now()
        key = f"heard-{self._heard}"
        change = Heard(key, kind, record, now, by, property_)
        with self.store.begin() as tx:
            delivery = tx.deliveries.add(self.id, b"[]", now)
            rows = tx.records.ensure(self.id, [record])
            tx.changes.add(self.id, delivery, [change], rows)
            tx.records.hint(list(rows.values()), due_at=now)
        if not more:
            self.judge()

    def hear_merge(self, into: RecordRef, *merged: RecordRef) -> None:
        """Hear that records have become one."""
        now = self.clock.now()
        by = Actor(ActorClass.PERSON, "Robin")
        told = Heard("merge", HeardKind.MERGED, into, now, by, merged=merged)
        with self.store.begin() as tx:
            tx.deliveries.add(self.id, b"[]", now)
        hear = Hear(self.store, lambda _: Telling(told), self.clock, self.metrics)
        hear.take_apart(self.connection())

    def enforce(self) -> Enforce:
        return Enforce(
            self.store,
            crm_for=self._crm_for,
            hear=Hear(self.store, lambda _: FakeSource(), self.clock, self.metrics),
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
            page_url="https://s.example",
        )

    def follow_ups(self) -> FollowUps:
        return FollowUps(
            self.store,
            crm_for=self._crm_for,
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
            lease=LEASE,
        )

    def digests(self) -> Digests:
        return Digests(
            self.store, policies=self.policies, people=self.people, clock=self.clock
        )

    def run(self) -> int:
        """Take what is due, and send what it comes to."""
        self.digests().run()
        taken = self.follow_ups().run().due
        self.digests().run()
        Notify(
            self.store,
            notifier_for=lambda _: self.channel,
            clock=self.clock,
            metrics=self.metrics,
        ).run()
        return taken

    def run_after(self, wait: timedelta) -> int:
        self.clock.advance(wait)
        return self.run()

    def run_daily(self, days: int) -> None:
        for _ in range(days):
            self.run_after(DAY)

    def told(self) -> list[tuple[str, str]]:
        """Return whom the channel told, and of what kind the message is."""
        purposes = {one.key: one.purpose.value for one in self.messages()}
        return [(one.to, purposes[one.key]) for one in self.channel.sent]

    def messages(self) -> list[Notification]:
        with self.store.begin() as tx:
            return tx.notifications.latest()

    def clocks(self) -> list[ClockSummary]:
        with self.store.begin() as tx:
            return tx.clocks.latest(only_running=False)

    def ended_why(self) -> list[str | None]:
        return [clock.ended_why for clock in self.clocks()]

    def violations(self, *, is_all: bool = False) -> list[Violation]:
        """Return what stands against the policy; with `is_all` what ever stood."""
        with self.store.begin() as tx:
            return tx.violations.latest(only_open=not is_all)

    def notices(self) -> list[str]:
        with self.store.begin() as tx:
            return [notice.code for notice in tx.notices.open()]
