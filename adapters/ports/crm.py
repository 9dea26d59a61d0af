"""The door to a CRM: reading records and what is linked to them, and writing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from adapters.errors import LONGEST_PAUSE, Exhausted, OutsideError, Transient
from adapters.ports.probe import Probe
from rules.account import Account
from rules.model import (
    Actor,
    Evidence,
    EvidenceKind,
    FieldMap,
    FieldName,
    Kind,
    OwnerId,
    Record,
    RecordRef,
    StageId,
    Value,
)


class OutcomeKind(StrEnum):
    """How one write of a batch ended.

    `unknown`: no answer came, it may have been applied; look before repeating.
    `failed`: not applied, worth repeating later.
    """

    DONE = "done"
    REFUSED = "refused"
    CONFLICT = "conflict"
    GONE = "gone"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one write. `external_id` is the vendor's id of what was made.

    `reason` is the vendor's own words for a refusal, short, shown to the admin. What
    has failed because the account takes nothing for a while says with `retry_after` how
    long to leave it alone: that is no fault of what was to be written. One that
    `is_used_up` allows no more for hours, and an admin should know.
    """

    kind: OutcomeKind
    external_id: str = ""
    reason: str = ""
    retry_after: timedelta | None = None
    is_used_up: bool = False

    @classmethod
    def of(cls, kind: OutcomeKind, error: OutsideError) -> "Outcome":
        """Return the end that this error made of a write."""
        wait = error.retry_after if isinstance(error, Transient) else None
        if wait is None or wait <= LONGEST_PAUSE:
            return cls(kind, reason=str(error))
        return cls(
            kind,
            reason=str(error),
            retry_after=wait,
            is_used_up=isinstance(error, Exhausted),
        )


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """Set fields of one record, if it still stands as `expected`.

    `values` may hold `stage` and any field of the field map. A vendor with conditional
    writes uses `expected.modified_at`; the others have been re-read just before.
    """

    key: str
    expected: Record
    values: Mapping[FieldName, Value]


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a record's timeline. `html` holds p, b, ul, li, a and br only.

    `key` makes it findable: the adapter puts it into what the CRM stores.
    """

    key: str
    on: RecordRef
    at: datetime
    html: str
    owner: OwnerId | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task for a person on a record; `key` makes it findable, as with notes."""

    key: str
    on: RecordRef
    subject: str
    html: str
    due_at: datetime
    owner: OwnerId | None = None
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One stretch that a record spent in a stage, from the CRM's own history."""

    stage: StageId
    entered_at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True)
class Traced:
    """A record read afresh, with its way through the stages, oldest first."""

    record: Record
    path: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class CrmUser:
    """A person the CRM knows. `owner` is what records carry in their owner field."""

    owner: OwnerId
    email: str
    name: str
    is_active: bool = True
    manager: OwnerId | None = None


class Crm(Protocol):
    """One connected CRM account. Safe to use from several threads."""

    @property
    def round_size(self) -> int:
        """How many records to look at together at most: their batches are then full."""
        ...

    def account(self, kinds: Sequence[Kind]) -> Account:
        """Return pipelines, stages and properties, afresh, archived stages included."""
        ...

    def people(self) -> Sequence[CrmUser]:
        """Return everybody who can own a record, former colleagues included."""
        ...

    def read(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Record]:
        """Return the records as they stand; one that is gone or hidden is absent."""
        ...

    def trace(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Traced]:
        """Return the records as they stand and who moved them; gone ones are absent."""
        ...

    def scan(
        self, kind: Kind, fields: FieldMap, *, since: datetime | None = None
    ) -> Iterator[Sequence[Record]]:
        """Yield every record changed at or after `since` (all if None), in batches.

        Oldest change first, so that the last `modified_at` is a cursor. A record that
        changes meanwhile may come twice.
        """
        ...

    def count(self, kind: Kind, *, since: datetime | None = None) -> int | None:
        """Return how many records `scan` will yield, about; None if that is unknown."""
        ...

    def touched(
        self, kind: Kind, evidence: frozenset[EvidenceKind], *, since: datetime
    ) -> Iterator[Sequence[RecordRef]]:
        """Yield records to which something of `evidence` was linked since then.

        Or of which it changed. In batches; a record may come twice, and some come from
        shortly before. What being linked changes on a record itself, `scan` tells.
        """
        ...

    def evidence(
        self, refs: Sequence[RecordRef], kinds: frozenset[EvidenceKind], now: datetime
    ) -> Mapping[RecordRef, Evidence]:
        """Return for every ref what of `kinds` is linked.

        `now` parts what is past from what is planned.
        """
        ...

    def write(
        self, writes: Sequence[FieldWrite], fields: FieldMap
    ) -> Mapping[str, Outcome]:
        """Set fields, and say by key how each write ended."""
        ...

    def write_notes(self, notes: Sequence[Note]) -> Mapping[str, Outcome]:
        """Put notes on timelines, and say by key how each ended."""
        ...

    def create_tasks(self, tasks: Sequence[Task]) -> Mapping[str, Outcome]:
        """Create tasks, and say by key how each ended."""
        ...

    def find_notes(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those notes, by key, that the CRM already has."""
        ...

    def find_tasks(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those tasks, by key, that the CRM already has."""
        ...

    def completed_tasks(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these tasks somebody has completed."""
        ...

    def probe(self) -> Probe:
        """Try, without side effects, every right that is needed."""
        ...
