"""Judging a whole way through the stages, where the CRM tells of one.

Hints coalesce: between two looks a record may have taken several steps, each of them
allowed, that together look like a skip.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rules.judge import judge
from rules.model import Change, Evidence, Judgement, StageId
from rules.policy import Policy


def judge_path(
    policy: Policy,
    change: Change,
    path: Sequence[StageId],
    evidence: Evidence,
    now: datetime,
) -> Judgement:
    """Judge `change`, which went through the stages of `path` in this order.

    The record keeps every step that was right by itself, and is judged from there.
    """
    whole = judge(policy, change, evidence, now)
    is_within = change.before is None or change.before.pipeline == change.after.pipeline
    if whole.return_to is None or len(path) < 2 or not is_within:  # noqa: PLR2004
        return whole
    reached = change.before
    for stage in path:
        step = replace(change, before=reached, after=replace(change.after, stage=stage))
        if judge(policy, step, evidence, now).return_to is not None:
            break
        # With its former values: what the CRM changed along with a later step goes
        # back with it.
        reached = replace(change.before or change.after, stage=stage)
    if reached is change.before:
        return whole
    return judge(policy, replace(change, before=reached), evidence, now)
