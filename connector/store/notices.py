"""Notices: what the admin should know. The same matter is counted, not repeated."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from connector.store.tables import connections, notices, notifications


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


_SELECT = select(
    notices.c.id,
    notices.c.key,
    notices.c.connection_id,
    connections.c.name.label("connection"),
    notices.c.code,
    notices.c.message,
    notices.c.first_at,
    notices.c.last_at,
    notices.c.times,
).outerjoin(connections, connections.c.id == notices.c.connection_id)

_OVER = and_(
    notices.c.settled_at.is_not(None),
    exists().where(
        notifications.c.notice_id == notices.c.id,
        notifications.c.settled_at.is_(None),
        notifications.c.state.in_(["planned", "sent"]),
    ),
)


NEWS = timedelta(days=7)
"""How long news stands before the admin."""


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
        fades_at: datetime | None = None,
    ) -> bool:
        """Put a matter before the admin; True unless it stood there already.

        A matter that was settled and comes up again counts from one. What is news, and
        no state that somebody ends, is settled by itself at `fades_at`.
        """
        statement = insert(notices).values(
            key=key,
            connection_id=connection_id,
            code=code,
            message=message,
            first_at=now,
            last_at=now,
            times=1,
            fades_at=fades_at,
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
                    "fades_at": statement.excluded.fades_at,
                },
            ).returning(notices.c.times)
        ).scalar_one()
        return times == 1

    def stands(self, key: str) -> bool:
        """Return whether a matter stands before the admin."""
        found = select(notices.c.id).where(
            notices.c.key == key, notices.c.settled_at.is_(None)
        )
        return self._connection.execute(found).first() is not None

    def fade(self, now: datetime) -> None:
        """Settle the news that has stood for long enough."""
        self._connection.execute(
            update(notices)
            .where(notices.c.fades_at <= now)
            .values(settled_at=now, fades_at=None)
        )

    def open(self, *, limit: int | None = None) -> list[Notice]:
        """Return what stands before the admin, latest first."""
        return self._notices(
            _SELECT.where(notices.c.settled_at.is_(None))
            .order_by(notices.c.last_at.desc(), notices.c.id.desc())
            .limit(limit)
        )

    def take_untold(
        self, quiet: Mapping[str, timedelta], *, now: datetime
    ) -> list[Notice]:
        """Return the matters that somebody is to be told of, now marked as told.

        Those have one of the codes of `quiet`, and were not told of for so long.
        """
        found = self._notices(
            _SELECT.where(_untold(quiet, now))
            .order_by(notices.c.id)
            .with_for_update(of=notices, skip_locked=True)
        )
        self._connection.execute(
            update(notices)
            .where(notices.c.id.in_([one.id for one in found]))
            .values(told_at=now)
        )
        return found

    def is_any_untold(self, quiet: Mapping[str, timedelta], *, now: datetime) -> bool:
        """Return whether there is a matter that somebody is to be told of."""
        found = select(notices.c.id).where(_untold(quiet, now)).limit(1)
        return self._connection.execute(found).first() is not None

    def over(self) -> list[Notice]:
        """Return the settled matters of which a message still says that they stand."""
        return self._notices(_SELECT.where(_OVER).order_by(notices.c.id))

    def is_any_over(self) -> bool:
        """Return whether a message says that a settled matter stands."""
        found = select(notices.c.id).where(_OVER).limit(1)
        return self._connection.execute(found).first() is not None

    def _notices(self, query: Select[Any]) -> list[Notice]:
        return [Notice(**row) for row in self._connection.execute(query).mappings()]

    def resolve(self, key: str, *, now: datetime) -> bool:
        """Take a matter off the list; False if it did not stand there."""
        resolved = self._connection.execute(
            update(notices)
            .where(notices.c.key == key, notices.c.settled_at.is_(None))
            .values(settled_at=now)
        )
        return resolved.rowcount == 1


def _untold(quiet: Mapping[str, timedelta], now: datetime) -> ColumnElement[bool]:
    """Say of which open matters somebody is to be told at `now`."""
    return and_(
        notices.c.settled_at.is_(None),
        or_(
            *(
                and_(
                    notices.c.code == code,
                    or_(
                        notices.c.told_at.is_(None),
                        and_(
                            notices.c.told_at < notices.c.first_at,
                            notices.c.told_at < now - wait,
                        ),
                    ),
                )
                for code, wait in quiet.items()
            )
        ),
    )
