"""An admin's desk: an account in memory, its policies, and the services around them."""

from redis import Redis

from adapters.ports import Crm
from connector.metrics import Metrics
from connector.services.enforce import Enforce
from connector.services.hear import Hear
from connector.services.notify import Notify
from connector.services.people import People
from connector.services.policies import Active, Policies
from connector.services.publishing import Publishing
from connector.services.reconcile import Reconcile
from connector.store import Store
from connector.store.connections import Connection
from connector.store.people import Person
from tests.fakes.account import FakeWorld
from tests.fakes.clock import FrozenClock
from tests.fakes.notifier import FakeNotifier
from tests.fakes.source import FakeSource

REP, MANAGER, ANNA = "rep@example.com", "manager@example.com", "anna@example.com"

POLICY = """\
version: 1
process: new-business
title: {en: New business, nl: Nieuwe klanten}
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
calendar: {timezone: Europe/Amsterdam}
enforcement: flag
goals:
  forecast: {en: We see where deals really stall., nl: We zien waar deals vastlopen.}
stages:
  lead:
  qualification: {requires: [decision_maker], goal: forecast}
  demo: {gate: "meetings >= 1", goal: forecast}
  quote_sent: {requires: [amount], goal: forecast}
  negotiation:
  won:
  lost: {from: any}
moves:
  skip: {goal: forecast}
checks:
  amount-not-negative: {goal: forecast, check: "amount >= 0", on_fail: restore}
people: {fallback: ops@example.com}
"""


class Desk:
    """One account and everything that an admin does with its policies."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        self.store = store
        self.clock = clock
        self.metrics = Metrics(redis)
        self.world = FakeWorld(clock)
        self.crm: Crm = self.world.crm
        self.channel = FakeNotifier()
        self.people = People(store, clock)
        self.policies = Policies(store, self.crm_for, clock)
        self.reconcile = Reconcile(
            store,
            crm_for=self.crm_for,
            policies=self.policies,
            people=self.people,
            clock=clock,
            metrics=self.metrics,
        )
        self.publishing = Publishing(
            store, policies=self.policies, reconcile=self.reconcile, clock=clock
        )
        with store.begin() as tx:
            self.id = tx.connections.save(
                "acme", vendor="fake", settings={}, secrets=b"", now=clock.now()
            )
            tx.channels.add(
                "chat", kind="k", settings={}, secrets=b"", rank=0, now=clock.now()
            )

    def crm_for(self, _: Connection) -> Crm:
        return self.crm

    @property
    def connection(self) -> Connection:
        with self.store.begin() as tx:
            return tx.connections.get(self.id)

    def publish(self, text: str = POLICY, **more) -> Active:
        return self.policies.publish(
            text, self.connection, note="Agreed", author="anna", **more
        )

    def import_(self) -> None:
        self.reconcile.import_(self.connection)

    def look(self) -> None:
        """Find out what has changed, and judge it."""
        self.reconcile.sweep(self.connection)
        Enforce(
            self.store,
            crm_for=self.crm_for,
            hear=Hear(self.store, lambda _: FakeSource(), self.clock, self.metrics),
            policies=self.policies,
            people=self.people,
            clock=self.clock,
            metrics=self.metrics,
        ).look(self.id)

    def send(self) -> None:
        """Send the messages that are due."""
        Notify(
            self.store,
            notifier_for=lambda _: self.channel,
            clock=self.clock,
            metrics=self.metrics,
        ).run()

    def in_force(self) -> list[tuple[str, int]]:
        with self.store.begin() as tx:
            found = self.policies.active(tx, self.id)
        return [(one.policy.process, one.version.number) for one in found]

    def speaks(self, email: str, locale: str) -> None:
        """Have somebody read another language."""
        self.people.save([Person(email, "", locale=locale)], author="anna")
