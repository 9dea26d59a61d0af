"""The people of the sandbox's company, the same ones for every vendor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class User:
    """One colleague. `number` is what a vendor builds its own ids from.

    `ids` pins ids of a vendor, such as `{"hubspot_owner": "71", "slack": "U07"}`.
    """

    number: int
    email: str
    first_name: str
    last_name: str
    is_active: bool = True
    time_zone: str = "Europe/Amsterdam"
    teams: tuple[str, ...] = ()
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.first_name} {self.last_name}".strip()


class Users:
    """All colleagues, found by e-mail address, number or a vendor's id."""

    def __init__(self) -> None:
        self._by_email: dict[str, User] = {}

    def __iter__(self) -> Iterator[User]:
        return iter(list(self._by_email.values()))

    def __len__(self) -> int:
        return len(self._by_email)

    def find(self, email: str) -> User | None:
        """Return who has this address (case does not matter), or None."""
        return self._by_email.get(email.strip().lower())

    def put(self, raw: Mapping[str, Any]) -> User:
        """Add or change a user: email, name, is_active, time_zone, teams, ids.

        Raises ValueError without an address.
        """
        email = str(raw.get("email") or "").strip().lower()
        if "@" not in email:
            raise ValueError("a user needs an email")
        first, _, last = str(raw.get("name") or email.split("@")[0]).partition(" ")
        known = self._by_email.get(email)
        user = User(
            number=known.number if known else len(self._by_email) + 1,
            email=email,
            first_name=first,
            last_name=last,
            is_active=bool(raw.get("is_active", True)),
            time_zone=str(raw.get("time_zone") or "Europe/Amsterdam"),
            teams=tuple(str(team) for team in raw.get("teams") or ()),
            ids={str(key): str(value) for key, value in (raw.get("ids") or {}).items()},
        )
        self._by_email[email] = user
        return user

    def reset(self) -> None:
        """Forget everybody."""
        self._by_email.clear()
