"""Deliveries: what the CRMs sent, stored before it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from connector.store.tables import connections, deliveries


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery as it came."""

    connection_id: int
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery that has not been taken apart yet."""

    id: int
    body: bytes
    received_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class DeliverySummary:
    """A delivery as lists show it."""

    id: int
    connection: str
    received_at: datetime
    state: str
    changes: int
    repeats: int
    error: str | None


class Deliveries:
    """The `deliveries` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, connection_id: int, body: bytes, received_at: datetime) -> int:
        """Store a delivery as it came, and return its id."""
        return self.add_all([NewDelivery(connection_id, body, received_at)])[0]

    def add_all(self, new: Sequence[NewDelivery]) -> list[int]:
        """Store deliveries as they came, and return their ids in the same order."""
        if not new:
            return []
        return list(
            self._connection.scalars(
                insert(deliveries).returning(
                    deliveries.c.id, sort_by_parameter_order=True
                ),
                [
                    {
                        "connection_id": one.connection_id,
                        "body": one.body,
                        "received_at": one.received_at,
                    }
                    for one in new
                ],
            )
        )

    def claim(self, connection_id: int, *, limit: int) -> list[PendingDelivery]:
        """Lock and return the oldest deliveries that nobody else is taking apart.

        They stay locked until the transaction ends, which must take them apart too.
        """
        rows = self._connection.execute(
            select(
                deliveries.c.id,
                deliveries.c.body,
                deliveries.c.received_at,
                deliveries.c.attempts,
            )
            .where(
                deliveries.c.connection_id == connection_id,
                deliveries.c.state == "pending",
            )
            .order_by(deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [PendingDelivery(*row) for row in rows]

    def finish(self, delivery_id: int, *, changes: int, repeats: int) -> None:
        """Mark a delivery as taken apart into so many changes and repeated ones.

        Its body is let go: it may say more of a customer than a policy asks for.
        """
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id)
            .values(state="done", body=b"", changes=changes, repeats=repeats)
        )

    def bury(self, delivery_id: int, error: str) -> None:
        """Put aside a delivery that cannot be taken apart, with what it says."""
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id)
            .values(state="dead", error=error, attempts=deliveries.c.attempts + 1)
        )

    def latest(self, *, limit: int = 100) -> Sequence[DeliverySummary]:
        """Return the newest deliveries, newest first."""
        rows = self._connection.execute(
            select(
                deliveries.c.id,
                connections.c.name,
                deliveries.c.received_at,
                deliveries.c.state,
                deliveries.c.changes,
                deliveries.c.repeats,
                deliveries.c.error,
            )
            .join(connections, connections.c.id == deliveries.c.connection_id)
            .order_by(deliveries.c.id.desc())
            .limit(limit)
        )
        return [DeliverySummary(*row) for row in rows]

    def pending_connections(self) -> list[int]:
        """Return the connections that have deliveries to take apart."""
        return list(
            self._connection.scalars(
                select(deliveries.c.connection_id)
                .where(deliveries.c.state == "pending")
                .group_by(deliveries.c.connection_id)
            )
        )
