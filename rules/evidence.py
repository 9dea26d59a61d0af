"""Which evidence a judgement needs: asking for it costs requests, so no more."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from rules.demands import is_concerned
from rules.expressions import Condition
from rules.facts import evidence_read
from rules.model import Change, Enforcement, EvidenceKind
from rules.moves import (
    DEMANDING,
    Move,
    MoveKind,
    allows,
    changed_fields,
    classify,
    demanding_stages,
    is_nothing_new,
)
from rules.policy import Policy, Stage


def needs(
    policy: Policy,
    change: Change,
    now: datetime,  # noqa: ARG001 - part of the judge's contract: a rule may have a time
) -> frozenset[EvidenceKind]:
    """Return the kinds of evidence that judging `change` takes; none for most edits."""
    move = classify(policy, change)
    if move.kind is MoveKind.ELSEWHERE or is_nothing_new(change, move):
        return frozenset()
    return evidence_of(_conditions(policy, change, move))


def relied_on(policy: Policy) -> frozenset[EvidenceKind]:
    """Return the kinds of evidence that this policy may ever ask for when judging."""
    conversion = policy.conversion
    conditions = [
        policy.governs,
        None if conversion is None else conversion.seed,
        *(stage.gate for stage in policy.stages),
        *(one for stage in policy.stages for one in stage.people.values()),
        *(allow.when for allow in policy.allow),
        *(check.condition for check in policy.checks),
        *(move.when for move in policy.auto_moves),
    ]
    return evidence_of(conditions)


def evidence_of(conditions: Iterable[Condition | None]) -> frozenset[EvidenceKind]:
    """Return the kinds of evidence that some of these conditions read."""
    found: frozenset[EvidenceKind] = frozenset()
    for condition in conditions:
        if condition is not None:
            found |= evidence_read(condition)
    return found


def entry_conditions(
    policy: Policy, target: Stage, *, all_gates: bool = False
) -> Iterator[Condition]:
    """Yield the conditions that entering a stage is under.

    How many people are linked counts from the earlier stages on, a gate for its own
    stage only, unless `all_gates` are asked for.
    """
    for stage in demanding_stages(policy, target):
        if stage.enforcement is Enforcement.OFF:
            continue
        yield from stage.people.values()
        if stage.gate is not None and (all_gates or stage.id == target.id):
            yield stage.gate


def _conditions(policy: Policy, change: Change, move: Move) -> Iterator[Condition]:
    """Yield the conditions that may be asked when this change is judged."""
    if policy.governs is not None:
        yield policy.governs
    if move.kind is MoveKind.ASTRAY:
        return
    if move.kind in DEMANDING and move.target is not None:
        # A newborn record that fails goes to the furthest stage that it qualifies for.
        is_born = move.kind is MoveKind.BORN
        yield from entry_conditions(policy, move.target, all_gates=is_born)
        if policy.conversion is not None and move.target.is_won:
            yield policy.conversion.seed
    for allow in allows(policy, move):
        if allow.when is not None:
            yield allow.when
    changed = changed_fields(change)
    for check in policy.checks:
        is_on = check.enforcement is not Enforcement.OFF
        if is_on and is_concerned(check, changed):
            yield check.condition
