"""Judging a whole way through the stages, where the CRM tells of one.

Hints coalesce: between two looks a record may have taken several steps, each of them
allowed, that together look like a skip.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import repeat

from rules.judge import judge
from rules.model import Actor, Change, Evidence, Judgement, StageId
from rules.policy import Policy


def judge_path(
    policy: Policy,
    change: Change,
    path: Sequence[StageId],
    evidence: Evidence,
    now: datetime,
    *,
    movers: Sequence[Actor] = (),
) -> Judgement:
    """Judge `change`, which went through the stages of `path` in this order.

    The record keeps every step that was right by itself, and is judged from there, as
    moved by whoever made the first wrong step. `movers` made the steps; without them
    whoever made the change did.
    """
    whole = judge(policy, change, evidence, now)
    is_within = change.before is None or change.before.pipeline == change.after.pipeline
    is_shared = policy.names_actors and len({one.kind for one in movers}) > 1
    if len(path) < 2 or not is_within:  # noqa: PLR2004
        return whole
    if whole.return_to is None and not is_shared:
        return whole
    reached, actor = change.before, change.actor
    for stage, mover in zip(path, movers or repeat(actor), strict=False):
        after = replace(change.after, stage=stage)
        step = replace(change, before=reached, after=after, actor=mover)
        if judge(policy, step, evidence, now).return_to is not None:
            actor = mover
            break
        # With its former values: what the CRM changed along with a later step goes
        # back with it.
        reached = replace(change.before or change.after, stage=stage)
    else:
        if whole.return_to is None:
            return whole
    if reached is change.before and actor == change.actor:
        return whole
    return judge(policy, replace(change, before=reached, actor=actor), evidence, now)
