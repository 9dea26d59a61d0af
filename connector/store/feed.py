"""What has been happening, newest first, and how far the set-up has come."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONPATH

from connector.store.codec import change_from_json, plan_from_json, verdicts_from_json
from connector.store.interventions import InterventionKind, InterventionState
from connector.store.tables import (
    allowed_answers,
    channels,
    connections,
    deliveries,
    interventions,
    judgements,
    notices,
    notifications,
    owners,
    people,
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
    process: str
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
    process_version_id: int | None
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


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account and its health. None: that has not happened yet."""

    id: int
    name: str
    vendor: str
    imported_at: datetime | None
    swept_until: datetime | None
    paused_at: datetime | None
    heard_at: datetime | None
    probed_at: datetime | None
    probe: Mapping[str, Any]
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What the admin should know; `times` it has come up."""

    message: str
    first_at: datetime
    last_at: datetime
    times: int
    connection: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach people, and its last test (empty: never tested)."""

    name: str
    kind: str
    last_test: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """How many people we can reach, and how many owners the CRMs have."""

    people: int
    owners: int


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
            select(
                judgements,
                connections.c.name.label("connection"),
                processes.c.name.label("process"),
            )
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
        version = (
            select(process_versions.c.id)
            .where(
                process_versions.c.process_id == interventions.c.process_id,
                process_versions.c.state == "current",
            )
            .limit(1)
            .scalar_subquery()
        )
        rows = self._connection.execute(
            select(
                interventions,
                connections.c.name.label("connection"),
                records.c.kind.label("record_kind"),
                records.c.name,
                records.c.crm_id,
                records.c.baseline["url"].astext.label("url"),
                version.label("version"),
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
                row.version,
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

    def accounts(self) -> list[Account]:
        """Return every connected account, by name."""
        heard = (
            select(func.max(deliveries.c.received_at))
            .where(deliveries.c.connection_id == connections.c.id)
            .scalar_subquery()
        )
        published = (
            select(func.array_agg(processes.c.name))
            .join(process_versions, process_versions.c.process_id == processes.c.id)
            .where(
                processes.c.connection_id == connections.c.id,
                process_versions.c.state == "current",
            )
            .scalar_subquery()
        )
        rows = self._connection.execute(
            select(
                connections,
                heard.label("heard_at"),
                published.label("published"),
            ).order_by(connections.c.name)
        )
        return [
            Account(
                row.id,
                row.name,
                row.vendor,
                row.imported_at,
                row.swept_until,
                row.paused_at,
                row.heard_at,
                row.probed_at,
                row.probe,
                tuple(sorted(row.published or ())),
            )
            for row in rows
        ]

    def notices(self, *, limit: int) -> list[Notice]:
        """Return what stands unsettled for the admin, latest first."""
        rows = self._connection.execute(
            select(notices, connections.c.name)
            .outerjoin(connections, connections.c.id == notices.c.connection_id)
            .where(notices.c.settled_at.is_(None))
            .order_by(notices.c.last_at.desc())
            .limit(limit)
        )
        return [
            Notice(row.message, row.first_at, row.last_at, row.times, row.name or "")
            for row in rows
        ]

    def channels(self) -> list[Channel]:
        """Return the ways to reach people, in the order they are tried."""
        rows = self._connection.execute(
            select(channels).order_by(channels.c.position, channels.c.id)
        )
        return [Channel(row.name, row.kind, row.last_test) for row in rows]

    def known(self) -> Known:
        """Return how many people and owners there are."""
        row = self._connection.execute(
            select(
                select(func.count())
                .select_from(people)
                .scalar_subquery()
                .label("people"),
                select(func.count())
                .select_from(owners)
                .scalar_subquery()
                .label("owners"),
            )
        ).one()
        return Known(row.people, row.owners)

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
        row.process,
        row.process_version_id,
        change_from_json(row.change),
        verdicts,
        plan_from_json(row.plan, verdicts),
        done,
    )
