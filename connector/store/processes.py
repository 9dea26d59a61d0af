"""Processes: the published policies. A version is never overwritten."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import connections, process_versions, processes


@dataclass(frozen=True, slots=True)
class ProcessVersion:
    """One published version. `account` is what the document was compiled against."""

    id: int
    process_id: int
    connection_id: int
    connection: str
    name: str
    number: int
    document: str
    account: dict[str, Any]
    note: str
    author: str
    published_at: datetime
    retired_at: datetime | None


_COLUMNS = [
    process_versions.c.id,
    process_versions.c.process_id,
    processes.c.connection_id,
    connections.c.name.label("connection"),
    processes.c.name,
    process_versions.c.number,
    process_versions.c.document,
    process_versions.c.account,
    process_versions.c.note,
    process_versions.c.author,
    process_versions.c.published_at,
    process_versions.c.retired_at,
]
_JOINED = process_versions.join(
    processes, processes.c.id == process_versions.c.process_id
).join(connections, connections.c.id == processes.c.connection_id)


class Processes:
    """The `processes` and `process_versions` tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def publish(
        self,
        connection_id: int,
        name: str,
        *,
        document: str,
        account: dict[str, Any],
        note: str,
        author: str,
        now: datetime,
    ) -> ProcessVersion:
        """Make this document the current version of the process, and return it."""
        self._connection.execute(
            insert(processes)
            .values(connection_id=connection_id, name=name)
            .on_conflict_do_nothing()
        )
        # Locked, so that two publications at once get two numbers.
        process_id = self._connection.execute(
            select(processes.c.id)
            .where(processes.c.connection_id == connection_id, processes.c.name == name)
            .with_for_update()
        ).scalar_one()
        self._connection.execute(
            update(process_versions)
            .where(
                process_versions.c.process_id == process_id,
                process_versions.c.retired_at.is_(None),
            )
            .values(retired_at=now)
        )
        number = self._connection.execute(
            select(func.coalesce(func.max(process_versions.c.number), 0) + 1).where(
                process_versions.c.process_id == process_id
            )
        ).scalar_one()
        version_id = self._connection.execute(
            insert(process_versions)
            .values(
                process_id=process_id,
                number=number,
                document=document,
                account=account,
                note=note,
                author=author,
                published_at=now,
            )
            .returning(process_versions.c.id)
        ).scalar_one()
        return self.get(version_id)

    def current(self, connection_id: int | None = None) -> list[ProcessVersion]:
        """Return the current version of every process, by name."""
        query = select(*_COLUMNS).select_from(_JOINED)
        query = query.where(process_versions.c.retired_at.is_(None))
        if connection_id is not None:
            query = query.where(processes.c.connection_id == connection_id)
        rows = self._connection.execute(query.order_by(processes.c.name))
        return [ProcessVersion(**row) for row in rows.mappings()]

    def get(self, version_id: int) -> ProcessVersion:
        """Return one version, current or not; LookupError if there is none."""
        row = (
            self._connection.execute(
                select(*_COLUMNS)
                .select_from(_JOINED)
                .where(process_versions.c.id == version_id)
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise LookupError(f"There is no policy version with id {version_id}.")
        return ProcessVersion(**row)

    def first_published_at(self, connection_id: int, name: str) -> datetime | None:
        """Return when the first version of a process was published, if any was."""
        first: datetime | None = self._connection.execute(
            select(func.min(process_versions.c.published_at))
            .select_from(_JOINED)
            .where(processes.c.connection_id == connection_id, processes.c.name == name)
        ).scalar_one()
        return first
