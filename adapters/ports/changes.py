"""The doors by which changes come: what a CRM sends to us, and what we ask it for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from adapters.ports.probe import ProbeLine
from rules.model import (
    Actor,
    RecordRef,
)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request as it came in. `url` is the configured public one, query included.

    It may hold a secret, and so may all that came with it.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime


class DeliveryRefused(Exception):
    """An inbound request that is not taken; `reason` is a label for the counters."""

    def __init__(self, message: str, *, reason: str, status: int) -> None:
        """Keep the counter's label and the HTTP status to answer with."""
        super().__init__(message)
        self.reason = reason
        self.status = status


class HeardKind(StrEnum):
    """What a hint says has happened. `other`: stored, and skipped."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    LINKED = "linked"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Heard:
    """One hint out of a delivery: look at this record.

    `key` is the same for every redelivery of the same fact. `ref` is None for what we
    do not follow. For a merge, `ref` is the record that lives on and `merged` the
    records that became it.
    """

    key: str
    kind: HeardKind
    ref: RecordRef | None
    occurred_at: datetime
    actor: Actor
    property: str = ""
    value: str | None = None
    merged: tuple[RecordRef, ...] = ()


class ChangeSource(Protocol):
    """The deliveries of one connection: whether they are real, and what they say."""

    def admit(self, headers: Mapping[str, str]) -> None:
        """Verify what can be before the body is read, or raise DeliveryRefused."""
        ...

    def check(self, inbound: Inbound) -> bytes:
        """Verify signature, shape and account, or raise DeliveryRefused.

        Returns the body as it may be kept. Cheap: it runs before the answer, and before
        anything is stored.
        """
        ...

    def hear(self, body: bytes) -> Sequence[Heard]:
        """Return what a checked delivery says. Unknown events come as `other`."""
        ...

    def acknowledgement(self) -> tuple[bytes, str]:
        """Return the body and content type that tell the sender it is stored."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a stream brought at once; without `heard` it only tells that it lives.

    `cursor` is where to go on from as soon as `heard` is stored: an opaque text, None
    where that is not known yet. `gap` says why changes may be missing that nobody will
    tell of; empty: none are.
    """

    heard: tuple[Heard, ...]
    cursor: str | None
    gap: str = ""


class Subscription(Protocol):
    """One topic being listened to, by one thread."""

    def __iter__(self) -> Iterator[Fetched]:
        """Yield what comes, in order; asking for the next says the last is stored.

        Blocks. Ends after `close`, else with Transient; Expired if the cursor is no
        longer good; Permanent.
        """
        ...

    def close(self) -> None:
        """End it, from any thread; it may be closed already."""
        ...


class ChangeStream(Protocol):
    """The changes of one connection as they happen, at its own request."""

    @property
    def topics(self) -> Sequence[str]:
        """Return what can be listened to, each apart: an object of the account."""
        ...

    def probe(self) -> Sequence[ProbeLine]:
        """Try, on the real path, whether each topic is told of; nothing is opened."""
        ...

    def subscribe(self, topic: str, cursor: str | None) -> Subscription:
        """Listen to a topic, from behind `cursor` or from now on (None).

        Raises Forbidden or NotFound if the account does not tell of this topic;
        Unauthorized, Permanent, Transient.
        """
        ...
