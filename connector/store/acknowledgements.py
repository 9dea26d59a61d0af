"""Acknowledgements: a clock whose matter somebody has seen waits for a while."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from connector.store.tables import clocks, records


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A running clock as it is acknowledged; `times` says how often it was before."""

    clock_id: int
    connection_id: int
    process_id: int
    follow_up: str
    record: str
    times: int


class Acknowledgements:
    """What people have said of the rows of `clocks` that they have seen it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, clock_id: int) -> Acknowledged | None:
        """Return a running clock, None if there is none with this id.

        Until the transaction ends nobody else acknowledges it.
        """
        row = self._connection.execute(
            select(
                clocks.c.id,
                clocks.c.connection_id,
                clocks.c.process_id,
                clocks.c.follow_up,
                func.coalesce(records.c.name, records.c.crm_id).label("record"),
                clocks.c.seen_times,
            )
            .join(records, records.c.id == clocks.c.record_id)
            .where(clocks.c.id == clock_id, clocks.c.state == "running")
            .with_for_update(of=clocks)
        ).first()
        return None if row is None else Acknowledged(*row)

    def add(self, clock_id: int, *, until: datetime, by: str) -> None:
        """Have a clock wait until a moment, since somebody has seen its matter."""
        self._connection.execute(
            update(clocks)
            .where(clocks.c.id == clock_id)
            .values(seen_until=until, seen_by=by, seen_times=clocks.c.seen_times + 1)
        )
