"""What kind of move a change is, seen from the order of a policy's stages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.model import (
    OWNER,
    PIPELINE,
    STAGE,
    Change,
    Enforcement,
    FieldName,
    OwnerId,
    PipelineId,
    Record,
    StageId,
    Value,
)
from rules.policy import Allow, Policy, Stage


class MoveKind(StrEnum):
    """How a record came to stand where it stands.

    `elsewhere`: another kind or pipeline, this policy does not speak of it. `history`:
    first seen, and older than our first look. `adrift`: it stands, as before, in a
    stage that the policy does not name; `astray`: it has just gone there. `aside`: into
    a stage that can be entered from anywhere; `reopened`: out of one, back onto the
    path. `arrived`: from another pipeline or from a stage that the policy does not
    name, so that no order applies.
    """

    ELSEWHERE = "elsewhere"
    HISTORY = "history"
    ADRIFT = "adrift"
    ASTRAY = "astray"
    STAYED = "stayed"
    BORN = "born"
    FORWARD = "forward"
    BACK = "back"
    ASIDE = "aside"
    REOPENED = "reopened"
    ARRIVED = "arrived"


DEMANDING = frozenset(
    {
        MoveKind.BORN,
        MoveKind.FORWARD,
        MoveKind.ASIDE,
        MoveKind.REOPENED,
        MoveKind.ARRIVED,
    }
)
"""Moves that must meet what the stage they lead to requires. A step back need not."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change as a move from `source` to `target`, over the stages in `passed`.

    `ceiling` is the most power that a rule can have over it.
    """

    kind: MoveKind
    source: Stage | None = None
    target: Stage | None = None
    passed: tuple[Stage, ...] = ()
    ceiling: Enforcement = Enforcement.ENFORCE


def classify(policy: Policy, change: Change) -> Move:
    """Return what kind of move `change` is."""
    before, after = change.before, change.after
    if not speaks_of(policy, after):
        return Move(MoveKind.ELSEWHERE)
    target = policy.stage(after.stage)
    if before is None and not change.is_new:
        return Move(MoveKind.HISTORY, target=target)
    if target is None:
        has_stayed = before is not None and before.stage == after.stage
        return Move(MoveKind.ADRIFT if has_stayed else MoveKind.ASTRAY)
    if before is None:
        return Move(MoveKind.BORN, target=target)
    return _between(policy, before, target)


def speaks_of(policy: Policy, record: Record) -> bool:
    """Return whether the record is of the policy's kind and in its pipeline."""
    return record.ref.kind is policy.kind and is_in_pipeline(policy, record)


def is_in_pipeline(policy: Policy, record: Record) -> bool:
    """Return whether the record is in the policy's pipeline, where it names one."""
    return policy.pipeline is None or record.pipeline == policy.pipeline


def _between(policy: Policy, before: Record, target: Stage) -> Move:
    if not is_in_pipeline(policy, before):
        return Move(MoveKind.ARRIVED, target=target, ceiling=Enforcement.FLAG)
    source = policy.stage(before.stage)
    if source is None:
        return Move(MoveKind.ARRIVED, target=target)
    passed: tuple[Stage, ...] = ()
    if source.id == target.id:
        kind = MoveKind.STAYED
    elif target.position is None:
        kind = MoveKind.ASIDE
    elif source.position is None:
        kind = MoveKind.REOPENED
    elif target.position < source.position:
        kind = MoveKind.BACK
    else:
        kind = MoveKind.FORWARD
        passed = tuple(
            stage
            for stage in path(policy)
            if source.position < _position(stage) < target.position
        )
    return Move(kind, source, target, passed)


def path(policy: Policy) -> list[Stage]:
    """Return the stages that lie on the path, first to last."""
    return sorted(
        (stage for stage in policy.stages if stage.position is not None), key=_position
    )


def demanding_stages(policy: Policy, stage: Stage | None) -> list[Stage]:
    """Return the stages whose requirements hold in `stage`, earliest first.

    On the path they add up; a stage beside it has only its own.
    """
    if stage is None:
        return []
    if stage.position is None:
        return [stage]
    return [one for one in path(policy) if _position(one) <= stage.position]


def allows(policy: Policy, move: Move) -> list[Allow]:
    """Return the permissions that speak of exactly this move."""
    if move.source is None or move.target is None:
        return []
    source, target = move.source.id, move.target.id
    return [
        allow
        for allow in policy.allow
        if allow.from_stage == source and allow.to_stage == target
    ]


def is_nothing_new(change: Change, move: Move) -> bool:
    """Return whether there is nothing to judge: history, adrift, or no difference."""
    if move.kind in {MoveKind.HISTORY, MoveKind.ADRIFT}:
        return True
    return change.before is not None and not changed_fields(change)


def value_of(record: Record, name: str) -> Value:
    """Return a field, None if it is empty; stage, pipeline and owner count as fields.

    A field that was not asked for counts as empty.
    """
    if name == STAGE:
        return record.stage
    if name == PIPELINE:
        return record.pipeline
    if name == OWNER:
        return record.owner
    return record.fields.get(FieldName(name))


def with_values(record: Record, values: Mapping[FieldName, Value]) -> Record:
    """Return the record with these fields set, its stage, pipeline and owner too."""
    fields = dict(record.fields)
    stage, pipeline, owner = record.stage, record.pipeline, record.owner
    for name, value in values.items():
        text = None if value is None else str(value)
        if name == STAGE:
            stage = None if text is None else StageId(text)
        elif name == PIPELINE:
            pipeline = None if text is None else PipelineId(text)
        elif name == OWNER:
            owner = None if text is None else OwnerId(text)
        else:
            fields[name] = value
    return replace(record, stage=stage, pipeline=pipeline, owner=owner, fields=fields)


def changed_fields(change: Change) -> frozenset[str]:
    """Return the names of the fields that differ; of a new record, the filled ones."""
    before, after = change.before, change.after
    if before is None:
        return frozenset(
            name for name, value in after.fields.items() if value is not None
        )
    old, new = before.fields.get, after.fields.get
    names = {
        name
        for name in before.fields.keys() | after.fields.keys()
        # Most are untouched, and then often the very same object.
        if old(name) is not new(name) and not is_same(old(name), new(name))
    }
    places: list[tuple[str, StageId | str | None, StageId | str | None]] = [
        (STAGE, before.stage, after.stage),
        (PIPELINE, before.pipeline, after.pipeline),
        (OWNER, before.owner, after.owner),
    ]
    return frozenset(names | {name for name, left, right in places if left != right})


def is_same(old: Value, new: Value) -> bool:
    """Return whether two values are the same; not-a-number is the same as itself."""
    both_nan = old != old and new != new  # noqa: PLR0124 - true of NaN alone
    return old == new or both_nan


def _position(stage: Stage) -> int:
    return 0 if stage.position is None else stage.position
