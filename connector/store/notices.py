"""Notices: what the admin should know. The same matter is counted, not repeated."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import connections, notices


@dataclass(frozen=True, slots=True)
class Notice:
    """One matter; `times` it has come up since `first_at`."""

    id: int
    key: str
    connection_id: int | None
    connection: str | None
    code: str
    message: str
    first_at: datetime
    last_at: datetime
    times: int


class Notices:
    """The `notices` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tell(
        self,
        key: str,
        *,
        code: str,
        message: str,
        now: datetime,
        connection_id: int | None = None,
    ) -> bool:
        """Put a matter before the admin; True unless it stood there already.

        A matter that was settled and comes up again counts from one.
        """
        statement = insert(notices).values(
            key=key,
            connection_id=connection_id,
            code=code,
            message=message,
            first_at=now,
            last_at=now,
            times=1,
        )
        is_settled = notices.c.settled_at.is_not(None)
        times: int = self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "connection_id": statement.excluded.connection_id,
                    "code": statement.excluded.code,
                    "message": statement.excluded.message,
                    "first_at": case(
                        (is_settled, statement.excluded.first_at),
                        else_=notices.c.first_at,
                    ),
                    "last_at": statement.excluded.last_at,
                    "times": case((is_settled, 1), else_=notices.c.times + 1),
                    "settled_at": None,
                },
            ).returning(notices.c.times)
        ).scalar_one()
        return times == 1

    def open(self) -> list[Notice]:
        """Return what stands before the admin, latest first."""
        rows = self._connection.execute(
            select(
                notices.c.id,
                notices.c.key,
                notices.c.connection_id,
                connections.c.name.label("connection"),
                notices.c.code,
                notices.c.message,
                notices.c.first_at,
                notices.c.last_at,
                notices.c.times,
            )
            .outerjoin(connections, connections.c.id == notices.c.connection_id)
            .where(notices.c.settled_at.is_(None))
            .order_by(notices.c.last_at.desc(), notices.c.id.desc())
        ).mappings()
        return [Notice(**row) for row in rows]

    def resolve(self, key: str, *, now: datetime) -> bool:
        """Take a matter off the list; False if it did not stand there."""
        resolved = self._connection.execute(
            update(notices)
            .where(notices.c.key == key, notices.c.settled_at.is_(None))
            .values(settled_at=now)
        )
        return resolved.rowcount == 1
