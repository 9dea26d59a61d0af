"""The one judge: a policy, a change and the evidence give verdicts.

Used by the live path, the sweep, the back-test and every preview, so that they never
disagree. It only looks at what changed: old faults block no unrelated edit.
"""

from collections.abc import Iterator
from datetime import datetime

from rules.conversion import judge_early
from rules.demands import (
    FINE,
    LACKING,
    Case,
    find_lack,
    is_enforced_failure,
    judge_gate,
    judge_people,
    judge_required,
    power_over,
    required_by,
)
from rules.edits import judge_edits
from rules.facts import Facts, Ruling, is_governed
from rules.model import (
    NO_EVIDENCE,
    ActorClass,
    Change,
    Enforcement,
    Evidence,
    Judgement,
    Reason,
    ReasonCode,
    Result,
    RuleId,
    StageId,
    Value,
    Verdict,
)
from rules.moves import (
    DEMANDING,
    Move,
    MoveKind,
    allows,
    classify,
    demanding_stages,
    is_nothing_new,
    path,
)
from rules.policy import MoveRule, Policy, Stage

STAGE_UNKNOWN = RuleId("stage.unknown")


def judge(
    policy: Policy, change: Change, evidence: Evidence, now: datetime
) -> Judgement:
    """Return all verdicts on `change`, and where the record belongs.

    Never raises. A condition that cannot be decided gives `skip`; `now` is aware UTC.
    Of our own changes nothing is said to fail.
    """
    judgement = weigh(policy, change, evidence, now)
    if change.actor.kind is not ActorClass.OURSELVES:
        return judgement
    kept = tuple(one for one in judgement.verdicts if one.result is not Result.FAIL)
    return Judgement(change, kept, is_governed=judgement.is_governed)


def weigh(
    policy: Policy, change: Change, evidence: Evidence, now: datetime
) -> Judgement:
    """Return what `judge` does, but of our own changes all that fails as well.

    So we find out what would become of a move before we make it.
    """
    move = classify(policy, change)
    if move.kind is MoveKind.ELSEWHERE:
        return Judgement(change, is_governed=False)
    is_silent = is_nothing_new(change, move)
    if is_silent:
        # No evidence was asked for, so none may count.
        evidence = NO_EVIDENCE
    facts = Facts(policy, change.after, evidence, now)
    if not is_governed(policy, facts):
        return Judgement(change, is_governed=False)
    if is_silent:
        return Judgement(change)
    if move.kind is MoveKind.ASTRAY:
        return Judgement(change, (_unknown_stage(change),))
    ceiling = power_over(policy, change.after, move.ceiling)
    return _judge(Case(policy, change, move, facts, ceiling))


def _judge(case: Case) -> Judgement:
    on_move = {verdict.rule: verdict for verdict in _on_move(case)}
    broken = [verdict for verdict in on_move.values() if is_enforced_failure(verdict)]
    return_to = _belongs_in(case) if broken else None
    edits = judge_edits(case, return_to)
    # A demand of the move that was also an edit is told once, as the move's.
    told = {rule: one for rule, one in edits.verdicts.items() if rule not in on_move}
    verdicts = (*on_move.values(), *told.values())
    lacks_only = all(verdict.reason.code in LACKING for verdict in broken)
    return Judgement(
        case.change,
        verdicts,
        return_to=return_to,
        restore=edits.restore,
        wanted=case.change.after.stage if return_to and lacks_only else None,
    )


def _unknown_stage(change: Change) -> Verdict:
    return Verdict(
        STAGE_UNKNOWN,
        Result.ERROR,
        Enforcement.OBSERVE,
        Reason(ReasonCode.STAGE_UNKNOWN, {"stage": change.after.stage}),
    )


def _on_move(case: Case) -> Iterator[Verdict]:
    verdicts = [_on_order(case)]
    target = case.move.target
    if case.move.kind in DEMANDING and target is not None:
        verdicts += [
            judge_required(case, stage, case.facts, name)
            for stage, name in required_by(case.policy, target)
        ]
        verdicts += [
            judge_people(case, stage, kind, condition)
            for stage in demanding_stages(case.policy, target)
            for kind, condition in stage.people.items()
        ]
        verdicts += [judge_gate(case, target), judge_early(case)]
    return (verdict for verdict in verdicts if verdict is not None)


def _on_order(case: Case) -> Verdict | None:
    """Judge the direction of the move; None where no order applies."""
    found = _order(case)
    if found is None:
        return None
    rule, reason = found
    power = case.power(rule)
    if power is Enforcement.OFF:
        return None
    if reason is not FINE:
        reason = _permission(case) or reason
    is_fine = reason.code in {ReasonCode.FINE, ReasonCode.ALLOWED}
    result = Result.PASS if is_fine else Result.FAIL
    return Verdict(rule.id, result, power, reason, rule.goal)


def _order(case: Case) -> tuple[MoveRule, Reason] | None:
    """Return the rule about this direction, and what it finds."""
    policy, move = case.policy, case.move
    if move.kind is MoveKind.FORWARD and policy.skip is not None:
        if not move.passed:
            return policy.skip, FINE
        skipped = ", ".join(stage.label for stage in move.passed)
        facts = {**_ends(move), "skipped": skipped}
        return policy.skip, Reason(ReasonCode.STAGES_SKIPPED, facts)
    if move.kind in {MoveKind.BACK, MoveKind.REOPENED} and policy.back is not None:
        return policy.back, Reason(ReasonCode.MOVED_BACK, _ends(move))
    if move.kind is MoveKind.BORN and policy.born_late is not None:
        return policy.born_late, _birth(case)
    return None


def _ends(move: Move) -> dict[str, Value]:
    assert move.source is not None
    assert move.target is not None
    return {"from": move.source.label, "to": move.target.label}


def _permission(case: Case) -> Reason | None:
    """Return the reason of an `allow` that covers this move, if there is one."""
    whys = [
        allow.why
        for allow in allows(case.policy, case.move)
        if allow.when is None or case.facts.decide(allow.when) is Ruling.TRUE
    ]
    return Reason(ReasonCode.ALLOWED, {"why": min(whys)}) if whys else None


def _birth(case: Case) -> Reason:
    target = case.move.target
    if target is None or not target.position:
        return FINE
    furthest = _furthest(case)
    if furthest is None or furthest.id == target.id:
        return FINE
    facts: dict[str, Value] = {"stage": target.label, "furthest": furthest.label}
    return Reason(ReasonCode.BORN_LATE, facts)


def _furthest(case: Case) -> Stage | None:
    """Return the furthest stage that a newborn record qualifies for.

    All requirements and gates up to it are met; at worst it is the first stage. Never
    beyond where it stands; one born beside the path begins at the start.
    """
    target = case.move.target
    stages = path(case.policy)
    if not stages:
        return None
    limit = target.position if target is not None else None
    reached = stages[0]
    for stage in stages:
        if limit is None or stage.position is None or stage.position > limit:
            break
        if not _qualifies(case, stage):
            break
        reached = stage
    return reached


def _qualifies(case: Case, stage: Stage) -> bool:
    if case.power(stage) is Enforcement.OFF:
        return True
    if any(find_lack(case.facts, stage, name) is not None for name in stage.requires):
        return False
    conditions = [*stage.people.values(), *filter(None, [stage.gate])]
    return all(case.facts.decide(one) is not Ruling.FALSE for one in conditions)


def _belongs_in(case: Case) -> StageId | None:
    """Return the stage that a record goes back to, None if it stands there already."""
    before = case.change.before
    if before is not None:
        return before.stage
    furthest = _furthest(case)
    if furthest is None or furthest.id == case.change.after.stage:
        return None
    return furthest.id
