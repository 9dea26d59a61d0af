"""Baselines: the last accepted states of records, remembered and looked up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from connector.store.codec import record_from_json, record_to_json
from connector.store.tables import connections, records
from rules.model import (
    Kind,
    OwnerId,
    PipelineId,
    Record,
    RecordId,
    RecordRef,
    StageId,
)


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that has been looked at: its row, and the state that was accepted."""

    id: int
    connection_id: int
    connection: str
    record: Record
    state: str
    stage_entered_at: datetime | None


class Baselines:
    """The `records` table, seen as what is known of the CRM."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def remember(self, connection_id: int, found: Sequence[Record]) -> None:
        """Store first looks: baselines of records that have none."""
        if not found:
            return
        by_ref = {record.ref: record for record in found}
        rows = [
            {
                "connection_id": connection_id,
                "kind": ref.kind,
                "crm_id": ref.id,
                "baseline": record_to_json(record),
                "name": record.name,
                "owner": record.owner,
                "pipeline": record.pipeline,
                "stage": record.stage,
                "created_at": record.created_at,
                "modified_at": record.modified_at,
                "stage_entered_at": record.created_at,
            }
            for ref, record in sorted(by_ref.items())
        ]
        statement = insert(records)
        kept = {
            name: statement.excluded[name]
            for name in rows[0]
            if name not in {"connection_id", "kind", "crm_id"}
        }
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["connection_id", "kind", "crm_id"],
                set_=kept,
                where=records.c.baseline.is_(None),
            ),
            rows,
        )

    def versions(
        self, connection_id: int, refs: Collection[RecordRef]
    ) -> Mapping[RecordRef, datetime | None]:
        """Return the CRM's version stamp that we know of each record we follow."""
        rows = self._connection.execute(
            select(records.c.kind, records.c.crm_id, records.c.modified_at).where(
                records.c.connection_id == connection_id,
                records.c.baseline.is_not(None),
                records.c.crm_id
                == func.any(
                    bindparam("ids", [ref.id for ref in refs], type_=ARRAY(String))
                ),
            )
        )
        return {
            RecordRef(Kind(kind), RecordId(crm_id)): modified_at
            for kind, crm_id, modified_at in rows
        }

    def find(self, connection_id: int, ref: RecordRef) -> tuple[int, Record] | None:
        """Return the row's id and the baseline of a record that has been looked at."""
        row = self._connection.execute(
            select(records.c.id, records.c.baseline).where(
                records.c.connection_id == connection_id,
                records.c.kind == ref.kind,
                records.c.crm_id == ref.id,
                records.c.baseline.is_not(None),
            )
        ).one_or_none()
        return None if row is None else (row.id, record_from_json(row.baseline))

    def live(
        self,
        connection_id: int,
        kind: Kind,
        *,
        after: int,
        limit: int,
        pipelines: Collection[PipelineId] | None = None,
    ) -> list[tuple[int, Record, datetime | None]]:
        """Return live records with a baseline in order of id, for a walk over all.

        Each with its row's id and since when it stands in its stage; of these pipelines
        only, of all if None.
        """
        rows = self._connection.execute(
            select(records.c.id, records.c.baseline, records.c.stage_entered_at)
            .where(_is_live(connection_id, kind, pipelines), records.c.id > after)
            .order_by(records.c.id)
            .limit(limit)
        )
        return [
            (row.id, record_from_json(row.baseline), row.stage_entered_at)
            for row in rows
        ]

    def count_live(
        self,
        connection_id: int,
        kind: Kind,
        pipelines: Collection[PipelineId] | None = None,
        *,
        most: int | None = None,
    ) -> int:
        """Return how many records such a walk meets; not counted beyond `most`."""
        live = select(records.c.id).where(_is_live(connection_id, kind, pipelines))
        found: int = self._connection.execute(
            select(func.count()).select_from(live.limit(most).subquery())
        ).scalar_one()
        return found

    def owners_in(
        self, connection_id: int, kind: Kind, pipeline: PipelineId | None
    ) -> list[OwnerId]:
        """Return who owns live records of a kind in a pipeline, in any if None."""
        query = select(records.c.owner).where(
            records.c.connection_id == connection_id,
            records.c.kind == kind,
            records.c.state == "live",
            records.c.owner.is_not(None),
        )
        if pipeline is not None:
            query = query.where(records.c.pipeline == pipeline)
        found = self._connection.scalars(query.distinct())
        return sorted(OwnerId(owner) for owner in found)

    def standing_in(
        self,
        connection_id: int,
        kind: Kind,
        stages: Collection[StageId],
        *,
        after: int,
        limit: int,
    ) -> list[tuple[int, Record]]:
        """Return live records in these stages with their rows, in order of rows."""
        rows = self._connection.execute(
            select(records.c.id, records.c.baseline)
            .where(
                records.c.connection_id == connection_id,
                records.c.kind == kind,
                records.c.state == "live",
                records.c.stage.in_(stages),
                records.c.baseline.is_not(None),
                records.c.id > after,
            )
            .order_by(records.c.id)
            .limit(limit)
        )
        return [(row.id, record_from_json(row.baseline)) for row in rows]

    def kinds(self, connection_id: int) -> frozenset[Kind]:
        """Return the kinds of record that have been looked at."""
        found = self._connection.scalars(
            select(records.c.kind)
            .where(
                records.c.connection_id == connection_id,
                records.c.baseline.is_not(None),
            )
            .distinct()
        )
        return frozenset(Kind(kind) for kind in found)

    def with_id(
        self,
        crm_id: str,
        *,
        kind: Kind | None = None,
        connection_id: int | None = None,
    ) -> list[KnownRecord]:
        """Return what has this id in its CRM; for a merged record, what it became."""
        # Every column of the key is given, so that its index is used.
        places = select(connections.c.id)
        if connection_id is not None:
            places = places.where(connections.c.id == connection_id)
        kinds = list(Kind) if kind is None else [kind]
        query = _known().where(
            records.c.connection_id.in_(self._connection.scalars(places).all()),
            records.c.kind.in_(kinds),
            records.c.crm_id == crm_id,
        )
        found: list[KnownRecord] = []
        for row in self._connection.execute(query):
            if row.merged_into is None:
                found.append(_to_known(row))
            else:
                found += self.with_id(
                    row.merged_into,
                    kind=Kind(row.kind),
                    connection_id=row.connection_id,
                )
        return found

    def named(
        self,
        name: str,
        *,
        connection_id: int | None = None,
        limit: int,
        is_part: bool = False,
    ) -> list[KnownRecord]:
        """Return live records of this name, or with it in theirs, in any case.

        Every record is compared: good for a person's question, not for a round.
        """
        folded = func.lower(records.c.name)
        wanted = name.lower()
        query = _known().where(
            records.c.state == "live",
            func.strpos(folded, wanted) > 0 if is_part else folded == wanted,
        )
        if connection_id is not None:
            query = query.where(records.c.connection_id == connection_id)
        rows = self._connection.execute(query.limit(limit))
        return [_to_known(row) for row in rows]


def _is_live(
    connection_id: int, kind: Kind, pipelines: Collection[PipelineId] | None
) -> ColumnElement[bool]:
    conditions = [
        records.c.connection_id == connection_id,
        records.c.kind == kind,
        records.c.state == "live",
        records.c.baseline.is_not(None),
    ]
    if pipelines is not None:
        conditions.append(records.c.pipeline.in_(pipelines))
    return and_(*conditions)


def _known() -> Select[Any]:
    return (
        select(
            records.c.id,
            records.c.connection_id,
            connections.c.name.label("connection"),
            records.c.kind,
            records.c.baseline,
            records.c.state,
            records.c.merged_into,
            records.c.stage_entered_at,
        )
        .join(connections, connections.c.id == records.c.connection_id)
        .where(records.c.baseline.is_not(None))
        .order_by(records.c.id)
    )


def _to_known(row: Any) -> KnownRecord:
    return KnownRecord(
        id=row.id,
        connection_id=row.connection_id,
        connection=row.connection,
        record=record_from_json(row.baseline),
        state=row.state,
        stage_entered_at=row.stage_entered_at,
    )
