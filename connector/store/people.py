"""People: whom we can reach, and which owners of the CRMs they are.

An address is the key on both sides, in lower case. `owners` is what the CRMs say,
`people` what an admin has told us on top of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import owners, people
from rules.model import OwnerId


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who can own records of a connection, as its CRM has them.

    `manager` is another owner of the same connection. `email` may be empty.
    """

    owner: OwnerId
    email: str
    name: str
    is_active: bool = True
    manager: OwnerId | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the admin knows them. `manager` and `deputy` are addresses.

    `slack` is the member's id in Slack, `timezone` an IANA name, `locale` such as `nl`.
    """

    email: str
    name: str
    manager: str | None = None
    deputy: str | None = None
    slack: str | None = None
    timezone: str | None = None
    locale: str | None = None
    quiet: str | None = None
    away_from: datetime | None = None
    away_until: datetime | None = None

    def handle_on(self, kind: str) -> str | None:
        """Return what they are called on a kind of channel, None if we do not know."""
        return {"slack": self.slack}.get(kind)


_PERSON = [people.c[name] for name in Person.__slots__]


class People:
    """The `people` and `owners` tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save_owners(self, connection_id: int, found: Sequence[Owner]) -> None:
        """Store the CRM's owners; one that it does not name any more stays, inactive.

        An empty list changes nothing: no account is without an owner.
        """
        unique = {one.owner: one for one in found}
        if not unique:
            return
        statement = insert(owners)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["connection_id", "owner"],
                set_={
                    "email": statement.excluded.email,
                    "name": statement.excluded.name,
                    "is_active": statement.excluded.is_active,
                    "manager": statement.excluded.manager,
                },
            ),
            [
                {
                    "connection_id": connection_id,
                    "owner": owner,
                    "email": one.email.strip().lower(),
                    "name": one.name,
                    "is_active": one.is_active,
                    "manager": one.manager,
                }
                for owner, one in sorted(unique.items())
            ],
        )
        self._connection.execute(
            update(owners)
            .where(
                owners.c.connection_id == connection_id,
                owners.c.owner.not_in(sorted(unique)),
            )
            .values(is_active=False)
        )

    def owners(self, connection_id: int) -> dict[OwnerId, Owner]:
        """Return the owners of a connection, former colleagues included."""
        rows = self._connection.execute(
            select(owners)
            .where(owners.c.connection_id == connection_id)
            .order_by(owners.c.owner)
        ).mappings()
        return {OwnerId(row["owner"]): _owner(row) for row in rows}

    def find_owner(self, connection_id: int, owner: OwnerId) -> Owner | None:
        """Return one owner of a connection, or None."""
        row = (
            self._connection.execute(
                select(owners).where(
                    owners.c.connection_id == connection_id, owners.c.owner == owner
                )
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else _owner(row)

    def find_owner_of(self, connection_id: int, email: str) -> Owner | None:
        """Return the owner with this address on a connection, an active one first."""
        row = (
            self._connection.execute(
                select(owners)
                .where(
                    owners.c.connection_id == connection_id,
                    owners.c.email == _address(email),
                )
                .order_by(owners.c.is_active.desc(), owners.c.owner)
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else _owner(row)

    def has_left(self, email: str) -> bool:
        """Return whether every CRM that knows this address calls it inactive."""
        rows = self._connection.scalars(
            select(owners.c.is_active).where(owners.c.email == _address(email))
        ).all()
        return bool(rows) and not any(rows)

    def name_of(self, email: str) -> str:
        """Return what an address' person is called; empty if nobody knows."""
        person = self.find(email)
        if person is not None and person.name:
            return person.name
        name = self._connection.scalars(
            select(owners.c.name)
            .where(owners.c.email == _address(email), owners.c.name != "")
            .order_by(owners.c.is_active.desc(), owners.c.connection_id)
            .limit(1)
        ).first()
        return name or ""

    def save(self, persons: Sequence[Person], *, now: datetime) -> None:
        """Store people as the admin tells of them, in place of what was there.

        A Slack id that was given earlier stays if none is given now.
        """
        unique = {_address(one.email): one for one in persons}
        if not unique:
            return
        statement = insert(people).values(
            [
                {
                    "email": email,
                    "name": one.name,
                    "manager": _maybe_address(one.manager),
                    "deputy": _maybe_address(one.deputy),
                    "slack": one.slack,
                    "timezone": one.timezone,
                    "locale": one.locale,
                    "quiet": one.quiet,
                    "away_from": one.away_from,
                    "away_until": one.away_until,
                    "imported_at": now,
                }
                for email, one in sorted(unique.items())
            ]
        )
        given = statement.excluded
        changed: dict[str, Any] = {
            name: given[name] for name in Person.__slots__ if name != "email"
        }
        changed["slack"] = func.coalesce(given.slack, people.c.slack)
        changed["imported_at"] = given.imported_at
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["email"], set_=changed)
        )

    def set_manager(self, email: str, manager: str | None, *, now: datetime) -> None:
        """Set who leads somebody, whatever the CRM says; None leaves it to the CRM."""
        address, leader = _address(email), _maybe_address(manager)
        self._connection.execute(
            insert(people)
            .values(
                email=address,
                name=self.name_of(address),
                manager=leader,
                imported_at=now,
            )
            .on_conflict_do_update(index_elements=["email"], set_={"manager": leader})
        )

    def find(self, email: str) -> Person | None:
        """Return the person with this address, or None."""
        row = (
            self._connection.execute(
                select(*_PERSON).where(people.c.email == _address(email))
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else Person(**row)

    def find_all(self, emails: Collection[str]) -> dict[str, Person]:
        """Return who is known of these addresses, by address in lower case."""
        rows = self._connection.execute(
            select(*_PERSON).where(
                people.c.email.in_(sorted({_address(email) for email in emails}))
            )
        ).mappings()
        return {row["email"]: Person(**row) for row in rows}

    def all(self) -> list[Person]:
        """Return everybody that the admin told of, by address."""
        rows = self._connection.execute(
            select(*_PERSON).order_by(people.c.email)
        ).mappings()
        return [Person(**row) for row in rows]


def _address(email: str) -> str:
    return email.strip().lower()


def _maybe_address(email: str | None) -> str | None:
    return _address(email) or None if email else None


def _owner(row: RowMapping) -> Owner:
    return Owner(
        owner=OwnerId(row["owner"]),
        email=row["email"],
        name=row["name"],
        is_active=row["is_active"],
        manager=None if row["manager"] is None else OwnerId(row["manager"]),
    )
