"""Judging the fields that a change edited, apart from the move that it made."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rules.demands import (
    Case,
    find_lack,
    is_concerned,
    is_enforced_failure,
    judge_check,
    judge_required,
    required_by,
)
from rules.facts import Facts, fields_read
from rules.model import (
    PIPELINE,
    STAGE,
    Change,
    FieldName,
    Record,
    Result,
    RuleId,
    StageId,
    Value,
    Verdict,
)
from rules.moves import changed_fields, value_of, with_values
from rules.policy import OnFail, Stage


@dataclass(frozen=True, slots=True)
class Edits:
    """What the edited fields came to: their verdicts, and the values to put back."""

    verdicts: Mapping[RuleId, Verdict]
    restore: Mapping[FieldName, Value]


def judge_edits(case: Case, return_to: StageId | None) -> Edits:
    """Judge the edited fields where the record will stand after a return.

    What is put back is judged again with the rest, until nothing more has to be: two
    checks may share a field.
    """
    stage = case.move.target
    facts = case.facts
    if return_to is not None:
        stage = case.policy.stage(return_to)
        facts = facts.on(replace(facts.record, stage=return_to))
    verdicts: dict[RuleId, Verdict] = {}
    restore: dict[FieldName, Value] = {}
    while True:
        changed = changed_fields(Change(case.change.before, facts.record))
        more: dict[FieldName, Value] = {}
        for verdict, values in _edited(case, facts, stage, changed):
            if verdict.result is Result.FAIL or verdict.rule not in verdicts:
                verdicts[verdict.rule] = verdict
            more.update(values)
        if not more:
            return Edits(verdicts, restore)
        restore.update(more)
        facts = facts.on(with_values(facts.record, more))


def _edited(
    case: Case, facts: Facts, stage: Stage | None, changed: frozenset[str]
) -> Iterator[tuple[Verdict, Mapping[FieldName, Value]]]:
    """Yield a verdict for every demand on a changed field, and what it puts back."""
    if changed:
        yield from _required(case, facts, stage, changed)
        yield from _checked(case, facts, stage, changed)


def _required(
    case: Case, facts: Facts, stage: Stage | None, changed: frozenset[str]
) -> Iterator[tuple[Verdict, Mapping[FieldName, Value]]]:
    before = case.change.before
    if before is None:
        return
    for demanding, name in required_by(case.policy, stage):
        if name not in changed:
            continue
        verdict = judge_required(case, demanding, facts, name)
        if verdict is None:
            continue
        was_filled = find_lack(facts.on(before), demanding, name) is None
        is_lost = is_enforced_failure(verdict) and was_filled
        yield verdict, _former(before, [name]) if is_lost else {}


def _checked(
    case: Case, facts: Facts, stage: Stage | None, changed: frozenset[str]
) -> Iterator[tuple[Verdict, Mapping[FieldName, Value]]]:
    concerned = [one for one in case.policy.checks if is_concerned(one, changed)]
    for check in sorted(concerned, key=lambda one: one.id):
        touched = fields_read(check.condition) & changed
        verdict = judge_check(case, facts, check, stage=stage, touched=touched)
        if verdict is None:
            continue
        # A former value belongs to the stage that was left.
        has_entered = bool(check.stages) and STAGE in changed
        restores = check.on_fail is OnFail.RESTORE and is_enforced_failure(verdict)
        former = _former(case.change.before, touched)
        yield verdict, former if restores and not has_entered else {}


def _former(before: Record | None, names: Iterable[str]) -> dict[FieldName, Value]:
    """Return the former values of fields; the stage and pipeline are no fields here."""
    if before is None:
        return {}
    return {
        FieldName(name): value_of(before, name)
        for name in names
        if name not in {STAGE, PIPELINE}
    }
