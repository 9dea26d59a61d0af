"""How far the set-up has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from connector.store.tables import (
    connections,
    deliveries,
    owners,
    people,
    process_versions,
    processes,
)


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account and its health. None: that has not happened yet."""

    id: int
    name: str
    vendor: str
    imported_at: datetime | None
    swept_until: datetime | None
    paused_at: datetime | None
    heard_at: datetime | None
    probed_at: datetime | None
    probe: Mapping[str, Any]
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """How many people we can reach, and how many owners the CRMs have."""

    people: int
    owners: int


class Setup:
    """Read-only: what has been connected, published and imported."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def accounts(self) -> list[Account]:
        """Return every connected account, by name."""
        heard = (
            select(func.max(deliveries.c.received_at))
            .where(deliveries.c.connection_id == connections.c.id)
            .scalar_subquery()
        )
        published = (
            select(func.array_agg(processes.c.name))
            .join(process_versions, process_versions.c.process_id == processes.c.id)
            .where(
                processes.c.connection_id == connections.c.id,
                process_versions.c.state == "current",
            )
            .scalar_subquery()
        )
        rows = self._connection.execute(
            select(
                connections,
                heard.label("heard_at"),
                published.label("published"),
            ).order_by(connections.c.name)
        )
        return [
            Account(
                row.id,
                row.name,
                row.vendor,
                row.imported_at,
                row.swept_until,
                row.paused_at,
                row.heard_at,
                row.probed_at,
                row.probe,
                tuple(sorted(row.published or ())),
            )
            for row in rows
        ]

    def known(self) -> Known:
        """Return how many people and owners there are."""
        row = self._connection.execute(
            select(
                select(func.count())
                .select_from(people)
                .scalar_subquery()
                .label("people"),
                select(func.count())
                .select_from(owners)
                .scalar_subquery()
                .label("owners"),
            )
        ).one()
        return Known(row.people, row.owners)
