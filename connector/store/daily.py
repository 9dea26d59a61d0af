"""Daily rounds: once a day each process looks for what time has made false.

The due time and the place that a round has come to stand in the row of its process. A
page is one transaction that holds the row: a worker that dies gives it back, and the
next one goes on from there.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, update

from connector.store.tables import processes


@dataclass(frozen=True, slots=True)
class DueRound:
    """A process whose round is due. `after` is the last record's row it has looked at.

    At 0 the round has not begun.
    """

    process_id: int
    connection_id: int
    after: int


class Daily:
    """The `processes` table, seen as rounds that fall due."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_any_due(self, now: datetime) -> bool:
        """Return whether some process has its round to make."""
        query = select(processes.c.id).where(_is_due(now)).limit(1)
        return self._connection.execute(query).first() is not None

    def take(self, now: datetime) -> DueRound | None:
        """Return a due round and keep others from it while this transaction lasts."""
        row = self._connection.execute(
            select(processes.c.id, processes.c.connection_id, processes.c.round_after)
            .where(_is_due(now))
            .order_by(processes.c.id)
            .limit(1)
            # Weak enough for others to refer to the process meanwhile.
            .with_for_update(skip_locked=True, key_share=True)
        ).one_or_none()
        return None if row is None else DueRound(*row)

    def go_on(self, process_id: int, *, after: int) -> None:
        """Note how far a round has come."""
        self._set(process_id, round_after=after)

    def end(self, process_id: int, *, next_at: datetime) -> None:
        """Note that a round is over, and when the next one is due."""
        self._set(process_id, round_after=0, round_due_at=next_at)

    def _set(self, process_id: int, **values: object) -> None:
        self._connection.execute(
            update(processes).where(processes.c.id == process_id).values(**values)
        )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(processes.c.round_due_at.is_(None), processes.c.round_due_at <= now)
