"""Looking records up by what people have of them: a number, a link, a name."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from connector.store.tables import connections, records
from rules.model import Kind, RecordId, RecordRef

_SHORT_ID = 15
"""Some CRMs leave out the end of an id; so much of it is still unique."""


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record that is known. `row` is its row, `name` may be empty."""

    row: int
    connection_id: int
    connection: str
    ref: RecordRef
    name: str
    url: str

    def __str__(self) -> str:
        """Return what to call it: `Acme renewal (deal 1001 on acme)`."""
        address = f"{self.ref.kind} {self.ref.id} on {self.connection}"
        return f"{self.name} ({address})" if self.name else address


class Lookup:
    """Read-only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_id(self, crm_ids: Collection[str], kind: Kind | None) -> list[FoundRecord]:
        """Return the records with one of these ids of the CRM, of one kind if given.

        What was merged into another record is found as that one.
        """
        merged = select(records.c.connection_id, records.c.kind, records.c.merged_into)
        merged = merged.where(_has_id(crm_ids), records.c.state == "merged")
        into = merged.subquery()
        became = select(records.c.id).join(
            into,
            and_(
                records.c.connection_id == into.c.connection_id,
                records.c.kind == into.c.kind,
                records.c.crm_id == into.c.merged_into,
            ),
        )
        found = or_(
            and_(_has_id(crm_ids), records.c.state != "merged"),
            records.c.id.in_(became),
        )
        return self._find(found if kind is None else and_(found, _is(kind)))

    def by_url(self, url: str) -> list[FoundRecord]:
        """Return the records with this address in the CRM."""
        return self._find(records.c.baseline["url"].astext == url)

    def by_name(self, name: str, kind: Kind | None, *, limit: int) -> list[FoundRecord]:
        """Return live records of this name, however it is written in capitals."""
        found = and_(
            func.lower(records.c.name) == name.lower(), records.c.state == "live"
        )
        return self._find(found if kind is None else and_(found, _is(kind)), limit)

    def _find(
        self, condition: ColumnElement[bool], limit: int = 10
    ) -> list[FoundRecord]:
        rows = self._connection.execute(
            select(
                records.c.id,
                records.c.connection_id,
                connections.c.name.label("connection"),
                records.c.kind,
                records.c.crm_id,
                func.coalesce(records.c.name, "").label("name"),
                func.coalesce(records.c.baseline["url"].astext, "").label("url"),
            )
            .join(connections, connections.c.id == records.c.connection_id)
            .where(condition)
            .order_by(records.c.id)
            .limit(limit)
        )
        return [
            FoundRecord(
                row.id,
                row.connection_id,
                row.connection,
                RecordRef(Kind(row.kind), RecordId(row.crm_id)),
                row.name,
                row.url,
            )
            for row in rows
        ]


def _is(kind: Kind) -> ColumnElement[bool]:
    return records.c.kind == kind


def _has_id(crm_ids: Collection[str]) -> ColumnElement[bool]:
    short = [one for one in crm_ids if len(one) == _SHORT_ID]
    return or_(
        records.c.crm_id.in_(crm_ids),
        *(records.c.crm_id.startswith(one, autoescape=True) for one in short),
    )
