"""Changes: the single hints out of the deliveries, each kept once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.ports import Heard, HeardKind
from connector.store.tables import changes
from rules.model import Actor, ActorClass, RecordRef


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A hint that waits for its record's look.

    `is_link`: something was linked to the record, which changed none of its fields.
    """

    id: int
    property: str | None
    occurred_at: datetime
    actor: Actor
    is_link: bool = False


class Changes:
    """The `changes` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        connection_id: int,
        delivery_id: int | None,
        heard: Sequence[Heard],
        rows: Mapping[RecordRef, int],
    ) -> frozenset[RecordRef]:
        """Store what is new in `heard`, and return the records it is about.

        `rows` gives the row of every record that is followed; a change about anything
        else is kept as skipped. What a stream told came with no delivery.
        """
        by_key = {one.key: one for one in heard}
        if not by_key:
            return frozenset()
        # Sorted by the unique key: concurrent redeliveries would deadlock otherwise.
        added = self._connection.scalars(
            insert(changes).on_conflict_do_nothing().returning(changes.c.key),
            [
                {
                    "connection_id": connection_id,
                    "delivery_id": delivery_id,
                    "key": key,
                    "record_id": None if one.ref is None else rows.get(one.ref),
                    "what": one.kind,
                    "property": one.property or None,
                    "value": one.value,
                    "occurred_at": one.occurred_at,
                    "actor_class": one.actor.kind,
                    "actor_name": one.actor.name,
                    "actor_user": one.actor.user_id or None,
                    "state": "pending" if one.ref in rows else "skipped",
                }
                for key, one in sorted(by_key.items())
            ],
        )
        new = [by_key[key].ref for key in added]
        return frozenset(ref for ref in new if ref is not None and ref in rows)

    def pending(
        self, record_ids: Collection[int]
    ) -> dict[int, tuple[PendingChange, ...]]:
        """Return the hints that wait for these records, by row id, oldest first."""
        found: dict[int, list[PendingChange]] = {}
        for row in self._connection.execute(
            select(
                changes.c.id,
                changes.c.record_id,
                changes.c.property,
                changes.c.what,
                changes.c.occurred_at,
                changes.c.actor_class,
                changes.c.actor_name,
                changes.c.actor_user,
            )
            .where(changes.c.record_id.in_(record_ids), changes.c.state == "pending")
            .order_by(changes.c.occurred_at, changes.c.id)
        ):
            actor = Actor(
                ActorClass(row.actor_class), row.actor_name, row.actor_user or ""
            )
            found.setdefault(row.record_id, []).append(
                PendingChange(
                    row.id,
                    row.property,
                    row.occurred_at,
                    actor,
                    is_link=row.what == HeardKind.LINKED,
                )
            )
        return {record_id: tuple(heard) for record_id, heard in found.items()}

    def finish(self, change_ids: Collection[int]) -> None:
        """Mark hints as dealt with."""
        if change_ids:
            self._connection.execute(
                update(changes).where(changes.c.id.in_(change_ids)).values(state="done")
            )
