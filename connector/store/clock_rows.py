"""Clocks as values: to start, in a worker's hands, in lists."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from connector.store.codec import record_from_json
from rules.model import Kind, Record, RecordId, RecordRef, RuleId


@dataclass(frozen=True, slots=True)
class NewClock:
    """A clock to start. `due_at` is when it first wants attention."""

    record_id: int
    process_id: int
    follow_up: RuleId
    started_at: datetime
    task_due_at: datetime | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DueClock:
    """A clock in one worker's hands, with its record as we last knew it."""

    id: int
    connection_id: int
    record_id: int
    process_id: int
    follow_up: RuleId
    started_at: datetime
    task_due_at: datetime | None
    task_id: str | None
    steps_taken: int
    last_step_at: datetime | None
    stood_still: timedelta
    attempts: int
    ref: RecordRef
    baseline: Record | None
    stage_entered_at: datetime | None
    parked_until: datetime | None
    seen_until: datetime | None


@dataclass(frozen=True, slots=True)
class ClockSummary:
    """A clock as lists show it."""

    id: int
    connection: str
    process: str
    follow_up: str
    kind: str
    crm_id: str
    record: str
    owner: str | None
    state: str
    started_at: datetime
    task_due_at: datetime | None
    due_at: datetime | None
    steps_taken: int
    seen_until: datetime | None
    seen_by: str | None
    ended_at: datetime | None
    ended_why: str | None


def to_due(row: Row[Any]) -> DueClock:
    """Return a claimed row of `clocks`, joined with its record."""
    return DueClock(
        id=row.id,
        connection_id=row.connection_id,
        record_id=row.record_id,
        process_id=row.process_id,
        follow_up=RuleId(row.follow_up),
        started_at=row.started_at,
        task_due_at=row.task_due_at,
        task_id=row.task_id,
        steps_taken=row.steps_taken,
        last_step_at=row.last_step_at,
        stood_still=row.stood_still,
        attempts=row.attempts,
        ref=RecordRef(Kind(row.kind), RecordId(row.crm_id)),
        baseline=None if row.baseline is None else record_from_json(row.baseline),
        stage_entered_at=row.stage_entered_at,
        parked_until=row.parked_until,
        seen_until=row.seen_until,
    )
