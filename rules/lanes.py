"""Lanes: some records are worth shorter clocks than the others. Pure."""

import math
from dataclasses import replace
from datetime import datetime

from rules.facts import Facts, Ruling
from rules.model import NO_EVIDENCE, Record
from rules.policy import Duration, FollowUp, Lane, Policy, Unit

_SECONDS = {Unit.SECONDS: 1, Unit.MINUTES: 60, Unit.HOURS: 3600, Unit.DAYS: 86_400}


def lane_of(policy: Policy, record: Record, now: datetime) -> Lane | None:
    """Return the first lane that a record is in, None if it is in none."""
    if not policy.lanes or record.ref.kind is not policy.kind:
        return None
    facts = Facts(policy, record, NO_EVIDENCE, now)
    return next(
        (lane for lane in policy.lanes if facts.decide(lane.when) is Ruling.TRUE), None
    )


def in_lane(
    policy: Policy, follow_up: FollowUp, record: Record, now: datetime
) -> FollowUp:
    """Return the follow-up as it is for this record: its times are its lane's."""
    lane = lane_of(policy, record, now)
    if lane is None:
        return follow_up
    starts, due = follow_up.starts, follow_up.due
    return replace(
        follow_up,
        starts=replace(starts, idle=starts.idle and _scaled(starts.idle, lane.factor)),
        due=due and _scaled(due, lane.factor),
        ladder=tuple(
            replace(step, after=_scaled(step.after, lane.factor))
            for step in follow_up.ladder
        ),
    )


def _scaled(length: Duration, factor: float) -> Duration:
    """Return a length times the factor; working time in whole hours or days, at least.

    Part of a working day would end at another hour of the day than it began.
    """
    amount = length.amount * factor
    if length.unit in _SECONDS:
        return Duration(round(amount * _SECONDS[length.unit]), Unit.SECONDS)
    return Duration(math.ceil(amount), length.unit)
