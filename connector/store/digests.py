"""Digests: what waits to be told to a person together with other things.

A matter whose clock stands still (it is paused, parked or seen) goes on waiting; one
whose clock has ended is taken, to be left out. Before somebody is told, the clocks look
once more: what waited over night may have been settled without anybody's telling us.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    not_,
    or_,
    select,
    update,
)

from adapters.ports import Message
from connector.store.clocks import goes
from connector.store.notification_rows import message_from_json
from connector.store.parks import parked_until
from connector.store.tables import clocks, notifications


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a digest. `is_open`: its matter is not over."""

    id: int
    message: Message
    clock_id: int
    connection_id: int
    process_id: int
    is_open: bool


class Digests:
    """The rows of `notifications` that wait for a digest."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_any_due(self, now: datetime) -> bool:
        """Return whether a clock is to look, or somebody to be told."""
        unseen = _waiting(now).where(notifications.c.looked_at.is_(None)).limit(1)
        is_any_unseen = self._connection.execute(unseen).first() is not None
        return is_any_unseen or bool(self.due_people(now))

    def have_clocks_look(self, *, now: datetime) -> None:
        """Have the clocks behind what is due look at once whether it is open."""
        rows = self._connection.execute(
            _waiting(now)
            .where(notifications.c.looked_at.is_(None))
            .with_for_update(of=notifications, skip_locked=True)
        ).all()
        self._connection.execute(
            update(notifications)
            .where(notifications.c.id.in_([row.id for row in rows]))
            .values(looked_at=now)
        )
        # A clock that is leased is being looked at.
        self._connection.execute(
            update(clocks)
            .where(
                clocks.c.id.in_([row.clock_id for row in rows]),
                clocks.c.state == "running",
                clocks.c.lease.is_(None),
            )
            .values(due_at=func.least(clocks.c.due_at, now))
        )

    def due_people(self, now: datetime) -> list[str]:
        """Return the addresses of those who are to be told of what waits.

        Not before all the clocks behind it have looked, or could not.
        """
        has_looked = and_(
            notifications.c.looked_at.is_not(None),
            or_(clocks.c.state != "running", clocks.c.due_at > now),
        )
        return list(
            self._connection.scalars(
                select(notifications.c.person)
                .join(clocks)
                .where(_is_due(now))
                .group_by(notifications.c.person)
                .having(func.bool_and(has_looked))
                .order_by(notifications.c.person)
            )
        )

    def take(self, person: str, *, now: datetime) -> list[Waiting]:
        """Return what waits to be told to a person, in the order it came up.

        Until the transaction ends nobody else gets it. What another transaction has in
        hand is left to that one: it may be settling the matter.
        """
        rows = self._connection.execute(
            select(
                notifications.c.id,
                notifications.c.message,
                notifications.c.clock_id,
                clocks.c.connection_id,
                clocks.c.process_id,
                clocks.c.state,
            )
            .join(clocks)
            .where(notifications.c.person == person, _is_due(now))
            .order_by(notifications.c.id)
            .with_for_update(of=notifications, skip_locked=True)
        )
        return [
            Waiting(
                id=row.id,
                message=message_from_json(row.message),
                clock_id=row.clock_id,
                connection_id=row.connection_id,
                process_id=row.process_id,
                is_open=row.state == "running",
            )
            for row in rows
        ]

    def close(self, told: Collection[int], needless: Collection[int]) -> None:
        """Note what a digest tells, and what nobody needs to be told any more."""
        for ids, state in ((told, "digested"), (needless, "settled")):
            self._connection.execute(
                update(notifications)
                .where(notifications.c.id.in_(ids), notifications.c.state == "waiting")
                .values(state=state)
            )

    def put_off(self, waiting: Collection[int], *, until: datetime) -> None:
        """Have messages wait for the digest of another day."""
        self._connection.execute(
            update(notifications)
            .where(notifications.c.id.in_(waiting), notifications.c.state == "waiting")
            .values(digest_at=until, looked_at=None)
        )


def _waiting(now: datetime) -> Select[tuple[int, int | None]]:
    return (
        select(notifications.c.id, notifications.c.clock_id)
        .join(clocks)
        .where(_is_due(now))
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    is_seen = func.coalesce(clocks.c.seen_until > now, False)
    goes_on = and_(goes(), parked_until(now).is_(None), not_(is_seen))
    return and_(
        notifications.c.state == "waiting",
        notifications.c.digest_at <= now,
        or_(clocks.c.state != "running", goes_on),
    )
