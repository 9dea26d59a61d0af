"""Records and who changes them."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = dict[str, Any]


class Author(NamedTuple):
    """Who makes a change: a user's id, and the client of an API call."""

    user_id: str
    client: str = ""
    is_api: bool = False


@dataclass(slots=True)
class Record:
    """One record. Values are what JSON holds; instants are epoch ms."""

    type: str
    id: str
    values: Json = field(default_factory=dict)
    is_locked: bool = False

    @property
    def is_deleted(self) -> bool:
        """Return whether it lies in the recycle bin."""
        return bool(self.values.get("IsDeleted"))

    def get(self, name: str) -> Any:
        """Return a value, None if there is none."""
        return self.values.get(name)


class Happening(NamedTuple):
    """What happened to a record: CREATE, UPDATE, DELETE or UNDELETE at epoch ms."""

    kind: str
    type: str
    record_id: str
    at: int
    author: Author
    changed: tuple[str, ...] = ()
