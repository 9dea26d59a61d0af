"""Clocks: follow-ups that run. What is due is found by an index, not by a walk."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from connector.store.clock_rows import ClockSummary, DueClock, NewClock, to_due
from connector.store.parks import parked_until
from connector.store.tables import clocks, connections, processes, records

__all__ = ["ClockSummary", "Clocks", "DueClock", "NewClock", "goes"]


class Clocks:
    """The `clocks` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, connection_id: int, new: Sequence[NewClock]) -> None:
        """Start clocks; one that runs, or ran from this start, stays as it is."""
        if not new:
            return
        rows = [
            {
                "connection_id": connection_id,
                "record_id": one.record_id,
                "process_id": one.process_id,
                "follow_up": one.follow_up,
                "started_at": one.started_at,
                "task_due_at": one.task_due_at,
                "due_at": one.due_at,
            }
            for one in sorted(
                new, key=lambda one: (one.record_id, one.process_id, one.follow_up)
            )
        ]
        self._connection.execute(insert(clocks).on_conflict_do_nothing(), rows)

    def claim_due(
        self, *, lease: str, now: datetime, until: datetime, limit: int
    ) -> list[DueClock]:
        """Take the clocks that are due, longest due first; in a pause they stand still.

        Until `until` nobody else gets them.
        """
        due = (
            select(clocks.c.id)
            .where(_is_to_take(now))
            .order_by(clocks.c.due_at, clocks.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        claimed = (
            update(clocks)
            .where(clocks.c.id == due.c.id)
            .values(lease=lease, leased_until=until, attempts=clocks.c.attempts + 1)
            .returning(clocks, parked_until(now).label("parked_until"))
            .cte("claimed")
        )
        rows = self._connection.execute(
            select(
                claimed,
                records.c.kind,
                records.c.crm_id,
                records.c.baseline,
                records.c.stage_entered_at,
            )
            .join(records, records.c.id == claimed.c.record_id)
            .order_by(claimed.c.id)
        )
        return [to_due(row) for row in rows]

    def extend(
        self, clock_ids: Collection[int], *, lease: str, until: datetime
    ) -> frozenset[int]:
        """Hold these clocks longer, and return those that are still ours."""
        return frozenset(
            self._connection.scalars(
                update(clocks)
                .where(clocks.c.id.in_(clock_ids), clocks.c.lease == lease)
                .values(leased_until=until)
                .returning(clocks.c.id)
            )
        )

    def advance(
        self,
        clock_id: int,
        *,
        lease: str,
        due_at: datetime | None,
        **values: Any,
    ) -> bool:
        """Set when the clock is due next and give it back; False if it was lost.

        `values` may hold `steps_taken`, `last_step_at` and `task_id`.
        """
        return self._finish(clock_id, lease, due_at=due_at, attempts=0, **values)

    def end(
        self, clock_id: int, *, lease: str, state: str, why: str, now: datetime
    ) -> bool:
        """Stop a clock: `done` when what was asked has happened, else `ended`."""
        return self._finish(
            clock_id, lease, state=state, ended_why=why, ended_at=now, due_at=None
        )

    def give_back(
        self, clock_ids: Collection[int], *, lease: str, due_at: datetime
    ) -> None:
        """Give clocks back as they were, to be taken again at `due_at`."""
        if clock_ids:
            self._connection.execute(
                update(clocks)
                .where(clocks.c.id.in_(clock_ids), clocks.c.lease == lease)
                .values(lease=None, leased_until=None, due_at=due_at)
            )

    def end_all(self, record_ids: Collection[int], *, why: str, now: datetime) -> None:
        """Stop every running clock of these records, as when they are gone."""
        if record_ids:
            self._connection.execute(
                update(clocks)
                .where(clocks.c.record_id.in_(record_ids), clocks.c.state == "running")
                .values(state="ended", ended_why=why, ended_at=now, due_at=None)
            )

    def hand_over(self, record_id: int, *, to: int, now: datetime) -> None:
        """Have the running clocks of a record run on for another, which it became.

        Where that one has the same clock already, this one ends.
        """
        twin = clocks.alias("twin")
        has_twin = (
            select(twin.c.id)
            .where(
                twin.c.record_id == to,
                twin.c.process_id == clocks.c.process_id,
                twin.c.follow_up == clocks.c.follow_up,
                or_(
                    twin.c.state == "running",
                    twin.c.started_at == clocks.c.started_at,
                ),
            )
            .exists()
        )
        self._connection.execute(
            update(clocks)
            .where(
                clocks.c.record_id == record_id,
                clocks.c.state == "running",
                not_(has_twin),
            )
            .values(record_id=to)
        )
        self.end_all([record_id], why="merged", now=now)

    def move_on(
        self,
        connection_id: int,
        *,
        since: datetime,
        until: datetime,
        process_id: int | None = None,
    ) -> None:
        """Have the clocks fall due later by the pause, or by their part in it.

        Those of one process, or of all that are not paused themselves.
        """
        began = func.greatest(clocks.c.started_at, since)
        stood = until - began
        paused = select(processes.c.id).where(processes.c.paused_at.is_not(None))
        is_meant: ColumnElement[bool] = clocks.c.process_id == process_id
        if process_id is None:
            is_meant = clocks.c.process_id.not_in(paused)
        self._connection.execute(
            update(clocks)
            .where(
                clocks.c.connection_id == connection_id,
                clocks.c.state == "running",
                is_meant,
                began < until,
            )
            .values(
                stood_still=clocks.c.stood_still + stood,
                due_at=clocks.c.due_at + stood,
            )
        )

    def wake(self, connection_id: int, *, now: datetime) -> None:
        """Have clocks whose last look failed look again at once."""
        self._connection.execute(
            update(clocks)
            .where(
                clocks.c.connection_id == connection_id,
                clocks.c.state == "running",
                clocks.c.attempts > 0,
                clocks.c.due_at > now,
            )
            .values(due_at=now)
        )

    def nudge(self, record_ids: Collection[int], *, now: datetime) -> None:
        """Let the clocks that have told somebody look again: it may be settled."""
        self._look_again(record_ids, clocks.c.steps_taken > 0, now=now)

    def wake_of(self, record_ids: Collection[int], *, now: datetime) -> None:
        """Let every running clock of these records look at its times again."""
        self._look_again(record_ids, now=now)

    def is_any_due(self, now: datetime) -> bool:
        """Return whether there is a clock to take."""
        return (
            self._connection.execute(
                select(clocks.c.id).where(_is_to_take(now)).limit(1)
            ).first()
            is not None
        )

    def latest(
        self, *, only_running: bool, record_id: int | None = None, limit: int = 200
    ) -> list[ClockSummary]:
        """Return clocks, those due first on top; of one record, or of all if None."""
        query = (
            select(
                clocks.c.id,
                connections.c.name.label("connection"),
                processes.c.name.label("process"),
                clocks.c.follow_up,
                records.c.kind,
                records.c.crm_id,
                func.coalesce(records.c.name, "").label("record"),
                records.c.owner,
                clocks.c.state,
                clocks.c.started_at,
                clocks.c.task_due_at,
                clocks.c.due_at,
                clocks.c.steps_taken,
                clocks.c.seen_until,
                clocks.c.seen_by,
                clocks.c.ended_at,
                clocks.c.ended_why,
            )
            .join(records, records.c.id == clocks.c.record_id)
            .join(processes, processes.c.id == clocks.c.process_id)
            .join(connections, connections.c.id == clocks.c.connection_id)
            .order_by(clocks.c.due_at.asc().nulls_last(), clocks.c.id.desc())
            .limit(limit)
        )
        if record_id is not None:
            query = query.where(clocks.c.record_id == record_id)
        if only_running:
            query = query.where(clocks.c.state == "running")
        return [
            ClockSummary(**row) for row in self._connection.execute(query).mappings()
        ]

    def _look_again(
        self,
        record_ids: Collection[int],
        *conditions: ColumnElement[bool],
        now: datetime,
    ) -> None:
        if record_ids:
            self._connection.execute(
                update(clocks)
                .where(
                    clocks.c.record_id.in_(record_ids),
                    clocks.c.state == "running",
                    clocks.c.lease.is_(None),
                    *conditions,
                )
                .values(due_at=func.least(clocks.c.due_at, now))
            )

    def _finish(self, clock_id: int, lease: str, **values: Any) -> bool:
        finished = self._connection.execute(
            update(clocks)
            .where(clocks.c.id == clock_id, clocks.c.lease == lease)
            .values(lease=None, leased_until=None, **values)
        )
        return finished.rowcount == 1


def _is_to_take(now: datetime) -> ColumnElement[bool]:
    return and_(
        clocks.c.state == "running",
        clocks.c.due_at <= now,
        goes(),
        or_(clocks.c.lease.is_(None), clocks.c.leased_until < now),
    )


def goes() -> ColumnElement[bool]:
    """Return whether neither a clock's account nor its process is paused."""
    return and_(
        clocks.c.connection_id.not_in(
            select(connections.c.id).where(connections.c.paused_at.is_not(None))
        ),
        clocks.c.process_id.not_in(
            select(processes.c.id).where(processes.c.paused_at.is_not(None))
        ),
    )
