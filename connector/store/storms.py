"""Storms: times at which too much was to be put back, so that a person is asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, text, update

from connector.store.codec import change_from_json
from connector.store.tables import (
    connections,
    interventions,
    judgements,
    processes,
    records,
    storms,
)
from rules.model import Change


@dataclass(frozen=True, slots=True)
class Storm:
    """A storm; `moved` records were not put back, `returned` were before it.

    `most` is how many may be in ten minutes. `answer` is None while nobody gave one.
    """

    id: int
    connection_id: int
    connection: str
    process_id: int
    process: str
    opened_at: datetime
    returned: int
    most: int
    moved: int
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A record that a storm kept from being put back: what it did, and by whom."""

    crm_id: str
    change: Change


class Storms:
    """The `storms` table, and what was judged in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put_back_since(self, process_id: int, since: datetime) -> int:
        """Return how many records were put back for a process, by nobody's order."""
        count: int = self._connection.execute(
            select(func.count())
            .select_from(interventions)
            .where(
                interventions.c.process_id == process_id,
                interventions.c.kind.in_(["return", "restore"]),
                interventions.c.planned_at > since,
                interventions.c.state != "superseded",
                interventions.c.is_ordered.is_(False),
            )
        ).scalar_one()
        return count

    def open(
        self,
        connection_id: int,
        process_id: int,
        *,
        returned: int,
        most: int,
        now: datetime,
    ) -> int:
        """Note that a storm has begun, and return its id."""
        storm_id: int = self._connection.execute(
            insert(storms)
            .values(
                connection_id=connection_id,
                process_id=process_id,
                returned=returned,
                most=most,
                opened_at=now,
            )
            .returning(storms.c.id)
        ).scalar_one()
        return storm_id

    def of_process(self, process_id: int) -> int | None:
        """Return the id of the storm that a process is in, None if it is in none."""
        found: int | None = self._connection.scalar(
            select(storms.c.id).where(
                storms.c.process_id == process_id, storms.c.closed_at.is_(None)
            )
        )
        return found

    def raging(self, connection_id: int | None = None) -> list[Storm]:
        """Return the storms that are not over, oldest first; locked to be answered."""
        query = _LISTED.where(storms.c.closed_at.is_(None)).order_by(storms.c.id)
        if connection_id is not None:
            query = query.where(storms.c.connection_id == connection_id)
        rows = self._connection.execute(query.with_for_update(of=storms))
        return [Storm(**row) for row in rows.mappings()]

    def latest(self, *, limit: int = 50) -> list[Storm]:
        """Return storms, newest first."""
        rows = self._connection.execute(
            _LISTED.order_by(storms.c.id.desc()).limit(limit)
        )
        return [Storm(**row) for row in rows.mappings()]

    def answer(
        self, storm_id: int, answer: str, *, by: str, now: datetime, is_over: bool
    ) -> None:
        """Keep what somebody answered, and whether that ends the storm."""
        self._connection.execute(
            update(storms)
            .where(storms.c.id == storm_id)
            .values(
                answer=answer,
                answered_by=by,
                answered_at=now,
                closed_at=now if is_over else None,
            )
        )

    def moved(self, storm_id: int, *, limit: int) -> list[Moved]:
        """Return what the records did that were not put back, latest first."""
        rows = self._connection.execute(
            select(records.c.crm_id, judgements.c.change)
            .join(records, records.c.id == judgements.c.record_id)
            .where(judgements.c.storm_id == storm_id)
            .order_by(judgements.c.id.desc())
            .limit(limit)
        )
        return [Moved(row.crm_id, change_from_json(row.change)) for row in rows]

    def permit(self, storm_id: int, *, now: datetime) -> None:
        """Close what stands against the records of a storm: it is permitted."""
        self._connection.execute(_PERMIT, {"storm": storm_id, "now": now})


_LISTED = (
    select(
        storms.c.id,
        storms.c.connection_id,
        connections.c.name.label("connection"),
        storms.c.process_id,
        processes.c.name.label("process"),
        storms.c.opened_at,
        storms.c.returned,
        storms.c.most,
        select(func.count(judgements.c.record_id.distinct()))
        .where(judgements.c.storm_id == storms.c.id)
        .scalar_subquery()
        .label("moved"),
        storms.c.answer,
        storms.c.answered_by,
        storms.c.answered_at,
        storms.c.closed_at,
    )
    .join(connections, connections.c.id == storms.c.connection_id)
    .join(processes, processes.c.id == storms.c.process_id)
)

_PERMIT = text(
    "UPDATE violations SET state = 'exempted', closed_at = :now,"
    " closed_by = 'permitted'"
    " FROM judgements, storms,"
    " LATERAL jsonb_array_elements(judgements.verdicts) AS verdict"
    " WHERE storms.id = :storm AND judgements.storm_id = storms.id"
    " AND violations.record_id = judgements.record_id"
    " AND violations.process_id = storms.process_id"
    " AND violations.rule = verdict ->> 'rule'"
    " AND verdict ->> 'result' = 'fail'"
    " AND violations.closed_at IS NULL"
)
