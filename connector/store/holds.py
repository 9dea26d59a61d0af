"""Holds: moves that somebody wanted and that wait for what is missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB

from connector.store.codec import verdicts_from_json, verdicts_to_json
from connector.store.tables import connections, holds, processes, records
from rules.model import StageId, Verdict


@dataclass(frozen=True, slots=True)
class NewHold:
    """A move to remember."""

    record_id: int
    process_id: int
    from_stage: StageId
    to_stage: StageId
    lacks: tuple[Verdict, ...]
    wanted_by: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A move that waits."""

    id: int
    record_id: int
    process_id: int
    from_stage: StageId
    to_stage: StageId
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class HoldSummary:
    """A hold as lists show it. `missing` are rules, `lacks` what they say."""

    id: int
    connection: str
    process: str
    kind: str
    crm_id: str
    record: str
    from_stage: StageId
    to_stage: StageId
    missing: list[str]
    lacks: tuple[Verdict, ...]
    wanted_by: str
    opened_at: datetime
    ended_at: datetime | None
    ended_why: str | None


class Holds:
    """The `holds` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(
        self, new: Sequence[NewHold], *, now: datetime, check_due_at: datetime
    ) -> None:
        """Remember moves; an older wish on the same record gives way."""
        if not new:
            return
        self.end([hold.record_id for hold in new], why="replaced", now=now)
        self._connection.execute(
            insert(holds),
            [
                {
                    "record_id": hold.record_id,
                    "process_id": hold.process_id,
                    "from_stage": hold.from_stage,
                    "to_stage": hold.to_stage,
                    "missing": [verdict.rule for verdict in hold.lacks],
                    "lacks": verdicts_to_json(hold.lacks),
                    "wanted_by": hold.wanted_by,
                    "opened_at": now,
                    "check_due_at": check_due_at,
                }
                for hold in new
            ],
        )

    def of(self, record_ids: Collection[int]) -> dict[int, Hold]:
        """Return the open holds of these records, by row id."""
        rows = self._connection.execute(
            select(*(holds.c[name] for name in Hold.__slots__)).where(
                holds.c.record_id.in_(record_ids), holds.c.ended_at.is_(None)
            )
        )
        return {row.record_id: Hold(*row) for row in rows}

    def lock(self, record_ids: Collection[int]) -> frozenset[int]:
        """Keep the open holds of these records as they are; return whose there are."""
        if not record_ids:
            return frozenset()
        return frozenset(
            self._connection.scalars(
                select(holds.c.record_id)
                .where(holds.c.record_id.in_(record_ids), holds.c.ended_at.is_(None))
                .order_by(holds.c.id)
                .with_for_update()
            )
        )

    def note_lacks(self, lacks: Mapping[int, Sequence[Verdict]]) -> None:
        """Keep what the open holds of these records still lack."""
        if lacks:
            self._connection.execute(
                _NOTE_LACKS,
                [
                    {
                        "row": record_id,
                        "rules": [verdict.rule for verdict in verdicts],
                        "verdicts": verdicts_to_json(verdicts),
                    }
                    for record_id, verdicts in sorted(lacks.items())
                ],
            )

    def wake(self, connection_id: int, *, now: datetime) -> None:
        """Have every hold of a connection checked at once."""
        self._connection.execute(
            update(holds)
            .where(
                holds.c.record_id == records.c.id,
                records.c.connection_id == connection_id,
                holds.c.ended_at.is_(None),
            )
            .values(check_due_at=now)
        )

    def end(self, record_ids: Collection[int], *, why: str, now: datetime) -> None:
        """End the open holds of these records."""
        if record_ids:
            self._connection.execute(
                update(holds)
                .where(holds.c.record_id.in_(record_ids), holds.c.ended_at.is_(None))
                .values(ended_at=now, ended_why=why)
            )

    def hand_over(self, record_id: int, *, to: int, now: datetime) -> None:
        """Have the wish on a record stand for another, which it became."""
        if to in self.of([to]):
            self.end([record_id], why="merged", now=now)
            return
        self._connection.execute(
            update(holds)
            .where(holds.c.record_id == record_id, holds.c.ended_at.is_(None))
            .values(record_id=to)
        )

    def take_due(self, now: datetime, *, every: timedelta, limit: int) -> list[int]:
        """Return records whose hold is due for a check, and set the next check."""
        due = (
            select(holds.c.id)
            .where(holds.c.ended_at.is_(None), holds.c.check_due_at <= now)
            .order_by(holds.c.check_due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        return list(
            self._connection.scalars(
                update(holds)
                .where(holds.c.id == due.c.id)
                .values(check_due_at=now + every)
                .returning(holds.c.record_id)
            )
        )

    def latest(self, *, only_open: bool, limit: int = 200) -> list[HoldSummary]:
        """Return holds, newest first."""
        query = (
            select(
                holds.c.id,
                connections.c.name.label("connection"),
                processes.c.name.label("process"),
                records.c.kind,
                records.c.crm_id,
                func.coalesce(records.c.name, "").label("record"),
                holds.c.from_stage,
                holds.c.to_stage,
                holds.c.missing,
                holds.c.lacks,
                holds.c.wanted_by,
                holds.c.opened_at,
                holds.c.ended_at,
                holds.c.ended_why,
            )
            .join(records, records.c.id == holds.c.record_id)
            .join(connections, connections.c.id == records.c.connection_id)
            .join(processes, processes.c.id == holds.c.process_id)
            .order_by(holds.c.id.desc())
            .limit(limit)
        )
        if only_open:
            query = query.where(holds.c.ended_at.is_(None))
        return [
            HoldSummary(**{**row, "lacks": verdicts_from_json(row["lacks"])})
            for row in self._connection.execute(query).mappings()
        ]


_NOTE_LACKS = (
    update(holds)
    .where(holds.c.record_id == bindparam("row"), holds.c.ended_at.is_(None))
    .values(
        missing=bindparam("rules", type_=JSONB),
        lacks=bindparam("verdicts", type_=JSONB),
    )
)
