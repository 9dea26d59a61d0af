"""Permits: so many records may deviate until a moment, as in an announced import."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, select, update

from connector.store.tables import connections, judgements, permits, processes
from rules.model import ActorClass


@dataclass(frozen=True, slots=True)
class Permit:
    """A permit. `used` records of `records` have deviated; `actor` None: anybody."""

    id: int
    connection_id: int
    connection: str
    process_id: int
    process: str
    records: int
    used: int
    actor: ActorClass | None
    why: str
    granted_by: str
    granted_at: datetime
    until: datetime
    ended_at: datetime | None
    ended_why: str | None


class Permits:
    """The `permits` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def grant(
        self,
        connection_id: int,
        process_id: int,
        *,
        count: int,
        actor: ActorClass | None,
        until: datetime,
        why: str,
        by: str,
        now: datetime,
    ) -> Permit:
        """Permit `count` records to deviate."""
        permit_id: int = self._connection.execute(
            insert(permits)
            .values(
                connection_id=connection_id,
                process_id=process_id,
                records=count,
                actor=actor,
                until=until,
                why=why,
                granted_by=by,
                granted_at=now,
            )
            .returning(permits.c.id)
        ).scalar_one()
        return self._find(permits.c.id == permit_id)[0]

    def lock(self, process_id: int, *, now: datetime) -> list[Permit]:
        """Return the permits of a process that hold, oldest first; nobody else counts.

        That lasts until the end of the transaction.
        """
        locked = (
            select(permits.c.id)
            .where(
                permits.c.process_id == process_id,
                permits.c.ended_at.is_(None),
                permits.c.until > now,
            )
            .order_by(permits.c.id)
            .with_for_update()
        )
        ids = list(self._connection.scalars(locked))
        return self._find(permits.c.id.in_(ids)) if ids else []

    def count_used(self, permit_id: int, record_ids: Collection[int]) -> frozenset[int]:
        """Return which of these records have deviated under a permit already."""
        return frozenset(
            self._connection.scalars(
                select(judgements.c.record_id).where(
                    judgements.c.permit_id == permit_id,
                    judgements.c.record_id.in_(record_ids),
                )
            )
        )

    def use(self, permit_id: int, *, more: int) -> None:
        """Count more records that deviate."""
        self._connection.execute(
            update(permits)
            .where(permits.c.id == permit_id)
            .values(used=permits.c.used + more)
        )

    def end(self, permit_id: int, *, why: str, now: datetime) -> Permit | None:
        """End a permit; None if there is none of this id that holds."""
        ended = self._connection.execute(
            update(permits)
            .where(permits.c.id == permit_id, permits.c.ended_at.is_(None))
            .values(ended_at=now, ended_why=why)
        )
        return self._find(permits.c.id == permit_id)[0] if ended.rowcount else None

    def end_due(self, now: datetime) -> Sequence[Permit]:
        """End the permits whose time is over, and return them."""
        ended = list(
            self._connection.scalars(
                update(permits)
                .where(permits.c.ended_at.is_(None), permits.c.until <= now)
                .values(ended_at=permits.c.until, ended_why="over")
                .returning(permits.c.id)
            )
        )
        return self._find(permits.c.id.in_(ended)) if ended else []

    def latest(self, *, only_holding: bool, limit: int = 200) -> list[Permit]:
        """Return permits, newest first."""
        query = _PERMITS.order_by(permits.c.id.desc()).limit(limit)
        if only_holding:
            query = query.where(permits.c.ended_at.is_(None))
        return self._read(query)

    def _find(self, condition: ColumnElement[bool]) -> list[Permit]:
        return self._read(_PERMITS.where(condition).order_by(permits.c.id))

    def _read(self, query: Select[Any]) -> list[Permit]:
        return [
            Permit(
                **{
                    **row,
                    "actor": None if row["actor"] is None else ActorClass(row["actor"]),
                }
            )
            for row in self._connection.execute(query).mappings()
        ]


_PERMITS = (
    select(
        permits.c.id,
        permits.c.connection_id,
        connections.c.name.label("connection"),
        permits.c.process_id,
        processes.c.name.label("process"),
        permits.c.records,
        permits.c.used,
        permits.c.actor,
        permits.c.why,
        permits.c.granted_by,
        permits.c.granted_at,
        permits.c.until,
        permits.c.ended_at,
        permits.c.ended_why,
    )
    .join(connections, connections.c.id == permits.c.connection_id)
    .join(processes, processes.c.id == permits.c.process_id)
)
