"""People: who owns what, which language they read, and who is told in whose place."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from adapters.ports import Crm
from connector.clock import Clock
from connector.services.audit import AuditAction
from connector.services.directory import Directory, Known
from connector.store import Store, Transaction
from connector.store.connections import Connection
from connector.store.people import Owner, Person
from rules.model import OwnerId
from rules.policy import Policy, Recipient
from rules.quiet import Quiet, after_quiet

FRESH = timedelta(seconds=60)
"""How long the owners of a connection's records are kept in memory."""


class Instead(StrEnum):
    """In whose place somebody is told; `NOBODY`: they are the one that was meant."""

    NOBODY = "nobody"
    DEPUTY = "deputy"
    MANAGER = "manager"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody to be told, outside their quiet hours. `zone` is an IANA name."""

    email: str
    name: str
    locale: str
    zone: str
    instead: Instead = Instead.NOBODY
    quiet: Quiet | None = None

    def told_at(self, now: datetime) -> datetime:
        """Return when they may be told: now, or when their quiet hours are over."""
        return after_quiet(now, self.quiet, self.zone)


@dataclass(frozen=True, slots=True)
class _Owners:
    """Who owns records of a connection, as it was read at a moment."""

    read_at: datetime
    locales: Mapping[OwnerId, str]
    names: Mapping[str, str]


class People:
    """The people of every connection."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Remember owners for a minute, by `clock`."""
        self._store = store
        self._clock = clock
        self._owners: dict[int, _Owners] = {}

    def refresh(self, connection: Connection, crm: Crm) -> int:
        """Store who can own records in this CRM; return how many.

        Raises what `adapters.errors` has if the CRM cannot be asked.
        """
        users = crm.people()
        with self._store.begin() as tx:
            tx.people.save_owners(
                connection.id,
                [
                    Owner(
                        user.owner, user.email, user.name, user.is_active, user.manager
                    )
                    for user in users
                ],
            )
        self._owners.pop(connection.id, None)
        return len(users)

    def save(self, persons: Sequence[Person], *, author: str) -> None:
        """Store people as an admin tells of them, e.g. from a file."""
        now = self._clock.now()
        with self._store.begin() as tx:
            tx.people.save(persons, now=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.PEOPLE_IMPORTED,
                target="people",
                after={"people": len(persons)},
                now=now,
            )
        self._owners.clear()

    def set_manager(self, email: str, manager: str | None, *, author: str) -> None:
        """Set who leads somebody; None leaves it to the CRM."""
        now = self._clock.now()
        with self._store.begin() as tx:
            before = tx.people.find(email)
            tx.people.set_manager(email, manager, now=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.MANAGER_SET,
                target=email.lower(),
                before={"manager": before.manager if before is not None else None},
                after={"manager": manager},
                now=now,
            )

    def locale_of(self, connection_id: int, owner: OwnerId | None, default: str) -> str:
        """Return the language of an owner, `default` for whom we know none."""
        if owner is None:
            return default
        return self._owners_of(connection_id).locales.get(owner, default)

    def names_of(self, connection_id: int) -> Mapping[str, str]:
        """Return what the owners of a connection's records are called, by owner."""
        return self._owners_of(connection_id).names

    def recipient_of(
        self,
        tx: Transaction,
        connection_id: int,
        *,
        owner: OwnerId | None,
        role: Recipient,
        policy: Policy,
        told: Collection[str] = (),
    ) -> Addressee | None:
        """Return who is told when a ladder says `role`, of a record of `owner`.

        Whoever is meant, else their deputy, else the next manager above who is there,
        else the policy's fallback. The addresses in `told` have heard of this matter
        in vain: the next in line is told, and where there is none, the last of them
        again. None if there is nobody at all; the admin then has a notice of it.
        """
        now = self._clock.now()
        key = f"nobody/{connection_id}/{policy.process}/{owner or ''}/{role.value}"
        directory = Directory(tx, connection_id)
        found = _first(_line(directory, owner, role, now), told, now)
        if found is None and policy.fallback:
            last = (directory.of_email(policy.fallback), Instead.FALLBACK)
            found = _first([last], (), now)
        if found is not None:
            tx.notices.resolve(key, now=now)
            return _addressee(*found, policy)
        whose = "a record without owner" if owner is None else f"owner {owner}"
        tx.notices.tell(
            key,
            code="nobody_to_tell",
            message=(
                f"A follow-up of {policy.process} had nobody to tell: the"
                f" {role.value} for {whose} is not known or not there, and the policy"
                " names no fallback who is. Name one in the policy, under people."
            ),
            connection_id=connection_id,
            now=now,
        )
        return None

    def addressee(
        self, tx: Transaction, connection_id: int, email: str, policy: Policy
    ) -> Addressee:
        """Return somebody by their address, as a message of a policy tells them."""
        known = Directory(tx, connection_id).of_email(email)
        return _addressee(known, Instead.NOBODY, policy)

    def _owners_of(self, connection_id: int) -> _Owners:
        now = self._clock.now()
        kept = self._owners.get(connection_id)
        if kept is None or now - kept.read_at >= FRESH:
            kept = self._owners[connection_id] = self._read(connection_id, now)
        return kept

    def _read(self, connection_id: int, now: datetime) -> _Owners:
        with self._store.begin() as tx:
            owners = tx.people.owners(connection_id)
            persons = tx.people.find_all([one.email for one in owners.values()])
        locales: dict[OwnerId, str] = {}
        for owner, one in owners.items():
            person = persons.get(one.email)
            if person is not None and person.locale:
                locales[owner] = person.locale
        names = {str(owner): one.name for owner, one in owners.items() if one.name}
        return _Owners(now, locales, names)


def _first(
    line: Iterable[tuple[Known, Instead]], told: Collection[str], now: datetime
) -> tuple[Known, Instead] | None:
    """Return the first of a line who is there and was not told, else the last."""
    last = None
    for known, instead in line:
        if not known.can_be_told(now):
            continue
        if known.email not in told:
            return known, instead
        last = known, instead
    return last


def _line(
    directory: Directory, owner: OwnerId | None, role: Recipient, now: datetime
) -> Iterator[tuple[Known, Instead]]:
    """Yield whom to try, best first; may yield people who are not there."""
    owning = None if owner is None else directory.of_owner(owner)
    # Nobody is told of what they ignored as if they were their own manager.
    passed = set()
    match role:
        case Recipient.OWNER:
            meant = owning
        case Recipient.MANAGER:
            meant = None if owning is None else directory.manager_of(owning)
            passed = set() if owning is None else {owning.email}
        case _:
            assert_never(role)
    instead = Instead.NOBODY
    while meant is not None and meant.email not in passed:
        yield meant, instead
        # A deputy stands in for who is away, not for who has left.
        if meant.is_away(now) and meant.deputy and meant.deputy not in passed:
            yield directory.of_email(meant.deputy), Instead.DEPUTY
        passed.add(meant.email)
        meant = directory.manager_of(meant)
        instead = Instead.MANAGER


def _addressee(known: Known, instead: Instead, policy: Policy) -> Addressee:
    return Addressee(
        email=known.email,
        name=known.name,
        locale=known.locale or policy.locale,
        zone=known.zone or policy.calendar.timezone,
        instead=instead,
        quiet=known.quiet,
    )
