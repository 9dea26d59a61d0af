"""What a follow-up clock asks for when it is due.

Pure. A clock is measured from its `started_at`; an idle clock's steps count from the
moment that the record became idle. All moments are aware UTC. When a clock starts is in
`rules.starts`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from rules.model import Evidence, Record
from rules.policy import Calendar, FollowUp, StartKind, Step
from rules.starts import (
    Start,
    counted_evidence,
    counts_from,
    planned_step,
    start_clock,
)

LOOK_AGAIN = timedelta(days=1)
"""The longest that a clock waits for a planned activity: it may be cancelled."""

SETTLE_FIRST = timedelta(seconds=15)
SETTLE_LAST = timedelta(days=1)
"""After its last step a clock looks whether the matter is settled: first after 15 s,
then each time as late again as the step is old, at last once a day."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """A running clock. `last_step_at` keeps the steps of a late clock apart.

    `has_task`: the follow-up's task has been made for this clock. `stood_still` is how
    long pauses have kept it from going on.
    """

    started_at: datetime
    steps_taken: int = 0
    last_step_at: datetime | None = None
    has_task: bool = False
    stood_still: timedelta = timedelta()


class DoneHow(StrEnum):
    """What showed that a matter is done."""

    CONTACT = "contact"
    TASK = "task"
    CONDITION = "condition"
    PLANNED = "planned"


class EndedWhy(StrEnum):
    """Why a clock stops although nobody did what was asked."""

    GONE = "gone"
    CLOSED = "closed"
    MOVED_ON = "moved_on"


@dataclass(frozen=True, slots=True)
class Done:
    """What was asked has happened. `again`: the idle clock that starts from there."""

    how: DoneHow
    again: Start | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """There is nothing left to follow up."""

    why: EndedWhy


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at `until`.

    `needs_task`: the follow-up's task should be there by now and is not.
    """

    until: datetime
    needs_task: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """Take this step now and look again at `then_at`.

    After the last step that is no step but a look whether the matter is settled, so
    that the message can be closed; `next_step` then answers Wait until it is.
    `needs_task`: the follow-up's task should be there by now and is not.
    """

    index: int
    step: Step
    then_at: datetime
    needs_task: bool = False


NextStep = Done | Ended | Wait | Take


def next_step(
    follow_up: FollowUp,
    clock: ClockState,
    *,
    record: Record | None,
    is_open: bool,
    evidence: Evidence,
    is_task_completed: bool,
    now: datetime,
    calendar: Calendar,
    is_fulfilled: bool = False,
    parked_until: datetime | None = None,
    seen_until: datetime | None = None,
    entered_at: datetime | None = None,
) -> NextStep:
    """Return what a clock that is due asks for.

    `record` is None when it is gone. Contact counts if it came after the start, and so
    does, for an idle clock, a person's moving the record to another stage
    (`entered_at`); a planned activity stops the clock until it is past. `is_fulfilled`:
    the follow-up's own condition is true. `parked_until`: somebody asked to be left
    alone until then; `seen_until`: so long is whoever has seen the matter left alone.
    """
    why = _end(follow_up, record, is_open=is_open)
    if why is not None:
        return Ended(why)
    if is_fulfilled:
        return Done(DoneHow.CONDITION)
    settled = _settled(
        follow_up,
        clock,
        evidence,
        entered_at,
        is_task_completed=is_task_completed,
        now=now,
        calendar=calendar,
    )
    if settled is not None:
        return settled
    rests_until = max(parked_until or now, seen_until or now)
    if rests_until > now:
        return Wait(rests_until)
    planned_at = evidence.next_at(counted_evidence(follow_up))
    if planned_at is not None and planned_at > now:
        return _planned(follow_up, clock, planned_at, now=now, calendar=calendar)
    return _ladder(follow_up, clock, now, calendar)


def _settled(
    follow_up: FollowUp,
    clock: ClockState,
    evidence: Evidence,
    entered_at: datetime | None,
    *,
    is_task_completed: bool,
    now: datetime,
    calendar: Calendar,
) -> Done | Wait | None:
    """Return what contact or a completed task comes to; None if there was neither."""
    contact_at = evidence.last_at(counted_evidence(follow_up))
    if follow_up.starts.kind is StartKind.IDLE and entered_at is not None:
        contact_at = max(contact_at or entered_at, entered_at)
    if contact_at is not None and _is_after(follow_up, clock, contact_at):
        return _after_contact(follow_up, clock, contact_at, now=now, calendar=calendar)
    if follow_up.is_done_by_task and is_task_completed:
        return Done(DoneHow.TASK, again=_again(follow_up, now, now, calendar))
    return None


def _is_after(follow_up: FollowUp, clock: ClockState, contact_at: datetime) -> bool:
    """Return whether contact came after the start.

    A CRM may stamp no more than the second: what came in the very second of the start
    came after it. An idle clock starts at contact, which is not another one.
    """
    if follow_up.starts.kind is StartKind.IDLE:
        return contact_at > clock.started_at
    return contact_at >= clock.started_at


def _planned(
    follow_up: FollowUp,
    clock: ClockState,
    planned_at: datetime,
    *,
    now: datetime,
    calendar: Calendar,
) -> Done | Wait:
    """Wait for what is planned; who was asked to plan something has done so."""
    is_asked = clock.steps_taken > 0 or clock.has_task
    if follow_up.starts.asks_for_plan and is_asked:
        return Done(DoneHow.PLANNED, _again(follow_up, planned_at, now, calendar))
    return Wait(min(planned_at, now + LOOK_AGAIN))


def _end(
    follow_up: FollowUp, record: Record | None, *, is_open: bool
) -> EndedWhy | None:
    if record is None:
        return EndedWhy.GONE
    if follow_up.while_open and not is_open:
        return EndedWhy.CLOSED
    start = follow_up.starts
    if start.kind is StartKind.ENTERS and record.stage != start.stage:
        return EndedWhy.MOVED_ON
    return None


def _after_contact(
    follow_up: FollowUp,
    clock: ClockState,
    contact_at: datetime,
    *,
    now: datetime,
    calendar: Calendar,
) -> Done | Wait:
    again = _again(follow_up, contact_at, now, calendar)
    if (
        again is not None
        and again.next_at > now
        and clock.steps_taken == 0
        and not clock.has_task
    ):
        # Nobody was asked anything yet. That the clock counts from this contact need
        # not be stored: the next look finds it again.
        return Wait(again.next_at)
    return Done(DoneHow.CONTACT, again)


def _again(
    follow_up: FollowUp, started_at: datetime, now: datetime, calendar: Calendar
) -> Start | None:
    if follow_up.starts.kind is not StartKind.IDLE:
        return None
    return start_clock(follow_up, started_at, now, calendar)


def _ladder(
    follow_up: FollowUp, clock: ClockState, now: datetime, calendar: Calendar
) -> Wait | Take:
    base = counts_from(follow_up, clock.started_at, calendar) + clock.stood_still
    lacks_task = follow_up.task is not None and not clock.has_task
    needs_task = lacks_task and base <= now
    planned_at = _spaced(follow_up, clock, base, calendar)
    if planned_at is None:
        return Wait(
            now + _settle_wait(follow_up, clock, base, now=now, calendar=calendar),
            needs_task=needs_task,
        )
    if now < planned_at:
        waits_for_task = lacks_task and base > now
        return Wait(
            min(base, planned_at) if waits_for_task else planned_at,
            needs_task=needs_task,
        )
    index = clock.steps_taken
    taken = replace(clock, steps_taken=index + 1, last_step_at=now)
    return Take(
        index,
        follow_up.ladder[index],
        _spaced(follow_up, taken, base, calendar) or now + SETTLE_FIRST,
        needs_task=needs_task,
    )


def _spaced(
    follow_up: FollowUp, clock: ClockState, base: datetime, calendar: Calendar
) -> datetime | None:
    """Return when the next step falls, None after the last one.

    A step that came late keeps the next ones at their distance: nobody gets all of an
    old clock's messages at once.
    """
    index = clock.steps_taken
    planned_at = planned_step(follow_up, index, base, calendar)
    if planned_at is None or clock.last_step_at is None or index == 0:
        return planned_at
    previous_at = planned_step(follow_up, index - 1, base, calendar)
    if previous_at is None:
        return planned_at
    return max(planned_at, clock.last_step_at + (planned_at - previous_at))


def _settle_wait(
    follow_up: FollowUp,
    clock: ClockState,
    base: datetime,
    *,
    now: datetime,
    calendar: Calendar,
) -> timedelta:
    last_at = clock.last_step_at
    if last_at is None and follow_up.ladder:
        last_at = planned_step(follow_up, len(follow_up.ladder) - 1, base, calendar)
    return min(max(now - (last_at or base), SETTLE_FIRST), SETTLE_LAST)
