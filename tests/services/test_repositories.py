"""What the store keeps about people, channels, notices and the audit."""

from dataclasses import replace
from datetime import timedelta
from traceback import format_exception

import pytest

from connector.errors import Unstorable
from connector.store import Store, open_store
from connector.store.people import Owner, Person
from rules.model import OwnerId
from tests.fakes.clock import FrozenClock


@pytest.fixture
def acme(store: Store, clock: FrozenClock) -> int:
    with store.begin() as tx:
        return tx.connections.save(
            "acme", vendor="hubspot", settings={}, secrets=b"", now=clock.now()
        )


def test_an_error_of_the_database_repeats_no_value(
    database_url: str, clock: FrozenClock
):
    store = open_store(database_url)
    with pytest.raises(Unstorable) as refused, store.begin() as tx:
        tx.connections.save(
            "nul \0",
            vendor="hubspot",
            settings={"customer": "Jansen"},
            secrets=b"sealed",
            now=clock.now(),
        )
    store.close()
    logged = "".join(format_exception(refused.value))
    assert "NUL" in logged
    assert "Jansen" not in logged
    assert "sealed" not in logged


def test_the_audit_keeps_what_was_before_and_after(store: Store, clock: FrozenClock):
    with store.begin() as tx:
        for number in (1, 2):
            tx.audit.add(
                actor="anna",
                action="policy.published",
                target="acme/new-business",
                after={"version": number},
                reason="pilot",
                now=clock.now(),
            )
        tx.audit.add(actor="anna", action="x.y", target="other", now=clock.now())
        entries = tx.audit.latest(target="acme/new-business")
    assert [entry.after for entry in entries] == [{"version": 2}, {"version": 1}]
    assert (entries[0].before, entries[0].reason) == (None, "pilot")


def test_channels_are_tried_by_rank_whatever_came_first(
    store: Store, clock: FrozenClock
):
    with store.begin() as tx:
        for name, rank in (("post", 1), ("b", 0), ("a", 0)):
            tx.channels.add(
                name,
                kind="k",
                settings={"x": name},
                secrets=b"s",
                rank=rank,
                now=clock.now(),
            )
        assert [one.name for one in tx.channels.all()] == ["b", "a", "post"]


def test_a_channel_added_again_keeps_its_place_and_is_enabled(
    store: Store, clock: FrozenClock
):
    with store.begin() as tx:
        for name in ("a", "b"):
            tx.channels.add(
                name, kind="k", settings={}, secrets=b"s", rank=0, now=clock.now()
            )
        assert tx.channels.enable("a", is_enabled=False)
        tx.channels.mark_tested("a", {"is_ok": False})
        found = tx.channels.find("a")
        assert found is not None
        assert (found.is_enabled, found.settings) == (False, {})
        tx.channels.add(
            "a", kind="k", settings={"n": 1}, secrets=b"t", rank=0, now=clock.now()
        )
        first, _ = tx.channels.all()
        assert (first.name, first.is_enabled, first.settings) == ("a", True, {"n": 1})
        assert (first.secrets, first.last_test) == (b"t", {})
        assert tx.channels.remove("a")
        assert not tx.channels.remove("a")
        assert tx.channels.find("a") is None


def test_a_notice_is_counted_and_comes_back_after_it_was_settled(
    store: Store, clock: FrozenClock, acme: int
):
    def tell(message: str) -> bool:
        with store.begin() as tx:
            return tx.notices.tell(
                "k", code="c", message=message, connection_id=acme, now=clock.now()
            )

    assert tell("first")
    first_at = clock.now()
    clock.advance(timedelta(hours=1))
    assert not tell("second")
    with store.begin() as tx:
        [notice] = tx.notices.open()
        assert (notice.times, notice.message) == (2, "second")
        assert (notice.first_at, notice.connection) == (first_at, "acme")
        assert tx.notices.resolve("k", now=clock.now())
        assert not tx.notices.resolve("k", now=clock.now())
        assert tx.notices.open() == []
    assert tell("third")
    with store.begin() as tx:
        [notice] = tx.notices.open()
    assert (notice.times, notice.first_at) == (1, clock.now())


def test_an_owner_whom_the_crm_no_longer_names_has_left(store: Store, acme: int):
    robin = Owner(OwnerId("1"), "Robin@Example.com", "Robin")
    marit = Owner(OwnerId("2"), "marit@example.com", "Marit", manager=OwnerId("1"))
    with store.begin() as tx:
        tx.people.save_owners(acme, [marit, robin])
        tx.people.save_owners(acme, [marit])
        tx.people.save_owners(acme, [])
        found = tx.people.owners(acme)
        assert not found[OwnerId("1")].is_active
        assert found[OwnerId("1")].email == "robin@example.com"
        assert found[OwnerId("2")] == marit
        assert tx.people.has_left("ROBIN@example.com")
        assert not tx.people.has_left("marit@example.com")
        assert not tx.people.has_left("nobody@example.com")


def test_an_account_may_have_more_owners_than_one_statement_takes(
    store: Store, acme: int
):
    many = [
        Owner(OwnerId(str(number)), email="", name="Anna") for number in range(12_000)
    ]
    with store.begin() as tx:
        tx.people.save_owners(acme, many)
        found = tx.people.owners(acme)
    assert len(found) == len(many)


def test_what_the_admin_says_of_a_person_is_replaced_but_a_slack_id_stays(
    store: Store, clock: FrozenClock
):
    now = clock.now()
    with store.begin() as tx:
        robin = Person("Robin@example.com", "R", manager="Marit@example.com")
        tx.people.save([replace(robin, slack="U1")], now=now)
        tx.people.save([Person("robin@example.com", "Robin R", locale="nl")], now=now)
        found = tx.people.find("ROBIN@example.com")
        assert found is not None
        assert (found.name, found.slack, found.locale) == ("Robin R", "U1", "nl")
        assert found.manager is None
        assert [one.email for one in tx.people.all()] == ["robin@example.com"]


def test_a_manager_can_be_set_for_somebody_only_the_crm_knows(
    store: Store, clock: FrozenClock, acme: int
):
    with store.begin() as tx:
        tx.people.save_owners(acme, [Owner(OwnerId("1"), "r@example.com", "Robin")])
        tx.people.set_manager("R@example.com", "M@example.com", now=clock.now())
        found = tx.people.find("r@example.com")
        assert found is not None
        assert (found.name, found.manager) == ("Robin", "m@example.com")
        tx.people.set_manager("r@example.com", None, now=clock.now())
        assert tx.people.find_all(["R@example.com"])["r@example.com"].manager is None


@pytest.mark.parametrize("name", ["nul \0", "no \udcff UTF-8"])
def test_what_cannot_be_stored_is_no_failure_of_the_database(store: Store, name: str):
    with pytest.raises(Unstorable), store.begin() as tx:
        tx.connections.find(name)
