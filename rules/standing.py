"""Judging a record as it stands: what time has made false, and what is met by now.

The judge looks at changes, and old faults block no edit. But a close date becomes past
without one, and what a stage lacked may arrive as a quote that edits no field. Only
checks that read the time are judged like this, and what fails is never put back.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from rules.demands import (
    Case,
    conditions_of,
    find_lack,
    is_demanded,
    judge_check,
    power_over,
    required_id,
)
from rules.expressions import Condition
from rules.facts import TIMES, Facts, Ruling, evidence_read, is_governed
from rules.model import (
    NO_EVIDENCE,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    Judgement,
    ReasonCode,
    Record,
    Result,
    RuleId,
    Verdict,
)
from rules.moves import MoveKind, classify, demanding_stages
from rules.policy import Check, Policy, Stage

KEPT = ("stage.", "check.")
"""How the ids of rules begin whose violations end when they are met."""

_NOBODY: frozenset[str] = frozenset()


def judge_standing(
    policy: Policy, record: Record, evidence: Evidence, now: datetime
) -> Judgement:
    """Return what the checks that read the time say of a record as it stands.

    Nobody changed anything, so a check that names actors says nothing, and none has
    more power than `flag`. Never raises.
    """
    change = Change(record, record)
    move = classify(policy, change)
    facts = Facts(policy, record, evidence, now)
    if move.kind is MoveKind.ELSEWHERE or not is_governed(policy, facts):
        return Judgement(change, is_governed=False)
    if move.target is None:
        return Judgement(change)
    ceiling = power_over(policy, record, Enforcement.FLAG)
    case = Case(policy, change, move, facts, ceiling)
    verdicts = [
        judge_check(case, facts, check, stage=move.target, touched=_NOBODY)
        for check in _time_checks(policy)
    ]
    return Judgement(change, tuple(one for one in verdicts if one is not None))


def stages_with_time(policy: Policy) -> list[Stage]:
    """Return the stages in which something can become false by itself."""
    checks = _time_checks(policy)
    return [
        stage
        for stage in policy.stages
        if any(is_demanded(check, stage) for check in checks)
    ]


def may_fail(policy: Policy, record: Record, now: datetime) -> list[Verdict]:
    """Return the verdicts that may fail by now, if nothing else has changed.

    Those on what is linked are among them, unless they pass without it.
    """
    verdicts = judge_standing(policy, record, NO_EVIDENCE, now).verdicts
    return [one for one in verdicts if one.result is Result.FAIL or _is_in_doubt(one)]


def untold(
    verdicts: Iterable[Verdict], told: Mapping[RuleId, Enforcement]
) -> tuple[Verdict, ...]:
    """Return the verdicts that were not yet told of with as much power as they have.

    `told` are the rules that stand violated, and with which power they were told.
    """
    powers = list(Enforcement)
    return tuple(
        one
        for one in verdicts
        if one.rule not in told
        or powers.index(told[one.rule]) < powers.index(one.enforcement)
    )


def find_met(
    policy: Policy,
    record: Record,
    rules: Collection[RuleId],
    evidence: Evidence,
    now: datetime,
) -> frozenset[RuleId]:
    """Return which of these violated rules a record no longer violates.

    Because what they demand is there now, or because they no longer speak of the
    record. What is wrong with a move stays until another move.
    """
    kept = frozenset(rule for rule in rules if rule.startswith(KEPT))
    if not kept:
        return kept
    facts = Facts(policy, record, evidence, now)
    is_elsewhere = classify(policy, Change(record, record)).kind is MoveKind.ELSEWHERE
    if is_elsewhere or not is_governed(policy, facts):
        return kept
    return kept.difference(_violated(policy, facts, kept))


def evidence_standing(
    policy: Policy, record: Record, rules: Collection[RuleId]
) -> frozenset[EvidenceKind]:
    """Return the evidence that it takes to judge a record as it stands.

    `rules` are those that it violates.
    """
    if classify(policy, Change(record, record)).kind is MoveKind.ELSEWHERE:
        return frozenset()
    stage = policy.stage(record.stage)
    conditions = [
        check.condition
        for check in policy.checks
        if is_demanded(check, stage) and (check.id in rules or _is_of_time(check))
    ]
    conditions += [
        condition
        for one in demanding_stages(policy, stage)
        for rule, condition in conditions_of(one)
        if rule in rules
    ]
    if policy.governs is not None and (conditions or rules):
        conditions.append(policy.governs)
    return frozenset(kind for one in conditions for kind in evidence_read(one))


def _time_checks(policy: Policy) -> list[Check]:
    checks = [one for one in policy.checks if _is_of_time(one)]
    return sorted(checks, key=lambda one: one.id)


def _is_of_time(check: Check) -> bool:
    is_on = check.enforcement is not Enforcement.OFF and not check.actors
    return is_on and bool(check.condition.fields & TIMES)


def _is_in_doubt(verdict: Verdict) -> bool:
    """Return whether a verdict waits for what is linked to the record."""
    is_open = verdict.reason.code is ReasonCode.UNDECIDED
    return is_open and verdict.reason.facts.get("field") in set(EvidenceKind)


def _fails_or_waits(facts: Facts, condition: Condition) -> bool:
    """Return whether a check fails, or waits for what is linked to the record.

    One that reads an empty field says nothing.
    """
    ruling = facts.decide(condition)
    if ruling is Ruling.UNDECIDED:
        return facts.first_empty(condition) in set(EvidenceKind)
    return ruling is Ruling.FALSE


def _violated(
    policy: Policy, facts: Facts, rules: Collection[RuleId]
) -> Iterator[RuleId]:
    """Yield those of these rules that the record violates still, or in doubt."""
    stage = policy.stage(facts.record.stage)
    for one in demanding_stages(policy, stage):
        if one.enforcement is Enforcement.OFF:
            continue
        for name in one.requires:
            rule = required_id(one, name)
            if rule in rules and find_lack(facts, one, name) is not None:
                yield rule
        for rule, condition in conditions_of(one):
            if rule in rules and facts.decide(condition) is not Ruling.TRUE:
                yield rule
    for check in policy.checks:
        is_on = check.enforcement is not Enforcement.OFF and check.id in rules
        if not is_on or not is_demanded(check, stage):
            continue
        if _fails_or_waits(facts, check.condition):
            yield check.id
