"""Accounts that cannot be worked with, and those that can again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from adapters.errors import OutsideError, Transient, Unauthorized
from adapters.ports import ProbeLine
from connector.crypto import Vault
from connector.errors import ConfigError, KeyMissing
from connector.metrics import Metrics
from connector.services.accounts import Accounts, ConnectionMissing
from connector.services.enforce import Enforce
from connector.services.hear import Hear
from connector.services.people import People
from connector.services.policies import Policies
from connector.services.reconcile import Reconcile
from connector.store import Store
from connector.store.connections import Connection
from connector.store.health import has_failed
from rules.model import Kind, RecordId, RecordRef
from tests.fakes.account import FakeWorld
from tests.fakes.clock import FrozenClock
from tests.fakes.source import FakeSource, FakeStream
from tests.waiting import wait_for

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


class House:
    """Accounts and what looks at their records, with a key that can be lost."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        self.store = store
        self.clock = clock
        self.world = FakeWorld(clock)
        self.has_key = True
        self.refusal: OutsideError | None = None
        self.stream: FakeStream | None = None
        metrics = Metrics(redis)
        self.forgotten: list[str] = []
        self.accounts = Accounts(
            store,
            crm_for=self.crm_for,
            stream_for=lambda _: self.stream,
            forget_refusals=lambda one: self.forgotten.append(one.name),
            vault=Vault([KEY]),
            clock=clock,
        )
        self.reconcile = Reconcile(
            store,
            crm_for=self.crm_for,
            policies=Policies(store, self.crm_for, clock),
            people=People(store, clock),
            clock=clock,
            metrics=metrics,
        )
        self.enforce = Enforce(
            store,
            crm_for=self.crm_for,
            hear=Hear(store, lambda _: FakeSource(), clock, metrics),
            policies=Policies(store, self.crm_for, clock),
            people=People(store, clock),
            clock=clock,
            metrics=metrics,
        )

    def crm_for(self, _connection: Connection):
        if not self.has_key:
            raise KeyMissing("The key is lost.")
        if self.refusal is not None:
            raise self.refusal
        return self.world.crm

    def save(self, name: str = "acme", vendor: str = "fake", **secrets: str):
        return self.accounts.save(
            name,
            vendor=vendor,
            settings={},
            secrets=secrets,
            rotate=lambda before, after: {**before, **after},
            author="anna",
        )

    def notices(self) -> list[str]:
        with self.store.begin() as tx:
            return [one.message for one in tx.notices.open()]

    def is_due(self) -> bool:
        with self.store.begin() as tx:
            return bool(tx.records.due_connections(self.clock.now()))


@pytest.fixture
def house(store: Store, clock: FrozenClock, redis: Redis) -> House:
    return House(store, clock, redis)


def test_a_connection_that_is_not_there_is_named_with_those_that_are(house: House):
    with pytest.raises(ConnectionMissing, match="None is connected yet"):
        house.accounts.find("acme")
    house.save()
    with pytest.raises(ConnectionMissing, match="There are: acme"):
        house.accounts.find("acmee")


@pytest.mark.parametrize("name", ["", "Acme", "a b", "-a", "x" * 41, "a/b"])
def test_a_name_that_cannot_stand_in_an_address_is_refused(house: House, name: str):
    with pytest.raises(ConfigError, match="cannot be a connection's name"):
        house.save(name)


def test_an_account_keeps_its_vendor(house: House):
    house.save()
    with pytest.raises(ConfigError, match="connected to fake already"):
        house.save(vendor="other")


def test_secrets_are_sealed_and_turned_over_to_the_next_ones(house: House):
    assert b"first" not in house.save(token="first").secrets
    second = house.save(other="second")
    assert Vault([KEY]).open(second.secrets) == {"token": "first", "other": "second"}


def test_an_account_whose_secrets_cannot_be_opened_waits_and_says_so(
    house: House, store: Store, clock: FrozenClock
):
    connection = house.save()
    with store.begin() as tx:
        rows = tx.records.ensure(connection.id, [RecordRef(Kind.DEAL, RecordId("1"))])
        tx.records.hint(list(rows.values()), due_at=clock.now())
    house.has_key = False
    assert house.enforce.look(connection.id).looked == 0
    with store.begin() as tx:
        [notice] = tx.notices.open()
    assert "The key is lost." in notice.message
    assert not house.is_due()
    clock.advance(timedelta(minutes=1))
    assert house.is_due()


def test_new_credentials_wake_what_waits(house: House, store: Store, clock):
    connection = house.save()
    with store.begin() as tx:
        rows = tx.records.ensure(connection.id, [RecordRef(Kind.DEAL, RecordId("1"))])
        tx.records.hint(list(rows.values()), due_at=clock.now())
    house.has_key = False
    house.enforce.look(connection.id)
    assert not house.is_due()
    house.save(token="fresh")
    assert house.is_due()


def test_a_name_can_be_checked_before_anything_is_asked_of_a_person(house: House):
    house.accounts.check("acme", vendor="fake")
    with pytest.raises(ConfigError, match="cannot be a connection's name"):
        house.accounts.check("Acme", vendor="fake")
    house.save()
    house.accounts.check("acme", vendor="fake")
    with pytest.raises(ConfigError, match="connected to fake already"):
        house.accounts.check("acme", vendor="other")


def test_a_probe_asks_afresh_and_settles_what_the_admin_was_told(house: House):
    connection = house.save()
    house.reconcile.put_off_sweep(connection, Unauthorized("The token is dead."))
    assert house.notices() == ["acme: The token is dead."]
    assert house.accounts.probe(connection).is_ok
    assert house.forgotten == ["acme"]
    assert house.notices() == []


def test_an_account_that_cannot_be_asked_has_failed_its_probe(house: House):
    connection = house.save()
    house.refusal = Unauthorized("The token is dead.")
    with pytest.raises(Unauthorized):
        house.accounts.probe(connection)
    probe = house.accounts.find("acme").probe
    assert has_failed(probe)
    assert probe["lines"][0]["message"] == "The token is dead."


def test_what_a_stream_lacks_fails_the_probe_but_not_the_account(house: House):
    connection = house.save()
    house.reconcile.put_off_sweep(connection, Unauthorized("The token is dead."))
    refused = ProbeLine("leads: hear of changes", is_ok=False, message="Select them.")
    heard = ProbeLine("deals: hear of changes", is_ok=True)
    house.stream = FakeStream(heard, refused)
    probe = house.accounts.probe(connection)
    assert probe.lines[-2:] == (heard, refused)
    assert not probe.is_ok
    assert has_failed(house.accounts.find("acme").probe)
    assert house.notices() == [], "records are read and written all the same"


def test_a_sweep_that_cannot_be_made_waits_and_tells_what_will_not_pass(
    house: House, store: Store, clock: FrozenClock
):
    connection = house.save()
    house.reconcile.import_(connection)

    def is_sweep_due() -> bool:
        with store.begin() as tx:
            return bool(tx.connections.sweeps_due(clock.now()))

    assert is_sweep_due()
    house.reconcile.put_off_sweep(
        connection, Transient("Busy.", retry_after=timedelta(minutes=10))
    )
    assert house.notices() == []
    clock.advance(timedelta(minutes=9))
    assert not is_sweep_due()
    clock.advance(timedelta(minutes=1))
    assert is_sweep_due()
    house.reconcile.put_off_sweep(connection, Unauthorized("The token is dead."))
    assert house.notices() == ["acme: The token is dead."]
    assert not is_sweep_due()
    clock.advance(timedelta(minutes=1))
    assert is_sweep_due()


def test_resuming_goes_through_though_it_meets_with_a_worker(
    house: House, engine: Engine
):
    connection = house.save()
    house.accounts.pause(connection, author="anna")

    def is_waiting() -> bool:
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with engine.begin() as asking:
            return asking.execute(text(query)).first() is not None

    # Each waits for the other, until PostgreSQL breaks one of them off.
    with ThreadPoolExecutor(1) as threads:
        with suppress(OperationalError), engine.begin() as worker:
            worker.execute(text("LOCK TABLE clocks IN EXCLUSIVE MODE"))
            resumed = threads.submit(house.accounts.resume, connection, author="anna")
            wait_for(is_waiting, "the command to wait for the worker")
            worker.execute(text("UPDATE connections SET name = name"))
        resumed.result(60)
    assert house.accounts.find("acme").paused_at is None
