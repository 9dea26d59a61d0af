"""What a test does to a CRM account from outside, whatever CRM it is.

A `World` is an account with people at work in it. The contract suite runs on every one
of them, so nothing here has a vendor's words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from adapters.ports import Crm
from rules.model import (
    ActorClass,
    EvidenceKind,
    FieldMap,
    FieldName,
    Kind,
    OwnerId,
    RecordRef,
    StageId,
    Value,
)

AMOUNT = FieldName("amount")
DECISION_MAKER = FieldName("decision_maker")
CONTRACT_DATE = FieldName("contract_date")
HAS_BUDGET = FieldName("has_budget")
DEMO_AT = FieldName("demo_at")
"""The fields of deals that every world has: one of each type."""


class Door(StrEnum):
    """Which requests a trouble is for."""

    READ = "read"
    WRITE = "write"
    NOTES = "notes"
    TASKS = "tasks"


class Trouble(StrEnum):
    """What becomes of requests.

    lost: the next one is applied and its answer lost. dropped: the next one is lost
    before it is applied. busy: all are turned away until `recover`. paused: likewise,
    and the account asks to be left alone for about a minute. used_up: likewise, and the
    account says that it allows no more for hours.
    """

    LOST = "lost"
    DROPPED = "dropped"
    BUSY = "busy"
    PAUSED = "paused"
    USED_UP = "used_up"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A note or a task as it hangs on a record. `html` is as people see it."""

    id: str
    html: str
    at: datetime
    owner: OwnerId | None = None
    subject: str = ""
    is_urgent: bool = False


class World(Protocol):
    """An account, and the hands that move it.

    Its people are the rep, another one, and the former. `mergeable` is a kind of which
    two can be merged, `blank` what a field reads that nobody has set, where that is not
    None, `page` the most records that a scan yields at once.
    """

    rep: OwnerId
    other: OwnerId
    former: OwnerId
    mergeable: Kind
    blank: Mapping[FieldName, Value]
    page: int

    @property
    def crm(self) -> Crm:
        """Return the door to the account that is put to the test."""
        ...

    @property
    def fields(self) -> FieldMap:
        """Return the properties of deals that stand for the fields above."""
        ...

    def told(self, by: ActorClass) -> ActorClass:
        """Return as whose a change of theirs is told."""
        ...

    def stages(self, kind: Kind) -> Sequence[StageId]:
        """Return the stages of the kind's first pipeline; those of deals are many."""
        ...

    def now(self) -> datetime:
        """Return the account's own time."""
        ...

    def advance(self, by: timedelta) -> None:
        """Let time pass, for the account and for the adapter."""
        ...

    def add_record(
        self,
        kind: Kind = Kind.DEAL,
        *,
        stage: StageId | None = None,
        values: Mapping[FieldName, Value] | None = None,
        owner: OwnerId | None = None,
        created_at: datetime | None = None,
        name: str = "Acme",
    ) -> RecordRef:
        """Have the rep make a record; without a stage it stands in the first one."""
        ...

    def add_many(self, count: int, *, created_at: datetime) -> list[RecordRef]:
        """Import so many deals, all in one moment."""
        ...

    def move(
        self,
        ref: RecordRef,
        stage: StageId,
        *,
        by: ActorClass = ActorClass.PERSON,
        at: datetime | None = None,
    ) -> None:
        """Move a record as a person, a workflow, an integration or an import."""
        ...

    def edit(self, ref: RecordRef, field: FieldName, value: Value) -> None:
        """Have the rep set a field."""
        ...

    def link(
        self,
        ref: RecordRef,
        kind: EvidenceKind,
        *,
        at: datetime | None = None,
        counts: bool = True,
    ) -> None:
        """Link one piece of evidence; one that does not count was void or a draft.

        An e-mail that was not sent to the customer came from the customer.
        """
        ...

    def notes(self, ref: RecordRef) -> list[Pinned]:
        """Return the notes that hang on a record."""
        ...

    def tasks(self, ref: RecordRef) -> list[Pinned]:
        """Return the tasks that hang on a record; `at` is when they are due."""
        ...

    def complete_task(self, task_id: str) -> None:
        """Have the rep complete a task."""
        ...

    def delete(self, ref: RecordRef) -> None:
        """Have the rep delete a record."""
        ...

    def restore(self, ref: RecordRef) -> None:
        """Have the rep restore what was deleted."""
        ...

    def merge(self, ref: RecordRef, other: RecordRef) -> RecordRef:
        """Merge two records and return the one that lives on."""
        ...

    def archive_stage(self, kind: Kind, stage: StageId) -> None:
        """Have an admin archive a stage."""
        ...

    def refuse(self, ref: RecordRef, reason: str) -> None:
        """Have the account refuse every write to a record."""
        ...

    def trouble(self, door: Door, trouble: Trouble) -> None:
        """Have requests go wrong."""
        ...

    def recover(self) -> None:
        """End every trouble."""
        ...

    def withhold_writing(self, kind: Kind) -> None:
        """Take away the right to write such records."""
        ...

    def revoke(self) -> None:
        """Take the credential back."""
        ...
