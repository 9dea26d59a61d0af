"""Single demands on a record: a required field, a gate, a check; one verdict each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from rules.expressions import Condition
from rules.facts import TIMES, Facts, Ruling, fields_read
from rules.model import (
    STAGE,
    ActorClass,
    Change,
    Enforcement,
    EvidenceKind,
    FieldName,
    FieldType,
    GoalId,
    Reason,
    ReasonCode,
    Record,
    Result,
    RuleId,
    Value,
    Verdict,
)
from rules.moves import Move, demanding_stages, value_of
from rules.placeholders import PlaceholderKind, find_placeholder, normal
from rules.policy import Check, Policy, Rule, Stage

FINE = Reason(ReasonCode.FINE)
NOT_APPLICABLE = Reason(ReasonCode.NOT_APPLICABLE)

LACKING = frozenset(
    {ReasonCode.FIELD_EMPTY, ReasonCode.FIELD_PLACEHOLDER, ReasonCode.GATE_NOT_MET}
)
"""Reasons that say something is missing, so that somebody can bring it."""

_POWER = {power: rank for rank, power in enumerate(Enforcement)}


@dataclass(frozen=True, slots=True)
class Case:
    """All that the verdicts on one change rest on.

    `facts` are those of the record as it was found; no rule has more power here than
    `ceiling`.
    """

    policy: Policy
    change: Change
    move: Move
    facts: Facts
    ceiling: Enforcement

    def power(self, rule: Rule) -> Enforcement:
        """Return how much power a rule has in this case; off if it means others."""
        if not _means(rule, self.change.actor.kind):
            return Enforcement.OFF
        if self.ceiling is Enforcement.ENFORCE:
            return rule.enforcement
        return weaker(rule.enforcement, self.ceiling)


def _means(rule: Rule, actor: ActorClass) -> bool:
    """Return whether a rule means what this actor does.

    One who cannot be told is not taken for one of those that a rule names. What we do
    ourselves carries out somebody's wish, so every rule holds for it.
    """
    if not rule.actors or actor is ActorClass.OURSELVES:
        return True
    return actor in rule.actors


def is_enforced_failure(verdict: Verdict) -> bool:
    """Return whether something is to be put back because of this verdict."""
    return verdict.result is Result.FAIL and verdict.enforcement is Enforcement.ENFORCE


def required_by(
    policy: Policy, stage: Stage | None
) -> Iterator[tuple[Stage, FieldName]]:
    """Yield the fields that must be filled in `stage`, each with who demands it."""
    for demanding in demanding_stages(policy, stage):
        for name in demanding.requires:
            yield demanding, name


def judge_required(
    case: Case, stage: Stage, facts: Facts, name: FieldName
) -> Verdict | None:
    """Judge one field that `stage` itself requires; None if that is off.

    `facts` are those of the record as it will stand.
    """
    power = case.power(stage)
    if power is Enforcement.OFF:
        return None
    lack = find_lack(facts, stage, name)
    return Verdict(
        required_id(stage, name),
        Result.PASS if lack is None else Result.FAIL,
        power,
        FINE if lack is None else lack,
        stage.goal,
    )


def required_id(stage: Stage, name: FieldName) -> RuleId:
    """Return the id of the rule that `stage` requires a field."""
    return RuleId(f"stage.{stage.key}.requires.{name}")


def people_id(stage: Stage, kind: EvidenceKind) -> RuleId:
    """Return the rule that asks for so many people in a stage."""
    return RuleId(f"stage.{stage.key}.{kind}")


def gate_id(stage: Stage) -> RuleId:
    """Return the id of the rule that is a stage's gate."""
    return RuleId(f"stage.{stage.key}.gate")


def conditions_of(stage: Stage) -> Iterator[tuple[RuleId, Condition]]:
    """Yield what `stage` itself asks of what is linked or filled in, with its rules."""
    for kind, condition in stage.people.items():
        yield people_id(stage, kind), condition
    if stage.gate is not None:
        yield gate_id(stage), stage.gate


def weaker(one: Enforcement, other: Enforcement) -> Enforcement:
    """Return the one that has less power."""
    return min(one, other, key=_POWER.__getitem__)


def power_over(policy: Policy, record: Record, power: Enforcement) -> Enforcement:
    """Return what is left of a power over this record: one too old is only observed."""
    is_old = policy.since is not None and record.created_at < policy.since
    return weaker(power, Enforcement.OBSERVE) if is_old else power


def find_lack(facts: Facts, stage: Stage, name: FieldName) -> Reason | None:
    """Return why a required field does not count as filled, None if it does."""
    value = value_of(facts.record, name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return Reason(ReasonCode.FIELD_EMPTY, {"field": name, "stage": stage.label})
    if not isinstance(value, str):
        return None
    why = _find_why(facts, name, value)
    if why is None:
        return None
    return Reason(
        ReasonCode.FIELD_PLACEHOLDER,
        {"field": name, "stage": stage.label, "value": value, **why},
    )


def _find_why(facts: Facts, name: FieldName, text: str) -> dict[str, Value] | None:
    """Return why a text is no answer, None if it may be one."""
    rules, use = facts.policy.placeholders, facts.use_of(name)
    if rules.allowed:
        said = normal(text)
        if (None, said) in rules.allowed or (name, said) in rules.allowed:
            return None
    found = find_placeholder(text)
    if found is not None:
        why: dict[str, Value] = {"why": found.kind}
        if found.meaning is not None:
            why |= {"language": found.language, "meaning": found.meaning}
        return why
    if use is None:
        return None
    if rules.repeated is not None and use.others + 1 >= rules.repeated:
        return {"why": PlaceholderKind.SAME_TEXT, "count": float(use.others + 1)}
    if rules.share is not None and use.share > rules.share:
        return {"why": PlaceholderKind.COMMON, "share": use.share}
    return None


def judge_gate(case: Case, stage: Stage) -> Verdict | None:
    """Judge the gate of the stage that is being entered; None if there is none."""
    power = case.power(stage)
    gate = stage.gate
    if gate is None or power is Enforcement.OFF:
        return None
    facts: dict[str, Value] = {"stage": stage.label, "condition": gate.text}
    return judge_condition(
        case.facts,
        gate_id(stage),
        gate,
        power=power,
        failure=lambda: Reason(ReasonCode.GATE_NOT_MET, facts),
        goal=stage.goal,
    )


def judge_people(
    case: Case, stage: Stage, kind: EvidenceKind, condition: Condition
) -> Verdict | None:
    """Judge how many people `stage` itself asks for; None if that is off."""
    power = case.power(stage)
    if power is Enforcement.OFF:
        return None
    facts: dict[str, Value] = {"stage": stage.label, "condition": condition.text}
    return judge_condition(
        case.facts,
        people_id(stage, kind),
        condition,
        power=power,
        failure=lambda: Reason(ReasonCode.GATE_NOT_MET, facts),
        goal=stage.goal,
    )


def judge_check(
    case: Case,
    facts: Facts,
    check: Check,
    *,
    stage: Stage | None,
    touched: frozenset[str],
) -> Verdict | None:
    """Judge a check of which the fields `touched` changed; None if it is off.

    `facts` are those of the record as it will stand, in `stage`. Without any field
    touched it is the stage, or the time, that it may no longer go with.
    """
    power = case.power(check)
    if power is Enforcement.OFF:
        return None
    if not is_demanded(check, stage):
        return Verdict(check.id, Result.SKIP, power, NOT_APPLICABLE, check.goal)

    def failure() -> Reason:
        if not touched:
            return _not_met(facts, check, stage)
        return _broken(case.change.before, facts, check, min(touched), stage)

    return judge_condition(
        facts,
        check.id,
        check.condition,
        power=power,
        failure=failure,
        goal=check.goal,
    )


def is_concerned(check: Check, changed: frozenset[str]) -> bool:
    """Return whether a check has to be judged when these fields have changed."""
    has_entered = bool(check.stages) and STAGE in changed
    return has_entered or bool(fields_read(check.condition) & changed)


def is_demanded(check: Check, stage: Stage | None) -> bool:
    """Return whether a check speaks of records in this stage."""
    if stage is None:
        return not check.stages
    if check.while_open and stage.is_closed:
        return False
    return not check.stages or stage.id in check.stages


def _broken(
    before: Record | None, facts: Facts, check: Check, name: str, stage: Stage | None
) -> Reason:
    """Say that an edit of the field `name` made a check fail."""
    return Reason(
        ReasonCode.CHECK_FAILED,
        {
            **_agreed(check, stage),
            "field": name,
            "old": None if before is None else value_of(before, name),
            "new": value_of(facts.record, name),
        },
    )


def _not_met(facts: Facts, check: Check, stage: Stage | None) -> Reason:
    """Say that a check fails though nobody edited what it reads."""
    condition, types = check.condition, facts.policy.types
    is_of_time = bool(condition.fields & TIMES)

    def is_no_date(name: str) -> bool:
        return is_of_time and types.get(FieldName(name)) is not FieldType.DATE

    names = sorted(fields_read(condition), key=lambda one: (is_no_date(one), one))
    if not names:
        # Only what is linked counts, so that is what is missing.
        label = "" if stage is None else stage.label
        return Reason(
            ReasonCode.GATE_NOT_MET, {"stage": label, "condition": condition.text}
        )
    return Reason(
        ReasonCode.CHECK_NOT_MET,
        {
            **_agreed(check, stage),
            "field": names[0],
            "value": value_of(facts.record, names[0]),
        },
    )


def _agreed(check: Check, stage: Stage | None) -> dict[str, Value]:
    """Return what was agreed, with the stage if it was agreed for some stages only."""
    agreed: dict[str, Value] = {"check": check.id, "condition": check.condition.text}
    if check.stages and stage is not None:
        agreed["stage"] = stage.label
    return agreed


def judge_condition(
    facts: Facts,
    rule: RuleId,
    condition: Condition,
    *,
    power: Enforcement,
    failure: Callable[[], Reason],
    goal: GoalId | None,
) -> Verdict:
    """Return what a condition says of a record, as the verdict of a rule."""
    ruling = facts.decide(condition)
    match ruling:
        case Ruling.TRUE:
            return Verdict(rule, Result.PASS, power, FINE, goal)
        case Ruling.FALSE:
            return Verdict(rule, Result.FAIL, power, failure(), goal)
        case Ruling.UNDECIDED:
            empty: dict[str, Value] = {
                "condition": condition.text,
                "field": facts.first_empty(condition),
            }
            reason = Reason(ReasonCode.UNDECIDED, empty)
            return Verdict(rule, Result.SKIP, power, reason, goal)
        case _:
            assert_never(ruling)
