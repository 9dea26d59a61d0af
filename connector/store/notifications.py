"""Notifications: messages to people. Planned and committed before they are sent.

An attempt is written down as unanswered before the message goes out, and corrected by
its outcome. What a worker that died leaves behind is thereby the truth: it may have
arrived, so it is looked for before it is sent again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select, update
from sqlalchemy import insert as insert_one
from sqlalchemy.dialects.postgresql import insert

from adapters.ports import Message
from connector.store.notification_rows import (
    Attempt,
    AttemptResult,
    DueNotification,
    NewNotification,
    Notification,
    Purpose,
    Ration,
    Unsettled,
    message_to_json,
    to_attempt,
    to_due,
    to_row,
)
from connector.store.rations import find_beyond
from connector.store.tables import attempts, notifications

__all__ = [
    "Attempt",
    "AttemptResult",
    "DueNotification",
    "NewNotification",
    "Notification",
    "Notifications",
    "Purpose",
    "Ration",
    "Unsettled",
]


class Notifications:
    """The `notifications` and `attempts` tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plan(self, new: Sequence[NewNotification], *, now: datetime) -> int:
        """Store what people are to be told, and return how much of it was not there.

        What is beyond somebody's messages of a day waits for their digest.
        """
        unique = {one.message.key: one for one in new}
        if not unique:
            return 0
        beyond = find_beyond(self._connection, unique.values())
        rows = [
            to_row(one, now, is_beyond=key in beyond)
            for key, one in sorted(unique.items())
        ]
        added = self._connection.scalars(
            insert(notifications)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(notifications.c.id)
        )
        return len(added.all())

    def claim(
        self, *, lease: str, now: datetime, until: datetime, limit: int
    ) -> list[DueNotification]:
        """Take messages that are due, longest due first; nobody else gets them.

        They come back by themselves when `until` has passed.
        """
        due = (
            select(notifications.c.id)
            .where(notifications.c.due_at <= now, _free(now))
            .order_by(notifications.c.due_at, notifications.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        claimed = (
            update(notifications)
            .where(notifications.c.id == due.c.id)
            .values(lease=lease, leased_until=until)
            .returning(notifications)
            .cte("claimed")
        )
        last_result = (
            select(attempts.c.result)
            .where(
                attempts.c.notification_id == claimed.c.id,
                attempts.c.channel == claimed.c.channel,
            )
            .order_by(attempts.c.id.desc())
            .limit(1)
            .scalar_subquery()
            .label("last_result")
        )
        rows = self._connection.execute(
            select(claimed, last_result).order_by(claimed.c.due_at, claimed.c.id)
        )
        return [to_due(row) for row in rows]

    def begin_attempt(
        self,
        notification_id: int,
        *,
        lease: str,
        channel: str,
        now: datetime,
        until: datetime,
    ) -> int | None:
        """Note that the message is about to go out, and return the attempt's id.

        None if another worker has taken it meanwhile, or if its matter was settled: it
        is then due at once. Until `until` it stays ours.
        """
        held = self._connection.execute(
            update(notifications)
            .where(_held(notification_id, lease), notifications.c.settled_at.is_(None))
            .values(
                leased_until=until,
                attempts=notifications.c.attempts + 1,
                channel_attempts=case(
                    (
                        notifications.c.channel == channel,
                        notifications.c.channel_attempts + 1,
                    ),
                    else_=1,
                ),
                channel=channel,
            )
        )
        if held.rowcount == 0:
            self._finish(notification_id, lease)
            return None
        attempt_id: int = self._connection.execute(
            insert_one(attempts)
            .values(
                notification_id=notification_id,
                channel=channel,
                started_at=now,
                took_ms=0,
                result=AttemptResult.UNANSWERED,
            )
            .returning(attempts.c.id)
        ).scalar_one()
        return attempt_id

    def end_attempt(
        self,
        attempt_id: int,
        result: AttemptResult,
        *,
        took: timedelta,
        error: str = "",
    ) -> None:
        """Note how an attempt ended."""
        self._connection.execute(
            update(attempts)
            .where(attempts.c.id == attempt_id)
            .values(
                result=result,
                took_ms=round(took.total_seconds() * 1000),
                error=error or None,
            )
        )

    def mark_sent(
        self,
        notification_id: int,
        *,
        lease: str,
        reference: Mapping[str, str],
        now: datetime,
    ) -> bool:
        """Note that the message arrived, and where; False if the lease was lost.

        If the matter was settled meanwhile, the message is due at once to say so.
        """
        return self._finish(
            notification_id,
            lease,
            state="sent",
            sent_at=now,
            reference=dict(reference),
            error=None,
            channel_attempts=0,
            due_at=case((notifications.c.settled_at.is_not(None), now), else_=None),
        )

    def retry_at(
        self, notification_id: int, *, lease: str, due_at: datetime, error: str
    ) -> bool:
        """Give the message back until `due_at`; False if the lease was lost."""
        return self._finish(notification_id, lease, due_at=due_at, error=error)

    def retry_counted_at(
        self, notification_id: int, *, lease: str, due_at: datetime, error: str
    ) -> bool:
        """Do as `retry_at`, and count a try that was no attempt to send.

        Such as a look whether the message arrived, or a correction of it.
        """
        return self._finish(
            notification_id,
            lease,
            due_at=due_at,
            error=error,
            channel_attempts=notifications.c.channel_attempts + 1,
        )

    def start_over_at(
        self, notification_id: int, *, lease: str, due_at: datetime, error: str
    ) -> bool:
        """Do as `retry_at`, and begin with the first channel again."""
        return self._finish(
            notification_id,
            lease,
            due_at=due_at,
            error=error,
            channel=None,
            channel_attempts=0,
        )

    def mark_failed(self, notification_id: int, *, lease: str, error: str) -> bool:
        """Note that no channel reaches this person; False if the lease was lost."""
        return self._finish(
            notification_id, lease, state="failed", due_at=None, error=error
        )

    def mark_settled(
        self, notification_id: int, *, lease: str, error: str = ""
    ) -> bool:
        """Note that nothing more is to be said; False if the lease was lost."""
        return self._finish(
            notification_id, lease, state="settled", due_at=None, error=error or None
        )

    def escalated(self, clock_id: int) -> dict[str, bool]:
        """Return whom a clock's matter was escalated to, in order.

        By address; False for whom no channel reached, or who is yet to be told.
        """
        rows = self._connection.execute(
            select(notifications.c.person, notifications.c.state)
            .where(
                notifications.c.clock_id == clock_id,
                notifications.c.purpose == Purpose.ESCALATION,
            )
            .order_by(notifications.c.id)
        )
        return {row.person: row.state not in {"failed", "waiting"} for row in rows}

    def unsettled(self, clock_ids: Collection[int]) -> list[Unsettled]:
        """Return the messages of these clocks that speak of an open matter."""
        return self._unsettled(notifications.c.clock_id.in_(clock_ids))

    def announced(self, process_version_id: int) -> list[Unsettled]:
        """Return the messages that announce this version and still hold."""
        return self._unsettled(notifications.c.process_version_id == process_version_id)

    def alarming(self, notice_id: int) -> list[Unsettled]:
        """Return the messages that tell of this notice and still hold."""
        return self._unsettled(notifications.c.notice_id == notice_id)

    def unsettled_with(self, key: str) -> Unsettled | None:
        """Return the message with this key, if it speaks of an open matter."""
        return next(iter(self._unsettled(notifications.c.key == key)), None)

    def _unsettled(self, condition: ColumnElement[bool]) -> list[Unsettled]:
        rows = self._connection.execute(
            select(notifications)
            .where(
                condition,
                notifications.c.settled_at.is_(None),
                notifications.c.state.in_(["planned", "waiting", "sent"]),
            )
            .order_by(notifications.c.id)
        )
        return [
            Unsettled(
                id=row.id,
                key=row.key,
                clock_id=row.clock_id,
                person=row.person,
                purpose=Purpose(row.purpose),
                is_sent=row.state == "sent",
            )
            for row in rows
        ]

    def settle(self, messages: Mapping[int, Message], *, now: datetime) -> None:
        """Have messages say that their matter is over; ids to what they say then.

        One that has not gone out yet will not, and one that waits for a digest is
        left out of it.
        """
        self._connection.execute(
            update(notifications)
            .where(notifications.c.id.in_(messages), notifications.c.state == "waiting")
            .values(state="settled", settled_at=now)
        )
        for notification_id, message in sorted(messages.items()):
            self._connection.execute(
                update(notifications)
                .where(
                    notifications.c.id == notification_id,
                    notifications.c.settled_at.is_(None),
                    notifications.c.state.in_(["planned", "sent"]),
                )
                .values(
                    settled_at=now,
                    settled_message=message_to_json(message),
                    due_at=now,
                    # Earlier failures were about sending, and do not slow this down.
                    channel_attempts=0,
                )
            )

    def wake(self, *, now: datetime) -> int:
        """Have what waits for another try go out at once; return how many."""
        woken = self._connection.execute(
            update(notifications)
            .where(
                notifications.c.state == "planned",
                notifications.c.error.is_not(None),
                notifications.c.due_at > now,
                notifications.c.lease.is_(None),
            )
            .values(due_at=now)
        )
        return woken.rowcount

    def is_any_due(self, now: datetime) -> bool:
        """Return whether there is a message to take."""
        return (
            self._connection.execute(
                select(notifications.c.id)
                .where(notifications.c.due_at <= now, _free(now))
                .limit(1)
            ).first()
            is not None
        )

    def latest(self, *, limit: int = 200) -> list[Notification]:
        """Return messages with their attempts, newest first."""
        rows = self._connection.execute(
            select(notifications).order_by(notifications.c.id.desc()).limit(limit)
        ).all()
        tried: dict[int, list[Attempt]] = {}
        for row in self._connection.execute(
            select(attempts)
            .where(attempts.c.notification_id.in_([row.id for row in rows]))
            .order_by(attempts.c.id)
        ):
            tried.setdefault(row.notification_id, []).append(to_attempt(row))
        return [
            Notification(
                id=row.id,
                key=row.key,
                person=row.person,
                purpose=Purpose(row.purpose),
                subject=str(row.message.get("subject", "")),
                state=row.state,
                planned_at=row.planned_at,
                due_at=row.due_at,
                sent_at=row.sent_at,
                settled_at=row.settled_at,
                channel=row.channel,
                error=row.error,
                attempts=tuple(tried.get(row.id, ())),
            )
            for row in rows
        ]

    def _finish(self, notification_id: int, lease: str, **values: Any) -> bool:
        finished = self._connection.execute(
            update(notifications)
            .where(_held(notification_id, lease))
            .values(lease=None, leased_until=None, **values)
        )
        return finished.rowcount == 1


def _held(notification_id: int, lease: str) -> ColumnElement[bool]:
    return and_(notifications.c.id == notification_id, notifications.c.lease == lease)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(notifications.c.lease.is_(None), notifications.c.leased_until < now)
