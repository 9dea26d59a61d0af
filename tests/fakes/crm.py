"""The port `Crm` on an account in memory; make a `tests.fakes.account.FakeWorld`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from adapters.errors import Exhausted, Forbidden, Transient, Unauthorized
from adapters.ports import (
    CrmUser,
    FieldWrite,
    Note,
    Outcome,
    OutcomeKind,
    Probe,
    ProbeLine,
    Task,
    Traced,
)
from rules.account import Account, AccountKind
from rules.model import (
    OWNER,
    PIPELINE,
    STAGE,
    Actor,
    ActorClass,
    Evidence,
    EvidenceKind,
    FieldMap,
    Kind,
    OwnerId,
    PropertyName,
    Record,
    RecordRef,
    StageId,
    Tally,
)
from tests.fakes import shape
from tests.fakes.world import Door, Trouble

if TYPE_CHECKING:
    from tests.fakes.account import FakeWorld, Stored

BATCH = 100
USED_UP = "The account's requests of this day are used up."
PAUSE = timedelta(seconds=45)
HALF_AN_HOUR = timedelta(minutes=30)
OURSELVES = Actor(ActorClass.OURSELVES, "slagboom")
REVOKED = "The CRM refused the token. Reconnect the account."
_PLACED = frozenset({STAGE, PIPELINE, OWNER})

One = TypeVar("One", FieldWrite, Note, Task)


class FakeCrm:
    """One account in memory. `requests` is what was asked: (method, how many).

    With `has_conditional_writes` a write to a record that has changed since it was read
    is a conflict, as with some vendors; else it is made, as with the others.
    """

    round_size = 500

    def __init__(self, world: "FakeWorld") -> None:
        self._world = world
        self.requests: list[tuple[str, int]] = []
        self.has_conditional_writes = False

    def account(self, kinds: Sequence[Kind]) -> Account:
        self._ask("account", len(kinds))
        world = self._world
        return Account(
            vendor=world.vendor,
            kinds={
                kind: AccountKind(
                    builtin=dict(shape.FIELDS),
                    places={STAGE: PropertyName("stage")},
                    pipelines=shape.pipelines(kind, world.archived),
                    properties=shape.PROPERTIES,
                )
                for kind in kinds
            },
            asked_on=world.now().date(),
        )

    def people(self) -> Sequence[CrmUser]:
        self._ask("people", 1)
        return tuple(self._world.people)

    def read(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Record]:
        self._ask("read", len(refs))
        with self._world.lock:
            return {ref: _record(one, fields) for ref, one in self._living(refs)}

    def trace(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Traced]:
        self._ask("trace", len(refs))
        with self._world.lock:
            return {
                ref: Traced(
                    _record(one, fields),
                    tuple(sorted(one.path, key=lambda step: step.entered_at)),
                )
                for ref, one in self._living(refs)
            }

    def scan(
        self, kind: Kind, fields: FieldMap, *, since: datetime | None = None
    ) -> Iterator[Sequence[Record]]:
        last: tuple[datetime, RecordRef] | None = None
        while True:
            self._ask("scan", BATCH)
            with self._world.lock:
                found = sorted(
                    (one.modified_at, one.ref)
                    for one in self._changed(kind, since)
                    if last is None or (one.modified_at, one.ref) > last
                )[:BATCH]
                batch = [_record(self._world.records[ref], fields) for _, ref in found]
            if batch:
                yield batch
            if len(batch) < BATCH:
                return
            last = found[-1]

    def count(self, kind: Kind, *, since: datetime | None = None) -> int | None:
        self._ask("count", 1)
        with self._world.lock:
            return sum(1 for _ in self._changed(kind, since))

    def touched(
        self, kind: Kind, evidence: frozenset[EvidenceKind], *, since: datetime
    ) -> Iterator[Sequence[RecordRef]]:
        self._ask("touched", len(evidence))
        with self._world.lock:
            found = [
                one.ref
                for one in self._world.records.values()
                if one.ref.kind is kind
                and any(
                    linked.linked_at >= since and _kinds_of(linked.kind) & evidence
                    for linked in one.linked
                )
            ]
        if found:
            yield found

    def evidence(
        self, refs: Sequence[RecordRef], kinds: frozenset[EvidenceKind], now: datetime
    ) -> Mapping[RecordRef, Evidence]:
        self._ask("evidence", len(refs))
        with self._world.lock:
            living = dict(self._living(refs))
            return {
                ref: Evidence(
                    {kind: _tally(living.get(ref), kind, now) for kind in kinds}
                )
                for ref in refs
            }

    def write(
        self, writes: Sequence[FieldWrite], fields: FieldMap
    ) -> Mapping[str, Outcome]:
        lacking = {one.expected.ref.kind for one in writes} & self._world.withheld
        if lacking:
            self.requests.append(("write", len(writes)))
            missing = tuple(f"{kind}.write" for kind in sorted(lacking))
            raise Forbidden("The token may not write.", missing=missing)
        return self._change(
            "write", Door.WRITE, writes, lambda one: self._set(one, fields)
        )

    def write_notes(self, notes: Sequence[Note]) -> Mapping[str, Outcome]:
        return self._change("write_notes", Door.NOTES, notes, self._pin)

    def create_tasks(self, tasks: Sequence[Task]) -> Mapping[str, Outcome]:
        return self._change("create_tasks", Door.TASKS, tasks, self._pin)

    def find_notes(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        self._ask("find_notes", len(wanted))
        return self._find(Note, wanted)

    def find_tasks(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        self._ask("find_tasks", len(wanted))
        return self._find(Task, wanted)

    def completed_tasks(self, ids: Sequence[str]) -> frozenset[str]:
        self._ask("completed_tasks", len(ids))
        with self._world.lock:
            pinned = self._world.pinned
            return frozenset(
                one for one in ids if one in pinned and pinned[one].is_completed
            )

    def probe(self) -> Probe:
        self.requests.append(("probe", 1))
        if self._world.is_revoked:
            line = ProbeLine("the account", is_ok=False, message=REVOKED)
            return Probe("fake", (line,))
        withheld = self._world.withheld
        lines = [
            ProbeLine(
                f"{kind}.write",
                is_ok=kind not in withheld,
                message="It is missing." if kind in withheld else "",
            )
            for kind in Kind
        ]
        return Probe("fake", tuple(lines))

    def _ask(self, method: str, count: int) -> None:
        """Note a question, and fail if the account cannot be asked."""
        self.requests.append((method, count))
        self._demand_credential()
        trouble = self._world.strike(Door.READ)
        if refusal := _to_refusal(trouble):
            raise refusal

    def _demand_credential(self) -> None:
        if self._world.is_revoked:
            raise Unauthorized(REVOKED)

    def _change(
        self,
        method: str,
        door: Door,
        items: Sequence[One],
        apply: Callable[[One], Outcome],
    ) -> dict[str, Outcome]:
        self.requests.append((method, len(items)))
        if not items:
            return {}
        self._demand_credential()
        trouble = self._world.strike(door)
        if refusal := _to_refusal(trouble):
            return _all(items, Outcome.of(OutcomeKind.FAILED, refusal))
        if trouble is Trouble.DROPPED:
            return _all(items, Outcome(OutcomeKind.UNKNOWN, reason="no answer"))
        with self._world.lock:
            outcomes = {one.key: apply(one) for one in items}
        if trouble is Trouble.LOST:
            return _all(items, Outcome(OutcomeKind.UNKNOWN, reason="no answer"))
        return outcomes

    def _set(self, write: FieldWrite, fields: FieldMap) -> Outcome:
        world, ref = self._world, write.expected.ref
        record = world.records.get(ref)
        if record is None:
            return Outcome(OutcomeKind.GONE, reason="it is not there")
        refusal = record.refusal or _refusal(write, record, fields)
        if refusal:
            return Outcome(OutcomeKind.REFUSED, reason=refusal)
        stamp = write.expected.modified_at
        if self.has_conditional_writes and record.modified_at != stamp:
            return Outcome(OutcomeKind.CONFLICT, reason="it has changed")
        if stage := write.values.get(STAGE):
            world.put_into(record, StageId(str(stage)), OURSELVES, world.now())
        for name, value in write.values.items():
            if name == OWNER:
                record.owner = OwnerId(str(value)) if value else None
            elif name not in _PLACED:
                record.values[fields[name]] = value
        world.touch(record)
        return Outcome(OutcomeKind.DONE, ref.id)

    def _pin(self, made: Note | Task) -> Outcome:
        if made.on not in self._world.records:
            return Outcome(OutcomeKind.GONE, reason="the record is not there")
        return Outcome(OutcomeKind.DONE, self._world.pin(made))

    def _find(
        self, kind: type[Note | Task], wanted: Mapping[str, RecordRef]
    ) -> dict[str, str]:
        with self._world.lock:
            return {
                kept.made.key: kept.id
                for kept in self._world.pinned.values()
                if isinstance(kept.made, kind) and wanted.get(kept.made.key) == kept.on
            }

    def _living(
        self, refs: Sequence[RecordRef]
    ) -> Iterator[tuple[RecordRef, "Stored"]]:
        for ref in refs:
            found = self._world.records.get(ref)
            if found is not None:
                yield ref, found

    def _changed(self, kind: Kind, since: datetime | None) -> Iterator["Stored"]:
        for one in self._world.records.values():
            if one.ref.kind is kind and (since is None or one.modified_at >= since):
                yield one


def _to_refusal(trouble: Trouble | None) -> Transient | None:
    """Return what turns a request away before anything is done."""
    match trouble:
        case Trouble.BUSY:
            return Transient("The CRM is busy.", code="BUSY")
        case Trouble.PAUSED:
            return Transient("The CRM asks for a pause.", retry_after=PAUSE)
        case Trouble.USED_UP:
            return Exhausted(USED_UP, code="DAILY", retry_after=HALF_AN_HOUR)
        case _:
            return None


def _all(items: Sequence[One], outcome: Outcome) -> dict[str, Outcome]:
    return {one.key: outcome for one in items}


def _refusal(write: FieldWrite, record: "Stored", fields: FieldMap) -> str:
    """Return why the account cannot take such values, or nothing."""
    for name in write.values:
        if name not in _PLACED | fields.keys():
            return f"there is no {name}"
    stage = write.values.get(STAGE)
    if stage is not None and stage not in shape.stages(record.ref.kind):
        return f"there is no stage {stage}"
    return ""


def _record(found: "Stored", fields: FieldMap) -> Record:
    return Record(
        ref=found.ref,
        name=found.name,
        pipeline=shape.PIPELINES.get(found.ref.kind),
        stage=found.stage,
        owner=found.owner,
        created_at=found.created_at,
        modified_at=found.modified_at,
        fields={
            ours: found.values.get(theirs)
            for ours, theirs in fields.items()
            if ours not in _PLACED
        },
        url=f"https://crm.example.com/{found.ref.kind}s/{found.ref.id}",
    )


def _kinds_of(linked: EvidenceKind) -> frozenset[EvidenceKind]:
    """Return what a linked thing is evidence of: an e-mail that was sent is one."""
    if linked is EvidenceKind.EMAILS_SENT:
        return frozenset({linked, EvidenceKind.EMAILS})
    return frozenset({linked})


def _tally(record: "Stored | None", kind: EvidenceKind, now: datetime) -> Tally:
    linked = [] if record is None else record.linked
    found = [one for one in linked if kind in _kinds_of(one.kind) and one.counts]
    moments = [one.at for one in found if one.at is not None]
    return Tally(
        count=len(found),
        last_at=max((at for at in moments if at <= now), default=None),
        next_at=min((at for at in moments if at > now), default=None),
    )
