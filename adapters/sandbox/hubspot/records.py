"""Records, their property versions and where a change came from."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.sandbox.clock import iso
from adapters.sandbox.hubspot.catalog import ObjectType

Json = dict[str, Any]


class Source(NamedTuple):
    """Where a change came from, in the words of a property's history."""

    type: str
    id: str = ""
    user_id: int | None = None
    label: str = ""


class Version(NamedTuple):
    """One value that a property had, from `at` (epoch ms) on."""

    value: str
    at: int
    source: Source

    def shape(self) -> Json:
        """Return the wire form."""
        shaped: Json = {
            "value": self.value,
            "timestamp": iso(self.at),
            "sourceType": self.source.type,
        }
        if self.source.id:
            shaped["sourceId"] = self.source.id
        if self.source.label:
            shaped["sourceLabel"] = self.source.label
        if self.source.user_id is not None:
            shaped["updatedByUserId"] = self.source.user_id
        return shaped


@dataclass(slots=True)
class Record:
    """One record. `values` are wire texts; a cleared property is an empty text.

    `indexed` holds older states for searches while the index lags: (ends at, values).
    """

    type: ObjectType
    id: str
    created_at: int
    updated_at: int
    values: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[Version]] = field(default_factory=dict)
    archived_at: int | None = None
    merged_into: str = ""
    indexed: list[tuple[int, dict[str, str] | None]] = field(default_factory=list)

    @property
    def is_archived(self) -> bool:
        """Return whether it lies in the recycling bin."""
        return self.archived_at is not None

    def value(self, name: str) -> str:
        """Return a value, empty if there is none."""
        return self.values.get(name, "")

    def number(self) -> int:
        """Return the id as a number."""
        return int(self.id)
