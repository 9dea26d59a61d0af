"""Figures about what waits in the database, and whether the database fits this code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    func,
    or_,
    select,
    text,
)

from connector.store.clocks import goes
from connector.store.tables import (
    clocks,
    connections,
    deliveries,
    holds,
    interventions,
    metadata,
    notifications,
    processes,
    records,
    streams,
    violations,
)

LATELY = timedelta(days=1)
"""How far back failed messages are counted: they are not tried again by themselves."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What waits, and since when. Numbers of rows; instants are None if none waits.

    `connections` counts accounts by `working`, `failing` (the last probe failed) and
    `paused`; `violations_open` counts by process.
    """

    deliveries_waiting: int
    deliveries_oldest_at: datetime | None
    deliveries_dead: int
    records_due: int
    records_oldest_at: datetime | None
    interventions_planned: int
    interventions_oldest_at: datetime | None
    notifications_waiting: int
    notifications_failed: int
    clocks_due: int
    clocks_oldest_at: datetime | None
    holds_open: int
    streams_quiet_at: datetime | None
    violations_open: Mapping[str, int]
    connections: Mapping[str, int]


class Health:
    """Read-only questions that operation asks. All but the dead use partial indexes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def figures(self, now: datetime) -> Figures:
        """Return what waits at `now`."""
        row = self._connection.execute(select(*_figures(now))).one()
        return Figures(
            **row._mapping,  # noqa: SLF001 - documented, the underscore avoids columns
            violations_open=self._violations_open(),
            connections=self._connections(),
        )

    def lacks(self) -> list[str]:
        """Return the tables and columns that this code needs and the database lacks.

        Empty: the migrations have been run. A database that is ahead is fine, so that
        it can be brought up to date before the processes are.
        """
        wanted = {
            f"{table.name}.{column.name}"
            for table in metadata.sorted_tables
            for column in table.columns
        }
        there = self._connection.scalars(
            text(
                "SELECT c.relname || '.' || a.attname FROM pg_catalog.pg_class c"
                " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
                " WHERE pg_catalog.pg_table_is_visible(c.oid)"
                " AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
            )
        )
        return sorted(wanted.difference(there))

    def _violations_open(self) -> dict[str, int]:
        rows = self._connection.execute(
            select(processes.c.name, func.count().label("number"))
            .select_from(violations)
            .join(processes, processes.c.id == violations.c.process_id)
            .where(violations.c.closed_at.is_(None))
            .group_by(processes.c.name)
        )
        return {row.name: row.number for row in rows}

    def _connections(self) -> dict[str, int]:
        found = {"working": 0, "failing": 0, "paused": 0}
        for paused_at, probe in self._connection.execute(
            select(connections.c.paused_at, connections.c.probe)
        ):
            if paused_at is not None:
                found["paused"] += 1
            elif has_failed(probe):
                found["failing"] += 1
            else:
                found["working"] += 1
        return found


def has_failed(probe: Mapping[str, Any]) -> bool:
    """Say whether a stored probe (or channel test) was made and did not go well."""
    return any(not line.get("is_ok", False) for line in probe.get("lines", ())) or (
        probe.get("is_ok") is False
    )


def _figures(now: datetime) -> list[ColumnElement[Any]]:
    waiting = deliveries.c.state == "pending"
    due = and_(records.c.look_due_at.is_not(None), records.c.look_due_at <= now)
    planned = interventions.c.state == "planned"
    ticking = and_(clocks.c.state == "running", clocks.c.due_at <= now, goes())
    return [
        _count(deliveries, waiting, "deliveries_waiting"),
        _oldest(deliveries.c.received_at, waiting, "deliveries_oldest_at"),
        _count(deliveries, deliveries.c.state == "dead", "deliveries_dead"),
        _count(records, due, "records_due"),
        _oldest(records.c.look_due_at, due, "records_oldest_at"),
        _count(interventions, planned, "interventions_planned"),
        _oldest(interventions.c.planned_at, planned, "interventions_oldest_at"),
        _count(
            notifications,
            and_(
                notifications.c.due_at.is_not(None),
                notifications.c.due_at <= now,
                notifications.c.state == "planned",
            ),
            "notifications_waiting",
        ),
        _count(
            notifications,
            and_(
                notifications.c.state == "failed",
                notifications.c.planned_at >= now - LATELY,
            ),
            "notifications_failed",
        ),
        _count(
            clocks,
            and_(
                ticking,
                or_(clocks.c.leased_until.is_(None), clocks.c.leased_until < now),
            ),
            "clocks_due",
        ),
        _oldest(clocks.c.due_at, ticking, "clocks_oldest_at"),
        _count(holds, holds.c.ended_at.is_(None), "holds_open"),
        _oldest(
            func.coalesce(streams.c.alive_at, streams.c.added_at),
            streams.c.refused_at.is_(None),
            "streams_quiet_at",
        ),
    ]


def _count(
    table: FromClause, condition: ColumnElement[bool], name: str
) -> ColumnElement[int]:
    counted = select(func.count()).select_from(table).where(condition)
    return counted.scalar_subquery().label(name)


def _oldest(
    column: ColumnElement[datetime], condition: ColumnElement[bool], name: str
) -> ColumnElement[Any]:
    return select(func.min(column)).where(condition).scalar_subquery().label(name)
