"""Parks: records that somebody will not follow up until a moment, and says so."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, ScalarSelect, func, insert, select, update

from connector.store.tables import clocks, connections, parks, records


@dataclass(frozen=True, slots=True)
class Park:
    """A parked record as lists show it."""

    id: int
    connection: str
    kind: str
    crm_id: str
    record: str
    owner: str | None
    until: datetime
    why: str
    parked_by: str
    parked_at: datetime
    ended_at: datetime | None
    ended_by: str | None


class Parks:
    """The `parks` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def park(
        self, record_id: int, *, until: datetime, why: str, by: str, now: datetime
    ) -> None:
        """Park a record, in place of what was said of it before."""
        self.end(record_id, by=by, now=now)
        self._connection.execute(
            insert(parks).values(
                record_id=record_id, until=until, why=why, parked_by=by, parked_at=now
            )
        )

    def end(self, record_id: int, *, by: str, now: datetime) -> bool:
        """Follow a record up again; False if it was not parked."""
        ended = self._connection.execute(
            update(parks)
            .where(
                parks.c.record_id == record_id,
                parks.c.ended_at.is_(None),
                parks.c.until > now,
            )
            .values(ended_at=now, ended_by=by)
        )
        return bool(ended.rowcount)

    def count(self, record_id: int, *, since: datetime) -> int:
        """Return how often a record was parked since then."""
        return self._connection.execute(
            select(func.count())
            .select_from(parks)
            .where(parks.c.record_id == record_id, parks.c.parked_at >= since)
        ).scalar_one()

    def hand_over(self, record_id: int, *, to: int) -> None:
        """Have what was said of a record stand for another, which it became."""
        self._connection.execute(
            update(parks).where(parks.c.record_id == record_id).values(record_id=to)
        )

    def latest(self, *, only_parked: bool, now: datetime, limit: int) -> list[Park]:
        """Return parked records, the latest first."""
        query = (
            select(
                parks.c.id,
                connections.c.name.label("connection"),
                records.c.kind,
                records.c.crm_id,
                func.coalesce(records.c.name, "").label("record"),
                records.c.owner,
                parks.c.until,
                parks.c.why,
                parks.c.parked_by,
                parks.c.parked_at,
                parks.c.ended_at,
                parks.c.ended_by,
            )
            .join(records, records.c.id == parks.c.record_id)
            .join(connections, connections.c.id == records.c.connection_id)
            .order_by(parks.c.id.desc())
            .limit(limit)
        )
        if only_parked:
            query = query.where(parks.c.ended_at.is_(None), parks.c.until > now)
        return [Park(**row) for row in self._connection.execute(query).mappings()]


def parked_until(now: datetime) -> ScalarSelect[datetime | None]:
    """Return a subquery: until when the record of a clock is parked, null if not."""
    return (
        select(func.max(parks.c.until))
        .where(
            parks.c.record_id == clocks.c.record_id,
            parks.c.ended_at.is_(None),
            parks.c.until > now,
        )
        .correlate(clocks)
        .scalar_subquery()
    )
