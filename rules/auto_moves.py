"""Moves that follow from facts: a quote that was made makes it “quote sent”. Pure.

One stage at a time, under the demands that a person's move would meet, and only for
something new: what had happened before the record came into its stage was known to
whoever put it there. So a person who moves a record back is not contradicted.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from rules.demands import power_over
from rules.evidence import entry_conditions, evidence_of
from rules.facts import Facts, Ruling, evidence_read, is_governed
from rules.holds import can_move
from rules.interventions import Occasion, Plan, plan_telling
from rules.model import (
    STAGE,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    Reason,
    ReasonCode,
    Record,
    Result,
    RuleId,
    Verdict,
)
from rules.moves import speaks_of
from rules.policy import AutoMove, Policy


def evidence_for(policy: Policy, record: Record) -> frozenset[EvidenceKind]:
    """Return the evidence that finding an auto move of this record takes.

    That of its target's demands included; none if no auto move leaves its stage.
    """
    found: frozenset[EvidenceKind] = frozenset()
    for move in _leaving(policy, record):
        target = policy.stage(move.to_stage)
        assert target is not None
        entry = entry_conditions(policy, target)
        found |= evidence_of([move.when, policy.governs, *entry])
    return found


def find_auto_move(
    policy: Policy,
    change: Change,
    evidence: Evidence,
    *,
    since: datetime,
    told_at: Mapping[RuleId, datetime],
    now: datetime,
) -> tuple[AutoMove, Verdict] | None:
    """Return the auto move that the record after `change` is due for, or None.

    `since` is when the record came into its stage, `told_at` when each auto move was
    last made or asked for: only what came later counts. The verdict fails, since the
    record stands behind the facts; how much power it has says whether to move it.
    """
    record = change.after
    facts = Facts(policy, record, evidence, now)
    for move in _leaving(policy, record):
        if facts.decide(move.when) is not Ruling.TRUE:
            continue
        counts_from = max(since, told_at.get(move.id, since))
        if not (
            _is_fresh(move, evidence, counts_from)
            or _has_become_true(policy, move, change, evidence, now)
        ):
            continue
        if is_governed(policy, facts) and can_move(
            policy, record, move.to_stage, evidence, now
        ):
            return move, _verdict(policy, move, record)
    return None


def plan_auto_move(move: AutoMove, verdict: Verdict) -> Plan:
    """Return what is to be done about a record that stands behind the facts."""
    told = plan_telling(verdict)
    if verdict.enforcement is not Enforcement.ENFORCE:
        return told
    return replace(
        told, put_back={STAGE: move.to_stage}, ask=(), occasion=Occasion.AUTO_MOVE
    )


def _leaving(policy: Policy, record: Record) -> list[AutoMove]:
    if not speaks_of(policy, record):
        return []
    return [
        move
        for move in policy.auto_moves
        if move.from_stage == record.stage and move.enforcement is not Enforcement.OFF
    ]


def _is_fresh(move: AutoMove, evidence: Evidence, since: datetime) -> bool:
    """Return whether something of what the condition reads has happened since."""
    last_at = evidence.last_at(evidence_read(move.when))
    return last_at is not None and last_at > since


def _has_become_true(
    policy: Policy, move: AutoMove, change: Change, evidence: Evidence, now: datetime
) -> bool:
    """Return whether an edit has made the condition true, in the stage it stands in."""
    before = change.before
    if before is None or before.stage != change.after.stage:
        return False
    return Facts(policy, before, evidence, now).decide(move.when) is not Ruling.TRUE


def _verdict(policy: Policy, move: AutoMove, record: Record) -> Verdict:
    source, target = policy.stage(move.from_stage), policy.stage(move.to_stage)
    assert source is not None
    assert target is not None
    return Verdict(
        move.id,
        Result.FAIL,
        power_over(policy, record, move.enforcement),
        Reason(
            ReasonCode.STAGE_BEHIND,
            {"from": source.label, "to": target.label, "condition": move.when.text},
        ),
        move.goal,
    )
