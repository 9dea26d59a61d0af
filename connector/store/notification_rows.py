"""The rows of notifications and attempts as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from adapters.ports import Item, Message

_MESSAGE = [one.name for one in fields(Message)]


class Purpose(StrEnum):
    """Why somebody is told."""

    REMINDER = "reminder"
    ESCALATION = "escalation"
    ADMIN = "admin"
    ANNOUNCEMENT = "announcement"
    DIGEST = "digest"


class AttemptResult(StrEnum):
    """How an attempt ended. `unanswered`: it may have arrived all the same."""

    SENT = "sent"
    TRANSIENT = "transient"
    UNANSWERED = "unanswered"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Ration:
    """How a message counts for its person.

    Beyond `budget` of them on the person's own day `on` it waits for `digest_at`.
    """

    on: date
    budget: int
    digest_at: datetime


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A message to be sent to the address `message.to`; `message.key` is unique.

    `due_at` is when it may go out, at once if None. Without a `ration` it goes out by
    itself, however many others there are.
    """

    message: Message
    purpose: Purpose
    clock_id: int | None = None
    record_id: int | None = None
    process_version_id: int | None = None
    notice_id: int | None = None
    due_at: datetime | None = None
    ration: Ration | None = None


@dataclass(frozen=True, slots=True)
class DueNotification:
    """A message in one worker's hands.

    `channel` is the one that was tried last, `tries` how often, `is_doubtful` whether
    it may have arrived there. With `settled_at` the matter is over: what was sent is to
    be replaced with `settled_message`, and what was not need not go out.
    """

    id: int
    message: Message
    purpose: Purpose
    planned_at: datetime
    is_sent: bool
    attempts: int
    channel: str | None
    tries: int
    is_doubtful: bool
    reference: Mapping[str, str]
    settled_at: datetime | None
    settled_message: Message | None


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message about a matter that is not over; `person` is an address."""

    id: int
    key: str
    clock_id: int | None
    person: str
    purpose: Purpose
    is_sent: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one channel."""

    channel: str
    started_at: datetime
    result: AttemptResult
    error: str | None


@dataclass(frozen=True, slots=True)
class Notification:
    """A message as lists show it."""

    id: int
    key: str
    person: str
    purpose: Purpose
    subject: str
    state: str
    planned_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    settled_at: datetime | None
    channel: str | None
    error: str | None
    attempts: tuple[Attempt, ...] = field(default_factory=tuple)


def message_to_json(message: Message) -> dict[str, Any]:
    """Return a message as a JSON object."""
    return asdict(message)


def message_from_json(plain: Mapping[str, Any]) -> Message:
    """Return the message that `message_to_json` was given."""
    # A message may be older than this code, or newer than it after a return.
    known = {name: plain[name] for name in _MESSAGE if name in plain}
    items = tuple(Item(**one) for one in plain.get("items", ()))
    return Message(**{**known, "lines": tuple(plain["lines"]), "items": items})


def to_row(new: NewNotification, now: datetime, *, is_beyond: bool) -> dict[str, Any]:
    """Return a message as a row: to be sent, or beyond its ration and waiting."""
    ration = new.ration
    waits = is_beyond and ration is not None
    return {
        "key": new.message.key,
        "clock_id": new.clock_id,
        "record_id": new.record_id,
        "process_version_id": new.process_version_id,
        "notice_id": new.notice_id,
        "person": new.message.to,
        "purpose": new.purpose,
        "message": message_to_json(new.message),
        "state": "waiting" if waits else "planned",
        "planned_at": now,
        "due_at": None if waits else new.due_at or now,
        "counts_on": None if ration is None else ration.on,
        "budget": None if ration is None else ration.budget,
        "digest_at": ration.digest_at if ration is not None and waits else None,
    }


def to_due(row: Row[Any]) -> DueNotification:
    """Return a claimed row; beside its columns it has `last_result`."""
    return DueNotification(
        id=row.id,
        message=message_from_json(row.message),
        purpose=Purpose(row.purpose),
        planned_at=row.planned_at,
        is_sent=row.state == "sent",
        attempts=row.attempts,
        channel=row.channel,
        tries=row.channel_attempts,
        is_doubtful=row.last_result == AttemptResult.UNANSWERED,
        reference=row.reference,
        settled_at=row.settled_at,
        settled_message=message_from_json(row.settled_message)
        if row.settled_message
        else None,
    )


def to_attempt(row: Row[Any]) -> Attempt:
    """Return a row of `attempts`."""
    return Attempt(
        channel=row.channel,
        started_at=row.started_at,
        result=AttemptResult(row.result),
        error=row.error,
    )
