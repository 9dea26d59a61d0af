"""Reversals: what somebody asked to be put back, or to be undone, record by record."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from connector.store.tables import judgements, records, reversals


class ReversalKind(StrEnum):
    """`return`: a change that was only observed. `undo`: what Slagboom did itself."""

    RETURN = "return"
    UNDO = "undo"


class ReversalState(StrEnum):
    """How far it got. `left`: the record has moved on since, and stays as it is."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Reversal:
    """One that is to be carried out. `judgement_id` is what it goes back on."""

    id: int
    record_id: int
    kind: ReversalKind
    judgement_id: int
    intervention_id: int | None
    ordered_by: str


class Reversals:
    """The `reversals` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def order_returns(self, storm_id: int, *, by: str, now: datetime) -> list[int]:
        """Ask for what a storm withheld; return the records, each named once."""
        last = (
            select(
                judgements.c.record_id, func.max(judgements.c.id).label("judgement_id")
            )
            .where(
                judgements.c.storm_id == storm_id,
                judgements.c.withheld["put_back"] != literal({}, JSONB),
            )
            .group_by(judgements.c.record_id)
            .subquery()
        )
        return list(
            self._connection.scalars(
                insert(reversals)
                .from_select(
                    ["record_id", "judgement_id", "kind", "ordered_by", "ordered_at"],
                    select(
                        last.c.record_id,
                        last.c.judgement_id,
                        literal(ReversalKind.RETURN.value),
                        literal(by),
                        literal(now, reversals.c.ordered_at.type),
                    ).order_by(last.c.record_id),
                )
                .returning(reversals.c.record_id)
            )
        )

    def order_undo(
        self, wanted: Sequence[tuple[int, int, int]], *, by: str, now: datetime
    ) -> list[int]:
        """Ask for interventions to be undone, and return the reversals' ids.

        Each is given by its record, its judgement and its own id; one that is asked for
        already is left out.
        """
        asked = frozenset(
            self._connection.scalars(
                select(reversals.c.intervention_id).where(
                    reversals.c.intervention_id.in_([one for _, _, one in wanted]),
                    reversals.c.state == ReversalState.PENDING,
                )
            )
        )
        rows = [
            {
                "record_id": record_id,
                "judgement_id": judgement_id,
                "intervention_id": intervention_id,
                "kind": ReversalKind.UNDO,
                "ordered_by": by,
                "ordered_at": now,
            }
            for record_id, judgement_id, intervention_id in wanted
            if intervention_id not in asked
        ]
        if not rows:
            return []
        return list(
            self._connection.scalars(insert(reversals).returning(reversals.c.id), rows)
        )

    def states(self, reversal_ids: Collection[int]) -> dict[int, ReversalState]:
        """Return how far these have got, by id."""
        rows = self._connection.execute(
            select(reversals.c.id, reversals.c.state).where(
                reversals.c.id.in_(reversal_ids)
            )
        )
        return {row.id: ReversalState(row.state) for row in rows}

    def pending(self, record_ids: Collection[int]) -> dict[int, Reversal]:
        """Return what is to be done next for these records, by row.

        The latest intervention is undone first.
        """
        rows = self._connection.execute(
            select(*(reversals.c[name] for name in Reversal.__slots__))
            .where(
                reversals.c.record_id.in_(record_ids),
                reversals.c.state == ReversalState.PENDING,
            )
            .order_by(reversals.c.record_id, reversals.c.judgement_id)
        )
        return {row.record_id: _to_reversal(row) for row in rows}

    def records(self, connection_id: int) -> list[int]:
        """Return the records of a connection for which something is to be done."""
        return list(
            self._connection.scalars(
                select(reversals.c.record_id)
                .join(records, records.c.id == reversals.c.record_id)
                .where(
                    records.c.connection_id == connection_id,
                    reversals.c.state == ReversalState.PENDING,
                )
                .distinct()
            )
        )

    def leave(self, record_ids: Collection[int], *, error: str, now: datetime) -> None:
        """Give up what is asked for of records that are gone."""
        if record_ids:
            self._connection.execute(
                update(reversals)
                .where(
                    reversals.c.record_id.in_(record_ids),
                    reversals.c.state == ReversalState.PENDING,
                )
                .values(state=ReversalState.LEFT, error=error, ended_at=now)
            )

    def begin(self, made: Mapping[int, int]) -> None:
        """Note by which judgement each of these reversals is carried out."""
        for reversal_id, judgement_id in sorted(made.items()):
            self._connection.execute(
                update(reversals)
                .where(reversals.c.id == reversal_id)
                .values(made_id=judgement_id)
            )

    def end_made(
        self, made_id: int, state: ReversalState, *, error: str, now: datetime
    ) -> Reversal | None:
        """Note how the reversal that is carried out by a judgement has ended."""
        return self._end(reversals.c.made_id == made_id, state, error=error, now=now)

    def end(
        self, reversal_id: int, state: ReversalState, *, error: str, now: datetime
    ) -> None:
        """Note how a reversal has ended that came to nothing."""
        self._end(reversals.c.id == reversal_id, state, error=error, now=now)

    def _end(
        self,
        condition: ColumnElement[bool],
        state: ReversalState,
        *,
        error: str,
        now: datetime,
    ) -> Reversal | None:
        row = self._connection.execute(
            update(reversals)
            .where(condition, reversals.c.state == ReversalState.PENDING)
            .values(state=state, error=error or None, ended_at=now)
            .returning(*(reversals.c[name] for name in Reversal.__slots__))
        ).one_or_none()
        return None if row is None else _to_reversal(row)


def _to_reversal(row: Row[Any]) -> Reversal:
    return Reversal(
        row.id,
        row.record_id,
        ReversalKind(row.kind),
        row.judgement_id,
        row.intervention_id,
        row.ordered_by,
    )
