"""What would happen to a record that somebody moves to another stage. Pure.

Judged by the one judge as if a person made the move now, and planned as it would be
then; nothing is done.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rules.interventions import Plan, plan
from rules.judge import judge
from rules.model import (
    Actor,
    ActorClass,
    Change,
    Enforcement,
    Evidence,
    Judgement,
    Record,
    Result,
    StageId,
    Verdict,
)
from rules.moves import path
from rules.policy import Policy, Stage


class Outlook(StrEnum):
    """What would come of a move.

    `ungoverned`: the policy does not speak of this record. `passes`, `observed` (it
    would stay and be recorded), `flagged` (it would stay, with a note and a task),
    `returned`, or `held`: put back, and made once the missing thing is there.
    """

    UNGOVERNED = "ungoverned"
    PASSES = "passes"
    OBSERVED = "observed"
    FLAGGED = "flagged"
    RETURNED = "returned"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Prospect:
    """A move that was thought through. `wanting` are the verdicts that speak against.

    `doubtful` are those that cannot be decided.
    """

    to: StageId
    judgement: Judgement
    plan: Plan
    outlook: Outlook

    @property
    def wanting(self) -> tuple[Verdict, ...]:
        """What speaks against the move, whatever would be done about it."""
        return tuple(self.judgement.failed())

    @property
    def doubtful(self) -> tuple[Verdict, ...]:
        """What could not be decided, because something that it reads is empty."""
        return tuple(
            one
            for one in self.judgement.verdicts
            if one.result is Result.SKIP and "condition" in one.reason.facts
        )


def think_through(
    policy: Policy,
    record: Record,
    to: StageId,
    evidence: Evidence,
    now: datetime,
    *,
    returns_today: int = 0,
) -> Prospect:
    """Return what would come of moving `record` to the stage `to` now."""
    judgement = judge(policy, to_change(record, to), evidence, now)
    planned = plan(policy, judgement, returns_today=returns_today)
    return Prospect(to, judgement, planned, _outlook(judgement, planned))


def to_change(record: Record, to: StageId) -> Change:
    """Return the change that a person would make by moving `record` there."""
    moved = replace(record, stage=to)
    return Change(before=record, after=moved, actor=Actor(ActorClass.PERSON))


def next_stage(policy: Policy, record: Record) -> Stage | None:
    """Return the stage that comes next on the path; None beside it and at its end."""
    stages = path(policy)
    here = policy.stage(record.stage)
    if here not in stages:
        return None
    following = stages[stages.index(here) + 1 :]
    return following[0] if following else None


def _outlook(judgement: Judgement, planned: Plan) -> Outlook:
    if not judgement.is_governed:
        return Outlook.UNGOVERNED
    if planned.hold is not None:
        return Outlook.HELD
    if planned.return_to is not None:
        return Outlook.RETURNED
    if planned.explain:
        return Outlook.FLAGGED
    failed = judgement.failed(Enforcement.OBSERVE)
    return Outlook.OBSERVED if failed else Outlook.PASSES
