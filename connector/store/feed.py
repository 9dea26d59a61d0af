"""What has been happening, newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONPATH

from connector.store.codec import change_from_json, plan_from_json, verdicts_from_json
from connector.store.interventions import InterventionKind, InterventionState
from connector.store.tables import (
    allowed_answers,
    connections,
    interventions,
    judgements,
    notifications,
    process_versions,
    processes,
    records,
)
from rules.interventions import Plan
from rules.model import Change, Kind, Verdict

_RECENT_JUDGEMENTS = 500
_RECENT_INTERVENTIONS = 150


@dataclass(frozen=True, slots=True)
class Done:
    """One thing done, or to be done, about a judgement or a clock."""

    kind: InterventionKind
    state: InterventionState
    error: str


@dataclass(frozen=True, slots=True)
class JudgedEntry:
    """A judgement that somebody should hear about, and what was done about it."""

    id: int
    at: datetime
    connection: str
    process_version_id: int
    change: Change
    verdicts: tuple[Verdict, ...]
    plan: Plan
    done: tuple[Done, ...]


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task that a follow-up made. `url` may be empty."""

    id: int
    at: datetime
    connection: str
    kind: Kind
    record: str
    url: str
    done: Done
    subject: str


@dataclass(frozen=True, slots=True)
class MessageEntry:
    """A message to a person. `kind` is None if it is about no record.

    `connection` is then empty.
    """

    id: int
    at: datetime
    connection: str
    kind: Kind | None
    record: str
    url: str
    person: str
    purpose: str
    state: str
    channel: str
    subject: str
    error: str


@dataclass(frozen=True, slots=True)
class AnswerEntry:
    """Somebody said that a text is an answer after all, or (`is_over`) no more."""

    id: int
    at: datetime
    connection: str
    field: str
    text: str
    why: str
    person: str
    is_over: bool


class Feed:
    """Read-only. What it looks through does not grow with the history."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def judged(self, *, limit: int) -> list[JudgedEntry]:
        """Return the latest judgements that found something or led to something."""
        lately = (
            select(judgements.c.id, judgements.c.verdicts)
            .order_by(judgements.c.id.desc())
            .limit(_RECENT_JUDGEMENTS)
            .subquery()
        )
        failed = select(lately.c.id).where(
            func.jsonb_path_exists(
                lately.c.verdicts, cast('$[*] ? (@.result == "fail")', JSONPATH)
            )
        )
        acted = (
            select(interventions.c.judgement_id)
            .order_by(interventions.c.id.desc())
            .limit(_RECENT_INTERVENTIONS)
        )
        rows = self._connection.execute(
            select(judgements, connections.c.name.label("connection"))
            .join(
                process_versions,
                process_versions.c.id == judgements.c.process_version_id,
            )
            .join(processes, processes.c.id == process_versions.c.process_id)
            .join(connections, connections.c.id == processes.c.connection_id)
            .where(or_(judgements.c.id.in_(failed), judgements.c.id.in_(acted)))
            .order_by(judgements.c.id.desc())
            .limit(limit)
        ).all()
        done = self._done(
            {row.id for row in rows}, records={row.record_id for row in rows}
        )
        return [_judged(row, done.get(row.id, ())) for row in rows]

    def tasks(self, *, limit: int) -> list[TaskEntry]:
        """Return the latest tasks of follow-ups."""
        rows = self._connection.execute(
            select(
                interventions,
                connections.c.name.label("connection"),
                records.c.kind.label("record_kind"),
                records.c.name,
                records.c.crm_id,
                records.c.baseline["url"].astext.label("url"),
            )
            .join(records, records.c.id == interventions.c.record_id)
            .join(connections, connections.c.id == records.c.connection_id)
            .where(interventions.c.clock_id.is_not(None))
            .order_by(interventions.c.id.desc())
            .limit(limit)
        )
        return [
            TaskEntry(
                row.id,
                row.ended_at or row.planned_at,
                row.connection,
                Kind(row.record_kind),
                row.name or row.crm_id,
                row.url or "",
                _one_done(row),
                str(row.body.get("subject", "")),
            )
            for row in rows
        ]

    def messages(self, *, limit: int) -> list[MessageEntry]:
        """Return the latest messages to people."""
        rows = self._connection.execute(
            select(
                notifications,
                connections.c.name.label("connection"),
                records.c.kind,
                records.c.name,
                records.c.crm_id,
                records.c.baseline["url"].astext.label("url"),
            )
            .outerjoin(records, records.c.id == notifications.c.record_id)
            .outerjoin(connections, connections.c.id == records.c.connection_id)
            .order_by(notifications.c.id.desc())
            .limit(limit)
        )
        return [
            MessageEntry(
                row.id,
                row.sent_at or row.planned_at,
                row.connection or "",
                None if row.kind is None else Kind(row.kind),
                row.name or row.crm_id or "",
                row.url or "",
                row.person,
                row.purpose,
                row.state,
                row.channel or "",
                str(row.message.get("subject", "")),
                row.error or "",
            )
            for row in rows
        ]

    def answers(self, *, limit: int) -> list[AnswerEntry]:
        """Return the latest texts that were said to be answers, or none any more."""
        rows = self._connection.execute(
            select(allowed_answers, connections.c.name.label("connection"))
            .join(connections, connections.c.id == allowed_answers.c.connection_id)
            .order_by(allowed_answers.c.id.desc())
            .limit(limit)
        ).all()
        allowed = [_answer(row, is_over=False) for row in rows]
        return allowed + [
            _answer(row, is_over=True) for row in rows if row.revoked_at is not None
        ]

    def _done(
        self, judgement_ids: Collection[int], *, records: Collection[int]
    ) -> dict[int, tuple[Done, ...]]:
        if not judgement_ids:
            return {}
        found: dict[int, tuple[Done, ...]] = {}
        for row in self._connection.execute(
            select(interventions)
            .where(
                # There is an index on the record, and none on the judgement.
                interventions.c.record_id.in_(records),
                interventions.c.judgement_id.in_(judgement_ids),
            )
            .order_by(interventions.c.id)
        ):
            before = found.get(row.judgement_id, ())
            found[row.judgement_id] = (*before, _one_done(row))
        return found


def _answer(row: Row[Any], *, is_over: bool) -> AnswerEntry:
    return AnswerEntry(
        row.id,
        row.revoked_at if is_over else row.allowed_at,
        row.connection,
        row.field,
        row.text,
        "" if is_over else row.why,
        row.revoked_by if is_over else row.allowed_by,
        is_over,
    )


def _one_done(row: Row[Any]) -> Done:
    return Done(
        InterventionKind(row.kind), InterventionState(row.state), row.error or ""
    )


def _judged(row: Row[Any], done: tuple[Done, ...]) -> JudgedEntry:
    verdicts = verdicts_from_json(row.verdicts)
    return JudgedEntry(
        row.id,
        row.judged_at,
        row.connection,
        row.process_version_id,
        change_from_json(row.change),
        verdicts,
        plan_from_json(row.plan, verdicts),
        done,
    )
