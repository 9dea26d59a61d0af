"""Streams: how far each topic of an account has been listened to, and by whom."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import connections, streams


@dataclass(frozen=True, slots=True)
class ClaimedStream:
    """A topic in one process' hands; `cursor` is where to go on from."""

    id: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class StreamState:
    """How a topic stands. `alive_at` is None if it has never been heard."""

    topic: str
    alive_at: datetime | None
    refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unheard:
    """An account that is not listened to as it was, and since when at least."""

    connection: str
    since_at: datetime


class Streams:
    """The `streams` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(
        self,
        connection_id: int,
        topic: str,
        *,
        lease: str,
        now: datetime,
        until: datetime,
    ) -> ClaimedStream | None:
        """Take a topic, which need not be known yet; None if someone else has it."""
        statement = insert(streams).values(
            connection_id=connection_id,
            topic=topic,
            added_at=now,
            lease=lease,
            leased_until=until,
        )
        row = self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["connection_id", "topic"],
                set_={"lease": lease, "leased_until": until},
                where=or_(
                    streams.c.lease.is_(None),
                    streams.c.lease == lease,
                    streams.c.leased_until < now,
                ),
            ).returning(streams.c.id, streams.c.cursor)
        ).one_or_none()
        return None if row is None else ClaimedStream(row.id, row.cursor)

    def extend(self, lease: str, *, until: datetime) -> frozenset[int]:
        """Hold everything that is held by this lease longer; return what that is."""
        return frozenset(
            self._connection.scalars(
                update(streams)
                .where(streams.c.lease == lease)
                .values(leased_until=until)
                .returning(streams.c.id)
            )
        )

    def advance(
        self, stream_id: int, *, lease: str, cursor: str | None, now: datetime
    ) -> bool:
        """Note a sign of life and how far it came; False if the lease was lost.

        Without a cursor the former one stays.
        """
        return self._change(
            stream_id,
            lease,
            cursor=func.coalesce(cursor, streams.c.cursor),
            alive_at=now,
            refused_at=None,
        )

    def start_anew(self, stream_id: int, *, lease: str) -> bool:
        """Forget how far it came; False if the lease was lost."""
        return self._change(stream_id, lease, cursor=None)

    def refuse(self, stream_id: int, *, lease: str, now: datetime) -> bool:
        """Note that the account does not tell of it; False if the lease was lost."""
        return self._change(
            stream_id, lease, refused_at=func.coalesce(streams.c.refused_at, now)
        )

    def release(self, lease: str) -> None:
        """Give back everything that is held by this lease."""
        self._connection.execute(
            update(streams)
            .where(streams.c.lease == lease)
            .values(lease=None, leased_until=None)
        )

    def drop_others(self, connection_id: int, topics: Collection[str]) -> None:
        """Forget every topic of an account but these."""
        self._connection.execute(
            delete(streams).where(
                streams.c.connection_id == connection_id,
                streams.c.topic.not_in(topics),
            )
        )

    def of(self, connection_id: int) -> Sequence[StreamState]:
        """Return how the topics of an account stand, by name."""
        rows = self._connection.execute(
            select(streams.c.topic, streams.c.alive_at, streams.c.refused_at)
            .where(streams.c.connection_id == connection_id)
            .order_by(streams.c.topic)
        )
        return [StreamState(*row) for row in rows]

    def unheard(self, *, since: datetime) -> Sequence[Unheard]:
        """Return the accounts with a topic that has given no sign of life since then.

        What an account refuses to tell of is left out.
        """
        heard_at = func.coalesce(streams.c.alive_at, streams.c.added_at)
        rows = self._connection.execute(
            select(connections.c.name, func.min(heard_at))
            .join(connections, connections.c.id == streams.c.connection_id)
            .where(heard_at < since, streams.c.refused_at.is_(None))
            .group_by(connections.c.name)
            .order_by(connections.c.name)
        )
        return [Unheard(*row) for row in rows]

    def _change(self, stream_id: int, lease: str, **values: Any) -> bool:
        changed = self._connection.execute(
            update(streams)
            .where(streams.c.id == stream_id, streams.c.lease == lease)
            .values(**values)
        )
        return changed.rowcount == 1
