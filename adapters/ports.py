"""The doors to the outside. An adapter implements these; services know only these.

A port raises nothing but the errors of `adapters.errors`. Batches in, batches out: an
adapter cuts them to its vendor's sizes and shares the account's request budget.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from rules.account import Account
from rules.model import (
    Actor,
    Evidence,
    EvidenceKind,
    FieldMap,
    FieldName,
    Kind,
    OwnerId,
    Record,
    RecordRef,
    StageId,
    Value,
)


class OutcomeKind(StrEnum):
    """How one write of a batch ended.

    `unknown`: no answer came, it may have been applied; look before repeating.
    `failed`: not applied, worth repeating later.
    """

    DONE = "done"
    REFUSED = "refused"
    CONFLICT = "conflict"
    GONE = "gone"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one write. `external_id` is the vendor's id of what was made.

    `reason` is the vendor's own words for a refusal, short, shown to the admin. What
    has failed because the account allows no more at all says with `retry_after` how
    long to leave it alone: that is no fault of what was to be written.
    """

    kind: OutcomeKind
    external_id: str = ""
    reason: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """Set fields of one record, if it still stands as `expected`.

    `values` may hold `stage` and any field of the field map. A vendor with conditional
    writes uses `expected.modified_at`; the others have been re-read just before.
    """

    key: str
    expected: Record
    values: Mapping[FieldName, Value]


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a record's timeline. `html` holds p, b, ul, li, a and br only.

    `key` makes it findable: the adapter puts it into what the CRM stores.
    """

    key: str
    on: RecordRef
    at: datetime
    html: str
    owner: OwnerId | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task for a person on a record; `key` makes it findable, as with notes."""

    key: str
    on: RecordRef
    subject: str
    html: str
    due_at: datetime
    owner: OwnerId | None = None
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One stretch that a record spent in a stage, from the CRM's own history."""

    stage: StageId
    entered_at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True)
class Traced:
    """A record read afresh, with its way through the stages, oldest first."""

    record: Record
    path: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class CrmUser:
    """A person the CRM knows. `owner` is what records carry in their owner field."""

    owner: OwnerId
    email: str
    name: str
    is_active: bool = True
    manager: OwnerId | None = None


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One thing that a probe tried: what it is needed for and how it went."""

    what: str
    is_ok: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A test without side effects, on the real path.

    `user` is the vendor's id of whom we work as, where it has one.
    """

    account: str
    lines: tuple[ProbeLine, ...]
    user: str = ""

    @property
    def is_ok(self) -> bool:
        """Return whether everything that is needed works."""
        return all(line.is_ok for line in self.lines)


class Crm(Protocol):
    """One connected CRM account. Safe to use from several threads."""

    def account(self, kinds: Sequence[Kind]) -> Account:
        """Return pipelines, stages and properties, afresh, archived stages included."""
        ...

    def people(self) -> Sequence[CrmUser]:
        """Return everybody who can own a record, former colleagues included."""
        ...

    def read(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Record]:
        """Return the records as they stand; one that is gone or hidden is absent."""
        ...

    def trace(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Traced]:
        """Return the records as they stand and who moved them; gone ones are absent."""
        ...

    def scan(
        self, kind: Kind, fields: FieldMap, *, since: datetime | None = None
    ) -> Iterator[Sequence[Record]]:
        """Yield every record changed at or after `since` (all if None), in batches.

        Oldest change first, so that the last `modified_at` is a cursor. A record that
        changes meanwhile may come twice.
        """
        ...

    def count(self, kind: Kind, *, since: datetime | None = None) -> int | None:
        """Return how many records `scan` will yield, about; None if that is unknown."""
        ...

    def touched(
        self, kind: Kind, evidence: frozenset[EvidenceKind], *, since: datetime
    ) -> Iterator[Sequence[RecordRef]]:
        """Yield records to which something of `evidence` was linked since then.

        Or of which it changed. In batches; a record may come twice, and some come from
        shortly before. What being linked changes on a record itself, `scan` tells.
        """
        ...

    def evidence(
        self, refs: Sequence[RecordRef], kinds: frozenset[EvidenceKind], now: datetime
    ) -> Mapping[RecordRef, Evidence]:
        """Return for every ref what of `kinds` is linked.

        `now` parts what is past from what is planned.
        """
        ...

    def write(
        self, writes: Sequence[FieldWrite], fields: FieldMap
    ) -> Mapping[str, Outcome]:
        """Set fields, and say by key how each write ended."""
        ...

    def write_notes(self, notes: Sequence[Note]) -> Mapping[str, Outcome]:
        """Put notes on timelines, and say by key how each ended."""
        ...

    def create_tasks(self, tasks: Sequence[Task]) -> Mapping[str, Outcome]:
        """Create tasks, and say by key how each ended."""
        ...

    def find_notes(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those notes, by key, that the CRM already has."""
        ...

    def find_tasks(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those tasks, by key, that the CRM already has."""
        ...

    def completed_tasks(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these tasks somebody has completed."""
        ...

    def probe(self) -> Probe:
        """Try, without side effects, every right that is needed."""
        ...


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request as it came in. `url` is the configured public one, query included."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class DeliveryRefused(Exception):  # noqa: N818 - named for what happened
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


@dataclass(frozen=True, slots=True)
class Item:
    """One of several matters that a message lists, and where to click for it."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person, in that person's language.

    `key` makes a repeated send findable. `lines` are the four parts: what happened,
    why it matters, what to do; `link` is where to click, and so is each of `items`.
    """

    key: str
    to: str
    subject: str
    lines: tuple[str, ...]
    items: tuple[Item, ...] = ()
    link: str = ""
    link_text: str = ""
    is_settled: bool = False
    footer: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message ended up; `reference` is what `update` needs to find it."""

    reference: Mapping[str, str] = field(default_factory=dict)


class Notifier(Protocol):
    """One way to reach people. `to` is a person's e-mail address or own handle."""

    def send(self, message: Message) -> Sent:
        """Deliver the message once, or raise Transient, Unanswered or Permanent."""
        ...

    def find(self, message: Message) -> Sent | None:
        """Return where this message already is, if the channel can tell."""
        ...

    def update(self, sent: Sent, message: Message) -> None:
        """Replace what was sent, where the channel can; else do nothing."""
        ...

    def probe(self) -> Probe:
        """Try the credentials without sending anything."""
        ...
