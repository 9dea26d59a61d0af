"""Holds: a move that somebody wanted and that waits for what is missing.

Judged by the one judge as if it were made now, by every rule whomever it is for: never
beyond what a person could do. What only lacks something waits; what the order of the
stages forbids, or what the policy does not name any more, will never come by waiting.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rules.calendar import add
from rules.demands import is_enforced_failure
from rules.judge import weigh
from rules.model import (
    Actor,
    ActorClass,
    Change,
    Enforcement,
    Evidence,
    ReasonCode,
    Record,
    Result,
    StageId,
    Verdict,
)
from rules.moves import is_in_pipeline
from rules.policy import Policy

_ORDER = frozenset(
    {ReasonCode.STAGES_SKIPPED, ReasonCode.MOVED_BACK, ReasonCode.STAGE_UNKNOWN}
)
"""Reasons that no field and no evidence does away with."""


class WishState(StrEnum):
    """What becomes of a wanted move.

    `waits`: something is still missing. `met`: it may be made now. `moved`: the record
    went elsewhere. `expired`: it has waited for as long as the policy allows. `void`:
    the policy does not know this move any more, or forbids it.
    """

    WAITS = "waits"
    MET = "met"
    MOVED = "moved"
    EXPIRED = "expired"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Wish:
    """A move that somebody wanted at `opened_at`."""

    from_stage: StageId | None
    to_stage: StageId
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class WishVerdict:
    """What becomes of a wanted move, and what it lacks while it waits."""

    state: WishState
    lacks: tuple[Verdict, ...] = ()


def judge_wish(
    policy: Policy, wish: Wish, record: Record, evidence: Evidence, now: datetime
) -> WishVerdict:
    """Return what becomes of a wanted move of a record that stands as it is.

    An enforced demand that cannot be decided counts as missing: what waits for us can
    wait a little longer. What has come counts even on the last day.
    """
    if record.stage != wish.from_stage or not is_in_pipeline(policy, record):
        return WishVerdict(WishState.MOVED)
    if policy.stage(wish.from_stage) is None or policy.stage(wish.to_stage) is None:
        return WishVerdict(WishState.VOID)
    moved = replace(record, stage=wish.to_stage)
    change = Change(before=record, after=moved, actor=Actor(ActorClass.OURSELVES))
    judgement = weigh(policy, change, evidence, now)
    lacks = tuple(verdict for verdict in judgement.verdicts if _blocks(verdict))
    if not judgement.is_governed or any(not _can_come(one) for one in lacks):
        return WishVerdict(WishState.VOID)
    if not lacks:
        return WishVerdict(WishState.MET)
    if now >= add(wish.opened_at, policy.hold_keep, policy.calendar):
        return WishVerdict(WishState.EXPIRED, lacks)
    return WishVerdict(WishState.WAITS, lacks)


def can_move(
    policy: Policy, record: Record, to: StageId, evidence: Evidence, now: datetime
) -> bool:
    """Return whether moving `record` to the stage `to` would now pass.

    An enforced demand that cannot be decided counts against it: what waits for us can
    wait a little longer.
    """
    wish = Wish(record.stage, to, now)
    return judge_wish(policy, wish, record, evidence, now).state is WishState.MET


def _blocks(verdict: Verdict) -> bool:
    return (
        verdict.result is Result.ERROR
        or is_enforced_failure(verdict)
        or (
            verdict.enforcement is Enforcement.ENFORCE
            and verdict.reason.code is ReasonCode.UNDECIDED
        )
    )


def _can_come(verdict: Verdict) -> bool:
    """Return whether somebody can bring what this verdict misses."""
    return verdict.reason.code not in _ORDER
