"""When a lead becomes an account with a contact: a quote or a contract says so. Pure.

A conversion cannot be taken back, and only people make one: what goes wrong is told
and never put right by itself.
"""

from collections.abc import Collection
from datetime import datetime

from rules.demands import FINE, Case, judge_condition, power_over
from rules.evidence import evidence_of
from rules.facts import Facts, Ruling, is_governed
from rules.model import (
    Enforcement,
    Evidence,
    EvidenceKind,
    Reason,
    ReasonCode,
    Record,
    Result,
    RuleId,
    Value,
    Verdict,
)
from rules.moves import speaks_of
from rules.policy import MoveRule, Policy

EARLY = RuleId("conversion.early")
LATE = RuleId("conversion.late")


def judge_early(case: Case) -> Verdict | None:
    """Judge a conversion that has just been made; None if the change made none."""
    conversion, target = case.policy.conversion, case.move.target
    if conversion is None or target is None or not target.is_won:
        return None
    early = conversion.early
    if early is None or (power := case.power(early)) is Enforcement.OFF:
        return None
    facts: dict[str, Value] = {
        "stage": target.label,
        "condition": conversion.seed.text,
    }
    return judge_condition(
        case.facts,
        early.id,
        conversion.seed,
        power=power,
        failure=lambda: Reason(ReasonCode.CONVERTED_EARLY, facts),
        goal=early.goal,
    )


def seed_evidence(policy: Policy, record: Record) -> frozenset[EvidenceKind]:
    """Return the evidence that says whether a lead should be converted."""
    if policy.conversion is None or not _is_of(policy, record):
        return frozenset()
    return evidence_of([policy.conversion.seed, policy.governs])


def judge_conversion(
    policy: Policy,
    record: Record,
    evidence: Evidence,
    *,
    told: Collection[RuleId],
    now: datetime,
) -> Verdict | None:
    """Return what there is to say of a lead as it stands, None if nothing is new.

    `told` are the rules that it violates already. A lead that should be converted by
    now fails; what was told and is true no more passes.
    """
    conversion = policy.conversion
    if conversion is None or not _is_of(policy, record):
        return None
    facts = Facts(policy, record, evidence, now)
    if not is_governed(policy, facts):
        return None
    has_seed = facts.decide(conversion.seed) is Ruling.TRUE
    is_late = has_seed and _is_open(policy, record)
    late, early = conversion.late, conversion.early
    if late is not None and is_late is not (late.id in told):
        power = power_over(policy, record, late.enforcement)
        if power is Enforcement.OFF:
            return None
        return _due(policy, late, power) if is_late else _passed(late, power)
    if early is not None and early.id in told and has_seed:
        return _passed(early, power_over(policy, record, early.enforcement))
    return None


def _is_of(policy: Policy, record: Record) -> bool:
    return policy.stage(record.stage) is not None and speaks_of(policy, record)


def _is_open(policy: Policy, record: Record) -> bool:
    stage = policy.stage(record.stage)
    return stage is not None and not stage.is_closed and not stage.is_won


def _due(policy: Policy, late: MoveRule, power: Enforcement) -> Verdict:
    assert policy.conversion is not None
    converted = next((one.label for one in policy.stages if one.is_won), "")
    facts: dict[str, Value] = {
        "stage": converted,
        "condition": policy.conversion.seed.text,
    }
    reason = Reason(ReasonCode.CONVERSION_DUE, facts)
    return Verdict(late.id, Result.FAIL, power, reason, late.goal)


def _passed(rule: MoveRule, power: Enforcement) -> Verdict:
    return Verdict(rule.id, Result.PASS, power, FINE, rule.goal)
