"""Records: the last accepted state of each, and when it must be looked at again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from connector.store.codec import record_from_json, record_to_json
from connector.store.tables import records
from rules.model import Kind, Record, RecordId, RecordRef


@dataclass(frozen=True, slots=True)
class ClaimedRecord:
    """A record in one worker's hands. `hints` tells whether a newer hint came since."""

    id: int
    ref: RecordRef
    baseline: Record | None
    hints: int
    attempts: int
    stage_entered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record whose look is over: its new baseline, and since when in its stage."""

    claimed: ClaimedRecord
    record: Record
    stage_entered_at: datetime | None


class Records:
    """The `records` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ensure(
        self, connection_id: int, refs: Collection[RecordRef]
    ) -> dict[RecordRef, int]:
        """Make sure that a row exists for each ref, and return the rows' ids."""
        if not refs:
            return {}
        # Sorted, so that two workers never wait for each other in a circle.
        ordered = sorted(refs)
        self._connection.execute(
            insert(records).on_conflict_do_nothing(),
            [
                {"connection_id": connection_id, "kind": ref.kind, "crm_id": ref.id}
                for ref in ordered
            ],
        )
        rows = self._connection.execute(
            text(
                "SELECT r.id, r.kind, r.crm_id FROM records r"
                " JOIN unnest(CAST(:kinds AS text[]), CAST(:ids AS text[]))"
                " AS wanted(kind, crm_id)"
                " ON r.kind = wanted.kind AND r.crm_id = wanted.crm_id"
                " WHERE r.connection_id = :connection_id"
            ),
            {
                "connection_id": connection_id,
                "kinds": [ref.kind.value for ref in ordered],
                "ids": [ref.id for ref in ordered],
            },
        )
        return {
            RecordRef(Kind(kind), RecordId(crm_id)): row_id
            for row_id, kind, crm_id in rows
        }

    def hint(self, record_ids: Collection[int], *, due_at: datetime) -> None:
        """Ask for a look at these records at `due_at`, or sooner if already asked."""
        if not record_ids:
            return
        locked = (
            select(records.c.id)
            .where(records.c.id.in_(record_ids))
            .order_by(records.c.id)
            .with_for_update()
            .cte("locked")
        )
        self._connection.execute(
            update(records)
            .where(records.c.id == locked.c.id)
            .values(
                look_due_at=func.least(records.c.look_due_at, due_at),
                hints=records.c.hints + 1,
                attempts=0,
                error=None,
                # What was thought gone may be back: the look will tell.
                state=case((records.c.state == "gone", "live"), else_=records.c.state),
            )
        )

    def claim(
        self,
        connection_id: int,
        *,
        lease: str,
        now: datetime,
        until: datetime,
        limit: int,
        patience: int,
        due_by: datetime | None = None,
    ) -> list[ClaimedRecord]:
        """Take the records of a connection that are due for a look, longest due first.

        With `due_by` also those that fall due until then, to go with others. Until
        `until` nobody else gets them. A record that was tried more than `patience`
        times comes after all others, and alone: if it is what breaks the looks, it
        breaks its own only.
        """
        due = _is_due(now, by=due_by)
        claim = partial(self._claim, connection_id, due, lease=lease, until=until)
        healthy = claim(records.c.attempts < patience, limit=limit)
        if healthy or due_by is not None:
            return healthy
        return claim(records.c.attempts >= patience, limit=1)

    def _claim(
        self,
        connection_id: int,
        is_due: ColumnElement[bool],
        condition: ColumnElement[bool],
        *,
        lease: str,
        until: datetime,
        limit: int,
    ) -> list[ClaimedRecord]:
        due = (
            select(records.c.id)
            .where(records.c.connection_id == connection_id, is_due, condition)
            .order_by(records.c.look_due_at, records.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        rows = self._connection.execute(
            update(records)
            .where(records.c.id == due.c.id)
            .values(lease=lease, leased_until=until, attempts=records.c.attempts + 1)
            .returning(
                records.c.id,
                records.c.kind,
                records.c.crm_id,
                records.c.baseline,
                records.c.hints,
                records.c.attempts,
                records.c.stage_entered_at,
            )
        )
        return sorted(
            (
                ClaimedRecord(
                    row.id,
                    RecordRef(Kind(row.kind), RecordId(row.crm_id)),
                    None if row.baseline is None else record_from_json(row.baseline),
                    row.hints,
                    row.attempts,
                    row.stage_entered_at,
                )
                for row in rows
            ),
            key=lambda claimed: claimed.id,
        )

    def extend(
        self, record_ids: Collection[int], *, lease: str, until: datetime
    ) -> frozenset[int]:
        """Hold these records longer, and return those that are still ours."""
        return frozenset(
            self._connection.scalars(
                update(records)
                .where(records.c.id.in_(record_ids), records.c.lease == lease)
                .values(leased_until=until)
                .returning(records.c.id)
            )
        )

    def accept(self, accepted: Sequence[Accepted], *, lease: str) -> None:
        """Make these states the baselines and give the records back.

        A record that was hinted at again meanwhile stays due.
        """
        if not accepted:
            return
        rows = [
            {
                "id": item.claimed.id,
                "hints": item.claimed.hints,
                "baseline": record_to_json(item.record),
                "name": item.record.name,
                "owner": item.record.owner,
                "pipeline": item.record.pipeline,
                "stage": item.record.stage,
                "created_at": item.record.created_at.isoformat(),
                "modified_at": item.record.modified_at.isoformat(),
                "stage_entered_at": item.stage_entered_at
                and item.stage_entered_at.isoformat(),
            }
            for item in accepted
        ]
        self._connection.execute(
            text(
                "UPDATE records SET baseline = row.baseline, name = row.name,"
                " owner = row.owner, pipeline = row.pipeline, stage = row.stage,"
                " created_at = row.created_at, modified_at = row.modified_at,"
                " stage_entered_at = row.stage_entered_at, state = 'live',"
                " lease = NULL, leased_until = NULL, attempts = 0, error = NULL,"
                " look_due_at = CASE WHEN records.hints = row.hints THEN NULL"
                " ELSE records.look_due_at END"
                " FROM jsonb_to_recordset(:rows) AS row(id bigint, hints int,"
                " baseline jsonb, name text, owner text, pipeline text, stage text,"
                " created_at timestamptz, modified_at timestamptz,"
                " stage_entered_at timestamptz)"
                " WHERE records.id = row.id AND records.lease = :lease"
            ).bindparams(bindparam("rows", type_=JSONB)),
            {"rows": rows, "lease": lease},
        )

    def give_back(
        self,
        record_ids: Collection[int],
        *,
        lease: str,
        due_at: datetime,
        error: str | None = None,
        is_their_fault: bool = True,
    ) -> None:
        """Give the records back unjudged, to be looked at again at `due_at`.

        Unless it is their fault, this try does not count against them.
        """
        attempts = records.c.attempts if is_their_fault else records.c.attempts - 1
        self._release(
            record_ids, lease, look_due_at=due_at, error=error, attempts=attempts
        )

    def put_off(self, connection_id: int, *, now: datetime, until: datetime) -> None:
        """Have the records of a connection wait: it cannot be worked with."""
        self._connection.execute(
            update(records)
            .where(records.c.connection_id == connection_id, _is_due(now))
            .values(look_due_at=until, error="The account cannot be worked with.")
        )

    def wake(self, connection_id: int, *, now: datetime) -> None:
        """Have a look at once at what waits for the account to work again."""
        self._connection.execute(
            update(records)
            .where(
                records.c.connection_id == connection_id,
                records.c.look_due_at > now,
                records.c.error.is_not(None),
            )
            .values(look_due_at=now)
        )

    def lose(self, record_ids: Collection[int], *, lease: str) -> None:
        """Note that these records are gone from the CRM."""
        self._release(record_ids, lease, look_due_at=None, state="gone", error=None)

    def shelve(self, record_ids: Collection[int], *, lease: str, error: str) -> None:
        """Stop trying these records until something new is heard of them."""
        self._release(record_ids, lease, look_due_at=None, error=error)

    def merge(
        self, connection_id: int, *, into: int, ref: RecordRef, merged: RecordRef
    ) -> int | None:
        """Note that `merged` lives on as `ref`, in the row `into`; return its row.

        If nothing was known of `ref`, what was known of `merged` is its baseline: what
        becomes of two known records is no newborn one. None if `merged` was unknown.
        """
        row = self._connection.execute(
            update(records)
            .where(
                records.c.connection_id == connection_id,
                records.c.kind == merged.kind,
                records.c.crm_id == merged.id,
                records.c.id != into,
            )
            .values(state="merged", merged_into=ref.id, look_due_at=None)
            .returning(records.c.id, records.c.baseline, records.c.stage_entered_at)
        ).one_or_none()
        if row is None:
            return None
        if row.baseline is not None:
            known = replace(record_from_json(row.baseline), ref=ref)
            self._connection.execute(
                update(records)
                .where(records.c.id == into, records.c.baseline.is_(None))
                .values(
                    baseline=record_to_json(known),
                    name=known.name,
                    owner=known.owner,
                    pipeline=known.pipeline,
                    stage=known.stage,
                    created_at=known.created_at,
                    modified_at=known.modified_at,
                    stage_entered_at=row.stage_entered_at,
                )
            )
        merged_id: int = row.id
        return merged_id

    def due_connections(self, now: datetime) -> list[int]:
        """Return the connections that have records due for a look."""
        return list(
            self._connection.scalars(
                select(records.c.connection_id)
                .where(_is_due(now))
                .group_by(records.c.connection_id)
            )
        )

    def _release(self, record_ids: Collection[int], lease: str, **values: Any) -> None:
        if record_ids:
            self._connection.execute(
                update(records)
                .where(records.c.id.in_(record_ids), records.c.lease == lease)
                .values(lease=None, leased_until=None, **values)
            )


def _is_due(now: datetime, *, by: datetime | None = None) -> ColumnElement[bool]:
    return and_(
        records.c.look_due_at <= (by or now),
        records.c.state == "live",
        or_(records.c.lease.is_(None), records.c.leased_until < now),
    )
