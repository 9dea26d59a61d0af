"""Who is told, in whose place, and in which language."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from adapters.errors import Unauthorized
from adapters.ports import Crm, CrmUser
from connector.services.people import Instead, People
from connector.store import Store
from connector.store.connections import Connection
from connector.store.people import Person
from rules.model import OwnerId
from rules.policy import Policy, Recipient
from tests.builders import a_policy
from tests.fakes.clock import FrozenClock

ROBIN = CrmUser(OwnerId("1"), "Robin@example.com", "Robin Rep")
MARIT = CrmUser(OwnerId("2"), "marit@example.com", "Marit Manager")
DORA = CrmUser(OwnerId("3"), "dora@example.com", "Dora Director")
FALLBACK = "sales-ops@example.com"


class UserList:
    """As much of a CRM as is asked for its people."""

    def __init__(self, users: Sequence[CrmUser]) -> None:
        self.users = users

    def people(self) -> Sequence[CrmUser]:
        if not self.users:
            raise Unauthorized("The token was refused.")
        return self.users


@pytest.fixture
def acme(store: Store, clock: FrozenClock) -> Connection:
    with store.begin() as tx:
        made = tx.connections.save(
            "acme", vendor="hubspot", settings={}, secrets=b"", now=clock.now()
        )
        return tx.connections.get(made)


@pytest.fixture
def people(store: Store, clock: FrozenClock) -> People:
    return People(store, clock)


class Told:
    """Asks who would be told, as a follow-up does."""

    def __init__(self, store: Store, people: People, acme: Connection) -> None:
        self._store = store
        self._people = people
        self._acme = acme

    def refresh(self, *users: CrmUser) -> None:
        self._people.refresh(self._acme, cast("Crm", UserList(users)))

    def save(self, *persons: Person) -> None:
        self._people.save(persons, author="anna")

    def who(
        self,
        role: Recipient = Recipient.OWNER,
        *,
        owner: str | None = "1",
        policy: Policy | None = None,
        told: Sequence[str] = (),
    ) -> tuple[str, Instead] | None:
        with self._store.begin() as tx:
            found = self._people.recipient_of(
                tx,
                self._acme.id,
                owner=None if owner is None else OwnerId(owner),
                role=role,
                policy=policy or a_policy(),
                told=told,
            )
        return None if found is None else (found.email, found.instead)


@pytest.fixture
def told(store: Store, people: People, acme: Connection) -> Told:
    return Told(store, people, acme)


def test_an_owner_is_told_in_person(told: Told):
    told.refresh(ROBIN)
    assert told.who() == ("robin@example.com", Instead.NOBODY)


@pytest.mark.parametrize(
    ("users", "persons", "expected"),
    [
        pytest.param(
            [replace(ROBIN, manager=MARIT.owner), MARIT],
            [],
            (MARIT.email, Instead.NOBODY),
            id="the CRM's manager",
        ),
        pytest.param(
            [replace(ROBIN, manager=DORA.owner), MARIT, DORA],
            [Person("robin@example.com", "Robin", manager="Marit@example.com")],
            (MARIT.email, Instead.NOBODY),
            id="the admin's word over the CRM's",
        ),
        pytest.param(
            [replace(ROBIN, manager=MARIT.owner), replace(MARIT, is_active=False)],
            [Person(MARIT.email, "Marit", manager=DORA.email)],
            (DORA.email, Instead.MANAGER),
            id="the next one when the manager has left",
        ),
        pytest.param(
            [replace(ROBIN, manager=ROBIN.owner)],
            [],
            (FALLBACK, Instead.FALLBACK),
            id="nobody is their own manager",
        ),
        pytest.param(
            [
                replace(ROBIN, manager=MARIT.owner),
                replace(MARIT, is_active=False, manager=ROBIN.owner),
            ],
            [],
            (FALLBACK, Instead.FALLBACK),
            id="a circle of managers ends",
        ),
        pytest.param(
            [ROBIN], [], (FALLBACK, Instead.FALLBACK), id="no manager is known"
        ),
        pytest.param(
            [replace(ROBIN, manager=OwnerId("99"))],
            [],
            (FALLBACK, Instead.FALLBACK),
            id="the manager is no owner",
        ),
    ],
)
def test_an_escalation_finds_a_manager(
    told: Told, users: Any, persons: Any, expected: tuple[str, Instead]
):
    told.refresh(*users)
    told.save(*persons)
    assert told.who(Recipient.MANAGER) == expected


LINE = (
    replace(ROBIN, manager=MARIT.owner),
    replace(MARIT, manager=DORA.owner),
    DORA,
)


@pytest.mark.parametrize(
    ("before", "next_in_line"),
    [
        pytest.param([], MARIT.email, id="first the manager"),
        pytest.param([MARIT.email], DORA.email, id="then the manager's manager"),
        pytest.param([MARIT.email, DORA.email], DORA.email, id="then the same again"),
        pytest.param([FALLBACK], MARIT.email, id="whoever has come back meanwhile"),
    ],
)
def test_what_a_manager_left_lying_goes_one_level_higher(
    told: Told, before: Sequence[str], next_in_line: str
):
    told.refresh(*LINE)
    found = told.who(Recipient.MANAGER, told=before)
    assert found is not None
    assert found[0] == next_in_line


def test_a_silent_deputy_is_followed_by_the_next_in_line(
    told: Told, clock: FrozenClock
):
    told.refresh(*LINE)
    told.save(
        Person(
            MARIT.email,
            "Marit",
            manager=DORA.email,
            deputy="petra@example.com",
            away_from=clock.now(),
        )
    )
    deputy = ("petra@example.com", Instead.DEPUTY)
    assert told.who(Recipient.MANAGER) == deputy
    found = told.who(Recipient.MANAGER, told=[deputy[0]])
    assert found == (DORA.email, Instead.MANAGER)


def test_with_nobody_above_a_silent_manager_the_same_one_hears_again(told: Told):
    told.refresh(replace(ROBIN, manager=MARIT.owner), MARIT)
    found = told.who(Recipient.MANAGER, told=[MARIT.email])
    assert found == (MARIT.email, Instead.NOBODY)


def test_a_former_colleagues_records_are_the_managers_matter(told: Told):
    told.refresh(replace(ROBIN, is_active=False, manager=MARIT.owner), MARIT)
    assert told.who() == (MARIT.email, Instead.MANAGER)


def test_a_deputy_stands_in_during_leave_and_not_after_it(
    told: Told, clock: FrozenClock
):
    told.refresh(ROBIN, MARIT)
    until = clock.now() + timedelta(days=7)
    told.save(
        Person(
            "robin@example.com",
            "Robin",
            deputy="Dora@example.com",
            manager=MARIT.email,
            away_until=until,
        )
    )
    assert told.who() == (DORA.email, Instead.DEPUTY)
    clock.set(until)
    assert told.who() == ("robin@example.com", Instead.NOBODY)


def test_leave_without_a_deputy_is_the_managers_matter(told: Told, clock: FrozenClock):
    told.refresh(ROBIN, MARIT)
    told.save(
        Person("robin@example.com", "R", manager=MARIT.email, away_from=clock.now())
    )
    assert told.who() == (MARIT.email, Instead.MANAGER)


@pytest.mark.parametrize("owner", [None, "99"])
@pytest.mark.parametrize("role", list(Recipient))
def test_a_record_that_is_nobodys_goes_to_the_fallback(
    told: Told, owner: str | None, role: Recipient
):
    told.refresh(ROBIN)
    assert told.who(role, owner=owner) == (FALLBACK, Instead.FALLBACK)


def test_with_nobody_left_the_admin_is_told_until_there_is_somebody(
    told: Told, store: Store
):
    told.refresh(ROBIN)
    policy = a_policy(fallback=None)
    for _ in range(2):
        assert told.who(Recipient.MANAGER, policy=policy) is None
    with store.begin() as tx:
        [notice] = tx.notices.open()
    assert (notice.code, notice.times) == ("nobody_to_tell", 2)
    told.save(Person("robin@example.com", "Robin", manager=MARIT.email))
    assert told.who(Recipient.MANAGER, policy=policy) == (MARIT.email, Instead.NOBODY)
    with store.begin() as tx:
        assert tx.notices.open() == []


def test_language_and_zone_are_the_persons_own_else_the_policys(
    told: Told, store: Store, people: People, acme: Connection
):
    told.refresh(ROBIN, MARIT)
    told.save(
        Person("robin@example.com", "Robin", locale="nl", timezone="America/New_York")
    )
    with store.begin() as tx:
        robin, marit = (
            people.recipient_of(
                tx, acme.id, owner=owner, role=Recipient.OWNER, policy=a_policy()
            )
            for owner in (ROBIN.owner, MARIT.owner)
        )
    assert robin is not None
    assert marit is not None
    assert (robin.locale, robin.zone) == ("nl", "America/New_York")
    assert (marit.locale, marit.zone) == ("en", "Europe/Amsterdam")
    assert people.locale_of(acme.id, ROBIN.owner, "en") == "nl"
    assert people.locale_of(acme.id, MARIT.owner, "en") == "en"
    assert people.locale_of(acme.id, None, "en") == "en"


def test_a_language_set_by_another_process_is_seen_within_a_minute(
    told: Told, store: Store, clock: FrozenClock, people: People, acme: Connection
):
    told.refresh(ROBIN)
    assert people.locale_of(acme.id, ROBIN.owner, "en") == "en"
    People(store, clock).save(
        [Person("robin@example.com", "Robin", locale="nl")], author="anna"
    )
    assert people.locale_of(acme.id, ROBIN.owner, "en") == "en"
    clock.advance(timedelta(minutes=1))
    assert people.locale_of(acme.id, ROBIN.owner, "en") == "nl"


def test_a_manager_set_by_hand_is_in_the_audit(
    told: Told, store: Store, people: People
):
    told.refresh(ROBIN)
    people.set_manager("Robin@example.com", MARIT.email, author="anna")
    assert told.who(Recipient.MANAGER) == (MARIT.email, Instead.NOBODY)
    with store.begin() as tx:
        [entry] = tx.audit.latest()
    assert (entry.action, entry.target) == ("manager.set", "robin@example.com")
    assert entry.after == {"manager": MARIT.email}
    assert entry.actor == "anna"


def test_a_crm_that_does_not_answer_leaves_the_owners_as_they_were(told: Told):
    told.refresh(ROBIN)
    with pytest.raises(Unauthorized):
        told.refresh()
    assert told.who() == ("robin@example.com", Instead.NOBODY)
