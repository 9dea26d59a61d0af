"""When follow-up clocks start. Pure; all moments are aware UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from rules.calendar import add
from rules.facts import Facts, Ruling, evidence_read, is_governed
from rules.lanes import in_lane
from rules.model import (
    CONTACT_EVIDENCE,
    NO_EVIDENCE,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    Kind,
    Record,
    RuleId,
)
from rules.moves import is_in_pipeline
from rules.policy import Calendar, FollowUp, Policy, StartKind


@dataclass(frozen=True, slots=True)
class Start:
    """A clock to start.

    `started_at` follows from the record alone, so the same start found twice is the
    same clock. `next_at` is when it first wants attention: at once when there is a task
    to make, else at its first step; never before now.
    """

    follow_up: FollowUp
    started_at: datetime
    task_due_at: datetime | None
    next_at: datetime


def starts(
    policy: Policy, change: Change, accepted: Record, now: datetime
) -> tuple[Start, ...]:
    """Return the clocks that `change` starts, of the kinds `created` and `enters`.

    `accepted` is the record as we left it: one that was returned entered nothing. A
    first look is history and starts none. Follow-ups below `flag` touch nobody and so
    have no clock; `since` is about judging and does not matter here.
    """
    found = []
    for follow_up in policy.follow_ups:
        if not _watches(policy, follow_up, accepted, now):
            continue
        started_at = _event(follow_up, change, accepted)
        if started_at is not None:
            own = in_lane(policy, follow_up, accepted, now)
            found.append(start_clock(own, min(started_at, now), now, policy.calendar))
    return tuple(found)


def idle_start(
    policy: Policy,
    follow_up: FollowUp,
    record: Record,
    *,
    evidence: Evidence,
    entered_at: datetime | None,
    now: datetime,
) -> Start | None:
    """Return the idle clock of a record, or None if this follow-up does not watch it.

    `entered_at` is when a person moved the record into its stage, None if that is
    unknown or was no person. Idle counts from the latest of real contact, that entry
    and creation; edits, notes and tasks do not count.
    """
    if follow_up.starts.kind is not StartKind.IDLE:
        return None
    if not _watches(policy, follow_up, record, now):
        return None
    moments = [
        record.created_at,
        entered_at,
        evidence.last_at(counted_evidence(follow_up)),
    ]
    past = [moment for moment in moments if moment is not None and moment <= now]
    own = in_lane(policy, follow_up, record, now)
    return start_clock(own, max(past, default=now), now, policy.calendar)


def idle_follow_ups(policy: Policy, kind: Kind) -> tuple[FollowUp, ...]:
    """Return the follow-ups that watch whether a record of this kind lies idle."""
    return tuple(
        follow_up
        for follow_up in policy.follow_ups
        if follow_up.kind is kind
        and follow_up.starts.kind is StartKind.IDLE
        and has_power(follow_up)
    )


def find_follow_up(policy: Policy, rule: RuleId) -> FollowUp | None:
    """Return the policy's follow-up with this id, or None if it has gone."""
    return next((one for one in policy.follow_ups if one.id == rule), None)


def has_power(follow_up: FollowUp) -> bool:
    """Return whether a follow-up may ask anything of anybody."""
    return follow_up.enforcement in {Enforcement.FLAG, Enforcement.ENFORCE}


def start_clock(
    follow_up: FollowUp, started_at: datetime, now: datetime, calendar: Calendar
) -> Start:
    """Return the clock that starts at `started_at`; if overdue, it is due now."""
    base = counts_from(follow_up, started_at, calendar)
    first = planned_step(follow_up, 0, base, calendar)
    if follow_up.task is None:
        return Start(follow_up, started_at, None, max(first or base, now))
    due_at = first or base
    if follow_up.due is not None:
        due_at = add(base, follow_up.due, calendar)
    return Start(follow_up, started_at, max(due_at, now), max(base, now))


def counts_from(
    follow_up: FollowUp, started_at: datetime, calendar: Calendar
) -> datetime:
    """Return the moment that due times and steps are counted from."""
    if follow_up.starts.kind is StartKind.IDLE and follow_up.starts.idle is not None:
        return add(started_at, follow_up.starts.idle, calendar)
    return started_at


def planned_step(
    follow_up: FollowUp, index: int, base: datetime, calendar: Calendar
) -> datetime | None:
    """Return when a step falls by the plan, None after the last one.

    `base` is what `counts_from` gives.
    """
    if index >= len(follow_up.ladder):
        return None
    return add(base, follow_up.ladder[index].after, calendar)


def counted_evidence(follow_up: FollowUp) -> frozenset[EvidenceKind]:
    """Return the evidence that settles a follow-up.

    An idle clock that names none counts every real contact; one that asks for a plan
    counts what somebody plans to do as well: its time runs from when that was due.
    """
    counted = follow_up.done_by
    if follow_up.starts.kind is StartKind.IDLE and not counted:
        counted = CONTACT_EVIDENCE
    if follow_up.starts.asks_for_plan:
        counted |= {EvidenceKind.TASKS}
    return counted


def watched_evidence(follow_up: FollowUp) -> frozenset[EvidenceKind]:
    """Return all evidence that a clock must be given: what counts, and what is read."""
    counted = counted_evidence(follow_up)
    if follow_up.done_when is None:
        return counted
    return counted | evidence_read(follow_up.done_when)


def is_fulfilled(
    policy: Policy,
    follow_up: FollowUp,
    record: Record,
    evidence: Evidence,
    now: datetime,
) -> bool:
    """Return whether the follow-up's own condition is true of the record."""
    if follow_up.done_when is None:
        return False
    facts = Facts(policy, record, evidence, now)
    return facts.decide(follow_up.done_when) is Ruling.TRUE


def _watches(
    policy: Policy, follow_up: FollowUp, record: Record, now: datetime
) -> bool:
    if follow_up.kind is not record.ref.kind or not has_power(follow_up):
        return False
    if record.ref.kind is not policy.kind:
        return True
    if not is_in_pipeline(policy, record):
        return False
    if follow_up.while_open and policy.is_closed(record.stage):
        return False
    # A record that the policy leaves alone is left alone here too; where that rests on
    # evidence, it is in doubt and watched.
    return is_governed(policy, Facts(policy, record, NO_EVIDENCE, now))


def _event(follow_up: FollowUp, change: Change, accepted: Record) -> datetime | None:
    """Return when what this follow-up waits for happened in `change`, or None."""
    before = change.before
    match follow_up.starts.kind:
        case StartKind.CREATED:
            is_born = before is None and change.is_new
            return accepted.created_at if is_born else None
        case StartKind.ENTERS:
            if not _enters(follow_up, change, accepted):
                return None
            # The entry lies between two readings; the CRM's own stamp is nearest to
            # it, and the same however often we look.
            return accepted.created_at if before is None else accepted.modified_at
        case StartKind.IDLE:
            return None
        case _:
            assert_never(follow_up.starts.kind)


def _enters(follow_up: FollowUp, change: Change, accepted: Record) -> bool:
    if accepted.stage is None or accepted.stage != follow_up.starts.stage:
        return False
    before = change.before
    if before is None:
        return change.is_new
    return before.stage != accepted.stage or before.pipeline != accepted.pipeline
