"""Processes: the published policies. A version is never overwritten.

A version is `pending` until it comes into force, `current` while it is, and `retired`
when another one has taken its place. One that never came into force is `withdrawn`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import connections, process_versions, processes


class VersionState(StrEnum):
    """What has become of a version."""

    PENDING = "pending"
    CURRENT = "current"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ProcessVersion:
    """One published version. `account` is what the document was compiled against.

    `effective_at` is from when it is in force, or would have been.
    """

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
    effective_at: datetime
    retired_at: datetime | None
    state: VersionState


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
    process_versions.c.effective_at,
    process_versions.c.retired_at,
    process_versions.c.state,
]
_JOINED = process_versions.join(
    processes, processes.c.id == process_versions.c.process_id
).join(connections, connections.c.id == processes.c.connection_id)


@dataclass(frozen=True, slots=True)
class Gate:
    """Since when a process is paused, if it is, and when it last was resumed."""

    paused_at: datetime | None
    resumed_at: datetime | None


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
        effective_at: datetime | None = None,
        due_at: datetime | None = None,
    ) -> ProcessVersion:
        """Make this document the next version of the process, and return it.

        It is in force at once unless `effective_at` is later; a version that was to
        come into force is withdrawn in any case. `due_at` is when something is to be
        done about it; None: nothing.
        """
        self._connection.execute(
            insert(processes)
            .values(connection_id=connection_id, name=name)
            .on_conflict_do_nothing()
        )
        process_id = self._lock(processes.c.connection_id == connection_id, name)
        from_at = max(effective_at or now, now)
        is_pending = from_at > now
        self._end(process_id, VersionState.PENDING, VersionState.WITHDRAWN, now)
        if not is_pending:
            self._end(process_id, VersionState.CURRENT, VersionState.RETIRED, now)
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
                effective_at=from_at,
                state=VersionState.PENDING if is_pending else VersionState.CURRENT,
                due_at=due_at,
            )
            .returning(process_versions.c.id)
        ).scalar_one()
        return self.get(version_id)

    def paused(self, connection_id: int) -> frozenset[int]:
        """Return the processes of a connection that are only observed."""
        return frozenset(
            self._connection.scalars(
                select(processes.c.id).where(
                    processes.c.connection_id == connection_id,
                    processes.c.paused_at.is_not(None),
                )
            )
        )

    def gate(self, process_id: int) -> Gate:
        """Return whether a process is paused; nobody changes that meanwhile.

        Until the end of the transaction.
        """
        row = self._connection.execute(
            select(processes.c.paused_at, processes.c.resumed_at)
            .where(processes.c.id == process_id)
            .with_for_update()
        ).one()
        return Gate(row.paused_at, row.resumed_at)

    def pause(self, process_id: int, *, now: datetime) -> None:
        """Only observe a process from now on."""
        self._connection.execute(
            update(processes)
            .where(processes.c.id == process_id, processes.c.paused_at.is_(None))
            .values(paused_at=now)
        )

    def resume(self, process_id: int, *, now: datetime) -> datetime | None:
        """Intervene for a process again; return since when it was paused, if it was."""
        paused_at: datetime | None = self._connection.execute(
            select(processes.c.paused_at)
            .where(processes.c.id == process_id)
            .with_for_update()
        ).scalar_one()
        if paused_at is not None:
            self._connection.execute(
                update(processes)
                .where(processes.c.id == process_id)
                .values(paused_at=None, resumed_at=now)
            )
        return paused_at

    def take_effect(self, now: datetime) -> list[ProcessVersion]:
        """Put every pending version in force whose time has come, and return them.

        They stay due, at once, for what is to be done about them.
        """
        due = [
            one
            for one in self._versions(process_versions.c.due_at <= now)
            if one.state is VersionState.PENDING
        ]
        taken = []
        for one in due:
            self._lock(processes.c.id == one.process_id, one.name)
            if self.get(one.id).state is not VersionState.PENDING:
                # Withdrawn or put in force by another process meanwhile.
                continue
            self._end(one.process_id, VersionState.CURRENT, VersionState.RETIRED, now)
            self._connection.execute(
                update(process_versions)
                .where(process_versions.c.id == one.id)
                .values(state=VersionState.CURRENT, effective_at=now, due_at=now)
            )
            taken.append(self.get(one.id))
        return taken

    def withdraw(self, version: ProcessVersion, *, now: datetime) -> bool:
        """Have a pending version never come into force; False if it is not pending."""
        self._lock(processes.c.id == version.process_id, version.name)
        if self.get(version.id).state is not VersionState.PENDING:
            return False
        self._end(version.process_id, VersionState.PENDING, VersionState.WITHDRAWN, now)
        return True

    def due(self, now: datetime) -> list[ProcessVersion]:
        """Return the versions that something is to be done about."""
        return self._versions(process_versions.c.due_at <= now)

    def is_any_due(self, now: datetime) -> bool:
        """Return whether something is to be done about a version."""
        query = select(process_versions.c.id).where(process_versions.c.due_at <= now)
        return self._connection.execute(query.limit(1)).first() is not None

    def put_off(self, version_id: int, *, until: datetime | None) -> None:
        """Have something done about a version at `until`; None: all is done."""
        self._connection.execute(
            update(process_versions)
            .where(process_versions.c.id == version_id)
            .values(due_at=until)
        )

    def current(self, connection_id: int | None = None) -> list[ProcessVersion]:
        """Return the current version of every process, by name."""
        is_current = process_versions.c.state == VersionState.CURRENT
        return self._versions(is_current, connection_id=connection_id)

    def pending(self, connection_id: int | None = None) -> list[ProcessVersion]:
        """Return the versions that are still to come into force, by name."""
        is_pending = process_versions.c.state == VersionState.PENDING
        return self._versions(is_pending, connection_id=connection_id)

    def of(
        self, name: str | None = None, *, connection_id: int | None = None
    ) -> list[ProcessVersion]:
        """Return all versions of a process or of every one, newest first."""
        query = _select().order_by(
            processes.c.name, connections.c.name, process_versions.c.number.desc()
        )
        if name is not None:
            query = query.where(processes.c.name == name)
        if connection_id is not None:
            query = query.where(processes.c.connection_id == connection_id)
        return self._found(query)

    def get(self, version_id: int) -> ProcessVersion:
        """Return one version, current or not; LookupError if there is none."""
        found = self._found(_select().where(process_versions.c.id == version_id))
        if not found:
            raise LookupError(f"There is no policy version with id {version_id}.")
        return found[0]

    def first_effective_at(self, connection_id: int, name: str) -> datetime | None:
        """Return from when a process was first in force, or will be."""
        first: datetime | None = self._connection.execute(
            select(func.min(process_versions.c.effective_at))
            .select_from(_JOINED)
            .where(
                processes.c.connection_id == connection_id,
                processes.c.name == name,
                process_versions.c.state != VersionState.WITHDRAWN,
            )
        ).scalar_one()
        return first

    def _lock(self, condition: ColumnElement[bool], name: str) -> int:
        """Keep others from publishing this process meanwhile, and return its id."""
        process_id: int = self._connection.execute(
            select(processes.c.id)
            .where(condition, processes.c.name == name)
            .with_for_update()
        ).scalar_one()
        return process_id

    def _end(
        self, process_id: int, old: VersionState, new: VersionState, now: datetime
    ) -> None:
        self._connection.execute(
            update(process_versions)
            .where(
                process_versions.c.process_id == process_id,
                process_versions.c.state == old,
            )
            .values(state=new, retired_at=now, due_at=None)
        )

    def _versions(
        self, condition: ColumnElement[bool], *, connection_id: int | None = None
    ) -> list[ProcessVersion]:
        query = _select().where(condition).order_by(processes.c.name)
        if connection_id is not None:
            query = query.where(processes.c.connection_id == connection_id)
        return self._found(query)

    def _found(self, query: Select[Any]) -> list[ProcessVersion]:
        return [
            ProcessVersion(**{**row, "state": VersionState(row["state"])})
            for row in self._connection.execute(query).mappings()
        ]


def _select() -> Select[Any]:
    return select(*_COLUMNS).select_from(_JOINED)
