"""A CRM account in memory: a `World` whose `crm` is a `FakeCrm`.

Stages and fields are those of `tests.builders`: stages are `s-` and their key,
properties are called as their fields. What is common among CRMs happens by itself: a
note changes the record that it hangs on, and a deal that is closed gets a close date.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.ports import CrmUser, Note, Passage, Task
from rules.model import (
    CLOSE_DATE,
    Actor,
    ActorClass,
    EvidenceKind,
    FieldName,
    Kind,
    OwnerId,
    PropertyName,
    RecordId,
    RecordRef,
    StageId,
    Value,
)
from tests.fakes import shape
from tests.fakes.clock import FrozenClock
from tests.fakes.crm import FakeCrm
from tests.fakes.world import Door, Pinned, Trouble

ACTORS: Mapping[ActorClass, Actor] = {
    kind: Actor(kind, kind.value, "501" if kind is ActorClass.PERSON else "")
    for kind in ActorClass
}
PEOPLE = frozenset({EvidenceKind.CONTACTS, EvidenceKind.ACCOUNT_CONTACTS})
"""Evidence that has no moment."""
_TICK = timedelta(milliseconds=1)


@dataclass(slots=True)
class Linked:
    """One piece of evidence on a record."""

    kind: EvidenceKind
    at: datetime | None
    counts: bool
    linked_at: datetime


@dataclass(slots=True)
class Stored:
    """A record as the account keeps it."""

    ref: RecordRef
    name: str
    owner: OwnerId | None
    created_at: datetime
    modified_at: datetime
    stage: StageId | None = None
    values: dict[PropertyName, Value] = field(default_factory=dict)
    path: list[Passage] = field(default_factory=list)
    linked: list[Linked] = field(default_factory=list)
    refusal: str = ""


@dataclass(slots=True)
class Kept:
    """A note or task that was made."""

    id: str
    made: Note | Task
    on: RecordRef
    is_completed: bool = False


class FakeWorld:
    """The account's state, and what people do to it. Lock `lock` to look inside."""

    rep = OwnerId("71")
    former = OwnerId("72")
    other = OwnerId("73")
    mergeable = Kind.DEAL
    blank: Mapping[FieldName, Value] = {}
    page = 100

    def __init__(self, clock: FrozenClock | None = None, *, vendor: str = "fake"):
        self.clock = clock or FrozenClock()
        self.vendor = vendor
        self.lock = threading.RLock()
        self.fields = dict(shape.FIELDS)
        self.people = [
            CrmUser(self.rep, "rep@example.com", "Robin Rep", manager=self.other),
            CrmUser(self.other, "manager@example.com", "Marit Manager"),
            CrmUser(self.former, "gone@example.com", "Gerda Gone", is_active=False),
        ]
        self.records: dict[RecordRef, Stored] = {}
        self.pinned: dict[str, Kept] = {}
        self.archived: set[StageId] = set()
        self.troubles: dict[Door, list[Trouble]] = {}
        self.shut: dict[Door, Trouble] = {}
        self.withheld: set[Kind] = set()
        self.is_revoked = False
        self._numbers = 1000
        self.bin: dict[RecordRef, Stored] = {}
        self.crm = FakeCrm(self)

    def told(self, by: ActorClass) -> ActorClass:
        return by

    def stages(self, kind: Kind) -> Sequence[StageId]:
        return shape.stages(kind)

    def now(self) -> datetime:
        return self.clock.now()

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)

    def add_record(
        self,
        kind: Kind = Kind.DEAL,
        *,
        stage: StageId | None = None,
        values: Mapping[FieldName, Value] | None = None,
        owner: OwnerId | None = None,
        created_at: datetime | None = None,
        name: str = "Acme",
        by: Actor = ACTORS[ActorClass.PERSON],
    ) -> RecordRef:
        with self.lock:
            at = created_at or self.now()
            ref = RecordRef(kind, RecordId(self.next_number()))
            first = next(iter(self.stages(kind)), None)
            here = stage or first
            named = {self.fields[one]: value for one, value in (values or {}).items()}
            self.records[ref] = Stored(
                ref=ref,
                name=name,
                owner=owner,
                created_at=at,
                modified_at=at,
                stage=here,
                values=named,
                path=[] if here is None else [Passage(here, at, by)],
            )
            return ref

    def add_many(self, count: int, *, created_at: datetime) -> list[RecordRef]:
        by = ACTORS[ActorClass.IMPORT]
        return [self.add_record(created_at=created_at, by=by) for _ in range(count)]

    def move(
        self,
        ref: RecordRef,
        stage: StageId,
        *,
        by: ActorClass = ActorClass.PERSON,
        at: datetime | None = None,
    ) -> None:
        with self.lock:
            self.put_into(self.records[ref], stage, ACTORS[by], at or self.now())

    def edit(self, ref: RecordRef, field: FieldName, value: Value) -> None:
        with self.lock:
            record = self.records[ref]
            record.values[self.fields[field]] = value
            self.touch(record)

    def assign(self, ref: RecordRef, owner: OwnerId | None) -> None:
        """Give a record to somebody else."""
        with self.lock:
            self.records[ref].owner = owner
            self.touch(self.records[ref])

    def link(
        self,
        ref: RecordRef,
        kind: EvidenceKind,
        *,
        at: datetime | None = None,
        counts: bool = True,
    ) -> None:
        with self.lock:
            record = self.records[ref]
            moment = None if kind in PEOPLE else at or self.now()
            record.linked.append(Linked(kind, moment, counts, self.now()))
            self.touch(record)

    def notes(self, ref: RecordRef) -> list[Pinned]:
        with self.lock:
            return [_to_pinned(one) for one in self._on(ref, Note)]

    def tasks(self, ref: RecordRef) -> list[Pinned]:
        with self.lock:
            return [_to_pinned(one) for one in self._on(ref, Task)]

    def complete_task(self, task_id: str) -> None:
        with self.lock:
            self.pinned[task_id].is_completed = True

    def delete(self, ref: RecordRef) -> None:
        with self.lock:
            self.bin[ref] = self.records.pop(ref)

    def restore(self, ref: RecordRef) -> None:
        with self.lock:
            self.records[ref] = self.bin.pop(ref)
            self.touch(self.records[ref])

    def merge(self, ref: RecordRef, other: RecordRef) -> RecordRef:
        with self.lock:
            gone = [self.records.pop(one) for one in (ref, other)]
            into = RecordRef(ref.kind, RecordId(self.next_number()))
            self.records[into] = Stored(
                ref=into,
                name=gone[0].name,
                owner=gone[0].owner,
                created_at=min(one.created_at for one in gone),
                modified_at=max(one.modified_at for one in gone),
                stage=gone[0].stage,
                values=gone[1].values | gone[0].values,
                path=gone[0].path,
                linked=[linked for one in gone for linked in one.linked],
            )
            self.touch(self.records[into])
            for kept in self.pinned.values():
                if kept.on in {ref, other}:
                    kept.on = into
            return into

    def archive_stage(self, kind: Kind, stage: StageId) -> None:
        assert stage in self.stages(kind)
        self.archived.add(stage)

    def refuse(self, ref: RecordRef, reason: str) -> None:
        self.records[ref].refusal = reason

    def trouble(
        self, door: Door, trouble: Trouble, *, calls: int | None = None
    ) -> None:
        """Have requests go wrong; with `calls`, the account is busy for so many."""
        self.troubles.setdefault(door, []).extend([trouble] * (calls or 1))
        lasts = {Trouble.BUSY, Trouble.PAUSED, Trouble.USED_UP}
        if trouble in lasts and calls is None:
            self.shut[door] = trouble

    def recover(self) -> None:
        self.troubles.clear()
        self.shut.clear()

    def withhold_writing(self, kind: Kind) -> None:
        self.withheld.add(kind)

    def revoke(self) -> None:
        self.is_revoked = True

    def strike(self, door: Door) -> Trouble | None:
        """Return what strikes a request at this door; what strikes once is used up."""
        waiting = self.troubles.get(door)
        if waiting:
            return waiting.pop(0)
        return self.shut.get(door)

    def put_into(
        self, record: Stored, stage: StageId, actor: Actor, at: datetime
    ) -> None:
        """Move a record; it is closed on the day on which it enters a closed stage."""
        if record.stage == stage:
            return
        record.stage = stage
        record.path.append(Passage(stage, at, actor))
        if shape.is_closed(stage) and record.ref.kind is Kind.DEAL:
            record.values[self.fields[CLOSE_DATE]] = at.date()
        self.touch(record, at)

    def touch(self, record: Stored, at: datetime | None = None) -> None:
        """Stamp a change: every change has a stamp of its own, on a still clock too."""
        record.modified_at = max(at or self.now(), record.modified_at + _TICK)

    def pin(self, made: Note | Task) -> str:
        """Hang a note or task on its record, and return its id."""
        number = self.next_number()
        self.pinned[number] = Kept(number, made, made.on)
        self.touch(self.records[made.on])
        return number

    def next_number(self) -> str:
        self._numbers += 1
        return str(self._numbers)

    def _on(self, ref: RecordRef, kind: type[Note | Task]) -> Iterator[Kept]:
        for kept in self.pinned.values():
            if kept.on == ref and isinstance(kept.made, kind):
                yield kept


def _to_pinned(kept: Kept) -> Pinned:
    made = kept.made
    if isinstance(made, Note):
        return Pinned(kept.id, made.html, made.at, made.owner)
    return Pinned(
        kept.id, made.html, made.due_at, made.owner, made.subject, made.is_urgent
    )
