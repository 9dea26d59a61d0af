"""Channels: the ways to reach people, in the order they are tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import channels

_ENABLED = "is_enabled"
_STEP = 1000


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach people. `secrets` is sealed; `crypto.Vault` opens it.

    `last_test` is the last probe or test message, empty if there was none.
    """

    id: int
    name: str
    kind: str
    settings: Mapping[str, Any]
    secrets: bytes = field(repr=False)
    position: int
    created_at: datetime
    is_enabled: bool = True
    last_test: Mapping[str, Any] = field(default_factory=dict)


class Channels:
    """The `channels` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        name: str,
        *,
        kind: str,
        settings: Mapping[str, Any],
        secrets: bytes,
        rank: int,
        now: datetime,
    ) -> Channel:
        """Add a channel, or give the one of this name other settings and enable it.

        Channels are tried by rank, lowest first, and within a rank the older first.
        One that is there keeps its place.
        """
        first = rank * _STEP
        behind = (
            select(func.coalesce(func.max(channels.c.position) + 1, first))
            .where(channels.c.position >= first, channels.c.position < first + _STEP)
            .scalar_subquery()
        )
        statement = insert(channels).values(
            name=name,
            kind=kind,
            settings={**settings, _ENABLED: True},
            secrets=secrets,
            position=behind,
            created_at=now,
        )
        row = (
            self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["name"],
                    set_={
                        "kind": statement.excluded.kind,
                        "settings": statement.excluded.settings,
                        "secrets": statement.excluded.secrets,
                        "last_test": {},
                    },
                ).returning(channels)
            )
            .mappings()
            .one()
        )
        return _channel(row)

    def all(self) -> list[Channel]:
        """Return every channel, in the order they are tried."""
        rows = self._connection.execute(
            select(channels).order_by(channels.c.position, channels.c.id)
        ).mappings()
        return [_channel(row) for row in rows]

    def reseal(self, channel_id: int, *, expected: bytes, secrets: bytes) -> bool:
        """Replace the sealed secrets; False if they are not as `expected` any more."""
        changed = self._connection.execute(
            update(channels)
            .where(channels.c.id == channel_id, channels.c.secrets == expected)
            .values(secrets=secrets)
        )
        return changed.rowcount == 1

    def find(self, name: str) -> Channel | None:
        """Return the channel of this name, or None."""
        row = (
            self._connection.execute(select(channels).where(channels.c.name == name))
            .mappings()
            .one_or_none()
        )
        return None if row is None else _channel(row)

    def remove(self, name: str) -> bool:
        """Forget a channel and its credentials; False if there is none."""
        removed = self._connection.execute(
            delete(channels).where(channels.c.name == name)
        )
        return removed.rowcount == 1

    def enable(self, name: str, *, is_enabled: bool) -> bool:
        """Use a channel, or leave it out; False if there is none."""
        changed = self._connection.execute(
            update(channels)
            .where(channels.c.name == name)
            .values(settings=channels.c.settings.op("||")({_ENABLED: is_enabled}))
        )
        return changed.rowcount == 1

    def mark_tested(self, name: str, result: Mapping[str, Any]) -> None:
        """Keep how the last probe or test message went."""
        self._connection.execute(
            update(channels)
            .where(channels.c.name == name)
            .values(last_test=dict(result))
        )


def _channel(row: RowMapping) -> Channel:
    settings = dict(row["settings"])
    is_enabled = bool(settings.pop(_ENABLED, True))
    return Channel(**{**row, "settings": settings, "is_enabled": is_enabled})
