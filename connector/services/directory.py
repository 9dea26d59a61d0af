"""What CRM and admin together know of people, one connection at a time."""

from dataclasses import dataclass
from datetime import datetime

from connector.store import Transaction
from connector.store.people import Owner
from rules.model import OwnerId
from rules.quiet import Quiet, read_quiet


@dataclass(frozen=True, slots=True)
class Known:
    """A person. `manager` and `deputy` are addresses; empty is what nobody knows."""

    email: str
    name: str = ""
    manager: str = ""
    deputy: str = ""
    locale: str = ""
    zone: str = ""
    quiet: Quiet | None = None
    is_active: bool = True
    away_from: datetime | None = None
    away_until: datetime | None = None

    def is_away(self, now: datetime) -> bool:
        """Return whether they are on leave at `now`."""
        if self.away_from is None and self.away_until is None:
            return False
        has_begun = self.away_from is None or self.away_from <= now
        return has_begun and (self.away_until is None or now < self.away_until)

    def can_be_told(self, now: datetime) -> bool:
        """Return whether a message would be read."""
        return bool(self.email) and self.is_active and not self.is_away(now)


class Directory:
    """Looks people up, by owner or by address. What the admin says comes first."""

    def __init__(self, tx: Transaction, connection_id: int) -> None:
        """Look in `tx`, among the owners of one connection."""
        self._tx = tx
        self._connection_id = connection_id

    def of_owner(self, owner: OwnerId) -> Known | None:
        """Return an owner; None if the CRM names none, or none with an address."""
        found = self._tx.people.find_owner(self._connection_id, owner)
        return None if found is None or not found.email else self._join(found)

    def of_email(self, email: str) -> Known:
        """Return whom an address belongs to; a stranger is taken to be there."""
        address = email.strip().lower()
        found = self._tx.people.find_owner_of(self._connection_id, address)
        if found is None:
            has_left = self._tx.people.has_left(address)
            found = Owner(OwnerId(""), address, "", is_active=not has_left)
        return self._join(found)

    def manager_of(self, known: Known) -> Known | None:
        """Return who leads somebody, or None."""
        return self.of_email(known.manager) if known.manager else None

    def _join(self, owner: Owner) -> Known:
        person = self._tx.people.find(owner.email)
        manager = "" if person is None else person.manager or ""
        if not manager and owner.manager is not None:
            above = self._tx.people.find_owner(self._connection_id, owner.manager)
            manager = "" if above is None else above.email
        if person is None:
            return Known(
                owner.email, owner.name, manager=manager, is_active=owner.is_active
            )
        return Known(
            owner.email,
            person.name or owner.name,
            manager=manager,
            deputy=person.deputy or "",
            locale=person.locale or "",
            zone=person.timezone or "",
            quiet=_quiet(person.quiet),
            is_active=owner.is_active,
            away_from=person.away_from,
            away_until=person.away_until,
        )


def _quiet(text: str | None) -> Quiet | None:
    """Return somebody's quiet hours; what cannot be read keeps no message back."""
    try:
        return read_quiet(text) if text else None
    except ValueError:
        return None
