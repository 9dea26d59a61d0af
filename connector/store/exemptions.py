"""Exemptions: permissions to deviate, of one record and one rule, until a moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from connector.store.tables import connections, exemptions, processes, records
from rules.exemptions import Exemption
from rules.model import Kind, RecordId, RecordRef


@dataclass(frozen=True, slots=True)
class NewExemption:
    """A permission to be kept. `owner` is whose record it is, None for nobody's."""

    record_id: int
    process_id: int
    rule: str
    until: datetime
    why: str
    granted_by: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Granted:
    """A permission as lists show it."""

    id: int
    connection: str
    process: str
    kind: str
    crm_id: str
    record: str
    rule: str
    why: str
    granted_by: str
    owner: str | None
    granted_at: datetime
    until: datetime
    revoked_at: datetime | None
    revoked_by: str | None


class Exemptions:
    """The `exemptions` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def grant(self, new: NewExemption, *, now: datetime) -> int:
        """Keep a permission, and return its id."""
        row_id: int = self._connection.execute(
            insert(exemptions)
            .values(
                record_id=new.record_id,
                process_id=new.process_id,
                rule=new.rule,
                until=new.until,
                why=new.why,
                granted_by=new.granted_by,
                owner=new.owner,
                granted_at=now,
            )
            .returning(exemptions.c.id)
        ).scalar_one()
        return row_id

    def revoke(self, exemption_id: int, *, by: str, now: datetime) -> Granted | None:
        """End a permission early; None if there is none of this id that holds."""
        revoked = self._connection.execute(
            update(exemptions)
            .where(
                exemptions.c.id == exemption_id,
                exemptions.c.revoked_at.is_(None),
                exemptions.c.until > now,
            )
            .values(revoked_at=now, revoked_by=by)
        )
        return self._get(exemption_id) if revoked.rowcount else None

    def of(
        self, record_ids: Collection[int], *, now: datetime
    ) -> dict[int, dict[int, tuple[Exemption, ...]]]:
        """Return the permissions that hold for these records, by row and process."""
        found: dict[int, dict[int, tuple[Exemption, ...]]] = {}
        for row in self._connection.execute(
            select(exemptions)
            .where(
                exemptions.c.record_id.in_(record_ids),
                exemptions.c.revoked_at.is_(None),
                exemptions.c.until > now,
            )
            .order_by(exemptions.c.id)
        ):
            of_record = found.setdefault(row.record_id, {})
            before = of_record.get(row.process_id, ())
            of_record[row.process_id] = (*before, Exemption(row.rule, row.until))
        return found

    def in_process(
        self, connection_id: int, process: str, *, now: datetime
    ) -> dict[RecordRef, tuple[Exemption, ...]]:
        """Return every permission that holds from the rules of one process."""
        found: dict[RecordRef, tuple[Exemption, ...]] = {}
        for row in self._connection.execute(
            select(
                records.c.kind, records.c.crm_id, exemptions.c.rule, exemptions.c.until
            )
            .join(records, records.c.id == exemptions.c.record_id)
            .join(processes, processes.c.id == exemptions.c.process_id)
            .where(
                processes.c.connection_id == connection_id,
                processes.c.name == process,
                exemptions.c.revoked_at.is_(None),
                exemptions.c.until > now,
            )
            .order_by(exemptions.c.id)
        ):
            ref = RecordRef(Kind(row.kind), RecordId(row.crm_id))
            found[ref] = (*found.get(ref, ()), Exemption(row.rule, row.until))
        return found

    def hand_over(self, record_id: int, *, to: int) -> None:
        """Have the permissions of a record stand for another, which it became."""
        self._connection.execute(
            update(exemptions)
            .where(exemptions.c.record_id == record_id)
            .values(record_id=to)
        )

    def by_rule(self, *, since: datetime) -> dict[tuple[str, str, str], int]:
        """Return how often each rule was exempted from since then.

        By connection, process and rule.
        """
        rows = self._connection.execute(
            select(
                connections.c.name.label("connection"),
                processes.c.name.label("process"),
                exemptions.c.rule,
                func.count().label("times"),
            )
            .join(processes, processes.c.id == exemptions.c.process_id)
            .join(connections, connections.c.id == processes.c.connection_id)
            .where(exemptions.c.granted_at >= since)
            .group_by(connections.c.name, processes.c.name, exemptions.c.rule)
        )
        return {(row.connection, row.process, row.rule): row.times for row in rows}

    def by_owner(self, *, since: datetime) -> dict[str | None, int]:
        """Return how many permissions there were for each owner's records since."""
        rows = self._connection.execute(
            select(exemptions.c.owner, func.count().label("times"))
            .where(exemptions.c.granted_at >= since)
            .group_by(exemptions.c.owner)
        )
        return {row.owner: row.times for row in rows}

    def latest(
        self, *, only_holding: bool, now: datetime, limit: int = 200
    ) -> list[Granted]:
        """Return permissions, newest first."""
        query = _LISTED.order_by(exemptions.c.id.desc()).limit(limit)
        if only_holding:
            query = query.where(
                exemptions.c.revoked_at.is_(None), exemptions.c.until > now
            )
        return [Granted(**row) for row in self._connection.execute(query).mappings()]

    def _get(self, exemption_id: int) -> Granted:
        query = _LISTED.where(exemptions.c.id == exemption_id)
        return Granted(**self._connection.execute(query).mappings().one())


_LISTED = (
    select(
        exemptions.c.id,
        connections.c.name.label("connection"),
        processes.c.name.label("process"),
        records.c.kind,
        records.c.crm_id,
        func.coalesce(records.c.name, "").label("record"),
        exemptions.c.rule,
        exemptions.c.why,
        exemptions.c.granted_by,
        exemptions.c.owner,
        exemptions.c.granted_at,
        exemptions.c.until,
        exemptions.c.revoked_at,
        exemptions.c.revoked_by,
    )
    .join(records, records.c.id == exemptions.c.record_id)
    .join(processes, processes.c.id == exemptions.c.process_id)
    .join(connections, connections.c.id == records.c.connection_id)
)
