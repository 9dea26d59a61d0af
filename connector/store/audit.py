"""The audit: who changed what in Slagboom, and why. Rows are only ever added."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from connector.store.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did. `before` and `after` hold no secrets."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str | None


class Audit:
    """The `audit` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        *,
        actor: str,
        action: str,
        target: str,
        now: datetime,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        """Note who did what to which thing; `action` is a dotted verb in the past."""
        self._connection.execute(
            insert(audit).values(
                at=now,
                actor=actor,
                action=action,
                target=target,
                before=None if before is None else dict(before),
                after=None if after is None else dict(after),
                reason=reason or None,
            )
        )

    def latest(
        self, *, target: str | None = None, limit: int = 200
    ) -> list[AuditEntry]:
        """Return entries, newest first; `target` narrows them to one thing."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if target is not None:
            query = query.where(audit.c.target == target)
        return [AuditEntry(**row) for row in self._connection.execute(query).mappings()]
