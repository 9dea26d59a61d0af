"""Interventions: what is done to records. Planned and committed before it is done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB

from connector.store.tables import connections, interventions, records, runs


class InterventionKind(StrEnum):
    """What is done to a record."""

    RETURN = "return"
    RESTORE = "restore"
    NOTE = "note"
    TASK = "task"
    SET_STAGE = "set_stage"
    UNDO = "undo"


class InterventionState(StrEnum):
    """How far it got. `superseded`: the record moved on before it was done."""

    PLANNED = "planned"
    DONE = "done"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    UNDONE = "undone"


UNDOABLE = frozenset(
    {InterventionKind.RETURN, InterventionKind.RESTORE, InterventionKind.SET_STAGE}
)
"""The kinds that can be taken back."""

WRITES = UNDOABLE | {InterventionKind.UNDO}
"""The kinds that set fields of the record itself."""


@dataclass(frozen=True, slots=True)
class NewIntervention:
    """An intervention to be planned. `key` is unique and goes to the CRM with it.

    `is_ordered`: a person asked for it, so that it is no part of a storm.
    """

    key: str
    connection_id: int
    record_id: int
    kind: InterventionKind
    process_id: int | None = None
    judgement_id: int | None = None
    clock_id: int | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class PlannedIntervention:
    """One that may or may not have been carried out already."""

    id: int
    key: str
    record_id: int
    judgement_id: int | None
    clock_id: int | None
    kind: InterventionKind
    body: Mapping[str, Any]
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """How an intervention ended."""

    id: int
    state: InterventionState
    external_id: str = ""
    error: str = ""
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EndedWrite:
    """A write that has ended, of a judgement whose note or task may not have."""

    row: PlannedIntervention
    state: InterventionState
    error: str


@dataclass(frozen=True, slots=True)
class Intervention:
    """An intervention as lists show it. What was planned together is one `run`."""

    id: int
    run: int | None
    key: str
    connection: str
    record_kind: str
    crm_id: str
    record: str
    kind: InterventionKind
    state: InterventionState
    body: Mapping[str, Any]
    planned_at: datetime
    ended_at: datetime | None
    external_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Named:
    """An intervention that somebody speaks of."""

    id: int
    connection_id: int
    record_id: int
    judgement_id: int | None
    kind: InterventionKind
    state: InterventionState


class Interventions:
    """The `interventions` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plan(
        self, new: Sequence[NewIntervention], *, now: datetime
    ) -> list[PlannedIntervention]:
        """Store what is to be done, and return it with ids in the same order."""
        if not new:
            return []
        run = self._connection.scalar(runs)
        ids = self._connection.scalars(
            insert(interventions).returning(
                interventions.c.id, sort_by_parameter_order=True
            ),
            [
                {
                    "key": one.key,
                    "connection_id": one.connection_id,
                    "record_id": one.record_id,
                    "process_id": one.process_id,
                    "judgement_id": one.judgement_id,
                    "clock_id": one.clock_id,
                    "kind": one.kind,
                    "body": dict(one.body),
                    "planned_at": now,
                    "run": run,
                    "is_ordered": one.is_ordered,
                }
                for one in new
            ],
        )
        return [
            PlannedIntervention(
                row_id,
                one.key,
                one.record_id,
                one.judgement_id,
                one.clock_id,
                one.kind,
                one.body,
                now,
            )
            for row_id, one in zip(ids, new, strict=True)
        ]

    def planned(
        self, record_ids: Collection[int]
    ) -> dict[int, tuple[PlannedIntervention, ...]]:
        """Return what was planned from a judgement and has no end yet, by record."""
        return self._planned(
            interventions.c.record_id.in_(record_ids),
            interventions.c.judgement_id.is_not(None),
            by="record_id",
        )

    def planned_by_clocks(
        self, clock_ids: Collection[int]
    ) -> dict[int, tuple[PlannedIntervention, ...]]:
        """Return what was planned for these clocks and has no end yet, by clock."""
        return self._planned(interventions.c.clock_id.in_(clock_ids), by="clock_id")

    def is_any_planned(self, connection_id: int) -> bool:
        """Return whether anything that was planned there has no end yet."""
        found = (
            select(interventions.c.id)
            .where(
                interventions.c.connection_id == connection_id,
                interventions.c.state == InterventionState.PLANNED,
            )
            .limit(1)
        )
        return self._connection.execute(found).first() is not None

    def ended_writes(self, judgement_ids: Collection[int]) -> dict[int, EndedWrite]:
        """Return the writes of these judgements that have been done or refused."""
        rows = self._connection.execute(
            select(interventions).where(
                interventions.c.judgement_id.in_(judgement_ids),
                interventions.c.kind.in_([kind.value for kind in WRITES]),
                interventions.c.state.not_in(
                    [
                        InterventionState.PLANNED.value,
                        InterventionState.SUPERSEDED.value,
                    ]
                ),
            )
        )
        return {
            row.judgement_id: EndedWrite(
                _to_planned(row), InterventionState(row.state), row.error or ""
            )
            for row in rows
        }

    def end(self, ended: Sequence[Ended], *, now: datetime) -> None:
        """Note how interventions ended."""
        if not ended:
            return
        self._connection.execute(
            _END,
            [
                {
                    "row": one.id,
                    "state_": one.state,
                    "ended": now,
                    "external": one.external_id or None,
                    "error_": one.error or None,
                    "body_": None if one.body is None else dict(one.body),
                }
                for one in sorted(ended, key=lambda one: one.id)
            ],
        )

    def mark_undone(self, intervention_id: int) -> None:
        """Note that what was done has been taken back."""
        self._connection.execute(
            update(interventions)
            .where(interventions.c.id == intervention_id)
            .values(state=InterventionState.UNDONE)
        )

    def named(
        self,
        *,
        intervention_id: int | None = None,
        run: int | None = None,
        process_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Named]:
        """Return one intervention, a run, or what a process did in a stretch of time.

        In the order of their planning.
        """
        query = select(interventions).order_by(interventions.c.id)
        if intervention_id is not None:
            query = query.where(interventions.c.id == intervention_id)
        if run is not None:
            query = query.where(interventions.c.run == run)
        if process_id is not None:
            query = query.where(interventions.c.process_id == process_id)
        if since is not None:
            query = query.where(interventions.c.planned_at >= since)
        if until is not None:
            query = query.where(interventions.c.planned_at < until)
        rows = self._connection.execute(query)
        return [
            Named(
                row.id,
                row.connection_id,
                row.record_id,
                row.judgement_id,
                InterventionKind(row.kind),
                InterventionState(row.state),
            )
            for row in rows
        ]

    def supersede(
        self, record_ids: Collection[int], *, error: str, now: datetime
    ) -> None:
        """End everything that is planned for these records and cannot be done."""
        if record_ids:
            self._connection.execute(
                update(interventions)
                .where(
                    interventions.c.record_id.in_(record_ids),
                    interventions.c.state == InterventionState.PLANNED.value,
                )
                .values(state=InterventionState.SUPERSEDED, error=error, ended_at=now)
            )

    def returns_since(
        self, record_ids: Collection[int], since: datetime
    ) -> dict[int, int]:
        """Return how often each of these records was put back since then."""
        rows = self._connection.execute(
            select(interventions.c.record_id, func.count().label("times"))
            .where(
                interventions.c.record_id.in_(record_ids),
                interventions.c.kind.in_(
                    [InterventionKind.RETURN, InterventionKind.RESTORE]
                ),
                interventions.c.state == InterventionState.DONE,
                interventions.c.planned_at >= since,
            )
            .group_by(interventions.c.record_id)
        )
        return {row.record_id: row.times for row in rows}

    def latest(self, *, limit: int = 200) -> list[Intervention]:
        """Return interventions, newest first."""
        query = (
            select(
                interventions.c.id,
                interventions.c.run,
                interventions.c.key,
                connections.c.name.label("connection"),
                records.c.kind.label("record_kind"),
                records.c.crm_id,
                func.coalesce(records.c.name, "").label("record"),
                interventions.c.kind,
                interventions.c.state,
                interventions.c.body,
                interventions.c.planned_at,
                interventions.c.ended_at,
                interventions.c.external_id,
                interventions.c.error,
            )
            .join(records, records.c.id == interventions.c.record_id)
            .join(connections, connections.c.id == interventions.c.connection_id)
            .order_by(interventions.c.id.desc())
            .limit(limit)
        )
        return [
            Intervention(
                **{
                    **row,
                    "kind": InterventionKind(row["kind"]),
                    "state": InterventionState(row["state"]),
                }
            )
            for row in self._connection.execute(query).mappings()
        ]

    def _planned(
        self, *conditions: Any, by: str
    ) -> dict[int, tuple[PlannedIntervention, ...]]:
        found: dict[int, list[PlannedIntervention]] = {}
        for row in self._connection.execute(
            select(interventions)
            .where(
                *conditions, interventions.c.state == InterventionState.PLANNED.value
            )
            .order_by(interventions.c.id)
        ):
            found.setdefault(getattr(row, by), []).append(_to_planned(row))
        return {key: tuple(rows) for key, rows in found.items()}


def _to_planned(row: Row[Any]) -> PlannedIntervention:
    return PlannedIntervention(
        row.id,
        row.key,
        row.record_id,
        row.judgement_id,
        row.clock_id,
        InterventionKind(row.kind),
        row.body,
        row.planned_at,
    )


_END = (
    update(interventions)
    .where(interventions.c.id == bindparam("row"))
    .values(
        state=bindparam("state_"),
        ended_at=bindparam("ended"),
        external_id=bindparam("external"),
        error=bindparam("error_"),
        attempts=interventions.c.attempts + 1,
        body=func.coalesce(
            bindparam("body_", type_=JSONB(none_as_null=True)), interventions.c.body
        ),
    )
)
