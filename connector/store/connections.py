"""Connections: the CRM accounts that are connected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as SqlConnection
from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import connections


@dataclass(frozen=True, slots=True)
class Connection:
    """One connected CRM account. `secrets` is sealed; `crypto.Vault` opens it."""

    id: int
    name: str
    vendor: str
    settings: Mapping[str, Any]
    secrets: bytes = field(repr=False)
    created_at: datetime
    imported_at: datetime | None
    swept_until: datetime | None
    sweep_due_at: datetime | None
    paused_at: datetime | None
    probe: Mapping[str, Any]
    probed_at: datetime | None


_COLUMNS = [connections.c[name] for name in Connection.__slots__]


class Connections:
    """The `connections` table."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def save(
        self,
        name: str,
        *,
        vendor: str,
        settings: Mapping[str, Any],
        secrets: bytes,
        now: datetime,
    ) -> int:
        """Add a connection, or give the one of this name new settings; return its id.

        What is known of the account (baselines, clocks, cursors) stays.
        """
        statement = insert(connections).values(
            name=name,
            vendor=vendor,
            settings=dict(settings),
            secrets=secrets,
            created_at=now,
            sweep_due_at=now,
        )
        connection_id: int = self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={
                    "vendor": statement.excluded.vendor,
                    "settings": statement.excluded.settings,
                    "secrets": statement.excluded.secrets,
                },
            ).returning(connections.c.id)
        ).scalar_one()
        return connection_id

    def reseal(self, connection_id: int, *, expected: bytes, secrets: bytes) -> bool:
        """Replace the sealed secrets; False if they are not as `expected` any more."""
        changed = self._connection.execute(
            update(connections)
            .where(connections.c.id == connection_id, connections.c.secrets == expected)
            .values(secrets=secrets)
        )
        return changed.rowcount == 1

    def find(self, name: str) -> Connection | None:
        """Return the connection of this name, or None."""
        return self._one(connections.c.name == name)

    def get(self, connection_id: int) -> Connection:
        """Return the connection with this id; LookupError if there is none."""
        found = self._one(connections.c.id == connection_id)
        if found is None:
            raise LookupError(f"There is no connection with id {connection_id}.")
        return found

    def all(self) -> list[Connection]:
        """Return every connection, by name."""
        rows = self._connection.execute(
            select(*_COLUMNS).order_by(connections.c.name)
        ).mappings()
        return [_connection(row) for row in rows]

    def mark_imported(self, connection_id: int, *, at: datetime) -> None:
        """Note that the first look is over: what is created after `at` is new."""
        self._set(connection_id, imported_at=at, swept_until=at)

    def mark_swept(
        self, connection_id: int, *, until: datetime, next_at: datetime
    ) -> None:
        """Note up to where the account has been compared, and when to go on."""
        self._set(connection_id, swept_until=until, sweep_due_at=next_at)

    def put_off_sweep(self, connection_id: int, *, due_at: datetime) -> None:
        """Compare the account later."""
        self._set(connection_id, sweep_due_at=due_at)

    def hasten_sweep(self, connection_id: int, *, due_at: datetime) -> None:
        """Compare the account at `due_at`, or sooner if that was planned."""
        sooner = func.least(connections.c.sweep_due_at, due_at)
        self._set(connection_id, sweep_due_at=sooner)

    def mark_probed(
        self, connection_id: int, probe: Mapping[str, Any], *, at: datetime
    ) -> None:
        """Keep the last probe and its age."""
        self._set(connection_id, probe=dict(probe), probed_at=at)

    def pause(self, connection_id: int, *, at: datetime | None) -> None:
        """Stop every intervention on this connection, or go on (`at` is None)."""
        self._set(connection_id, paused_at=at)

    def sweeps_due(self, now: datetime) -> list[int]:
        """Return the imported connections whose sweep is due and not being made."""
        return list(
            self._connection.scalars(
                select(connections.c.id).where(
                    connections.c.imported_at.is_not(None),
                    connections.c.sweep_due_at <= now,
                    _free(now),
                )
            )
        )

    def claim(
        self, connection_id: int, *, lease: str, now: datetime, until: datetime
    ) -> bool:
        """Take the connection for a sweep or import; False if someone else has it."""
        taken = self._connection.execute(
            update(connections)
            .where(connections.c.id == connection_id, _free(now))
            .values(lease=lease, leased_until=until)
        )
        return taken.rowcount == 1

    def extend(self, connection_id: int, *, lease: str, until: datetime) -> bool:
        """Hold the connection longer; False if the lease was lost meanwhile."""
        held = self._connection.execute(
            update(connections)
            .where(connections.c.id == connection_id, connections.c.lease == lease)
            .values(leased_until=until)
        )
        return held.rowcount == 1

    def release(self, connection_id: int, *, lease: str) -> None:
        """Give the connection back, if it is still ours."""
        self._connection.execute(
            update(connections)
            .where(connections.c.id == connection_id, connections.c.lease == lease)
            .values(lease=None, leased_until=None)
        )

    def _one(self, condition: Any) -> Connection | None:
        row = (
            self._connection.execute(select(*_COLUMNS).where(condition))
            .mappings()
            .one_or_none()
        )
        return None if row is None else _connection(row)

    def _set(self, connection_id: int, **values: Any) -> None:
        self._connection.execute(
            update(connections)
            .where(connections.c.id == connection_id)
            .values(**values)
        )


def _free(now: datetime) -> Any:
    return or_(connections.c.lease.is_(None), connections.c.leased_until < now)


def _connection(row: RowMapping) -> Connection:
    return Connection(**row)
