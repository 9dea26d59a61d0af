"""The values that rules speak about: records, changes, evidence, verdicts.

Neutral words only; an adapter maps its vendor's words onto these. Everything here is
frozen. Instants end in `_at` and are aware UTC, days end in `_on`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

RecordId = NewType("RecordId", str)
PipelineId = NewType("PipelineId", str)
StageId = NewType("StageId", str)
OwnerId = NewType("OwnerId", str)
FieldName = NewType("FieldName", str)
"""A neutral name, such as `amount`, or an own name from the policy's `fields`."""
PropertyName = NewType("PropertyName", str)
"""The vendor's name of a field, such as `closedate`."""
RuleId = NewType("RuleId", str)
"""`move.skip`, `stage.won.requires.amount`, `stage.won.gate`, `check.x`, ..."""
GoalId = NewType("GoalId", str)

Value = str | float | bool | date | datetime | None
FieldMap = Mapping[FieldName, PropertyName]

STAGE = FieldName("stage")
PIPELINE = FieldName("pipeline")
OWNER = FieldName("owner")
PLACES = frozenset({STAGE, PIPELINE, OWNER})
"""Names that every record has, in its kind's own properties."""
AMOUNT = FieldName("amount")
CLOSE_DATE = FieldName("close_date")
PROBABILITY = FieldName("probability")
FORECAST_CATEGORY = FieldName("forecast_category")


class Kind(StrEnum):
    """A kind of CRM record; people read the CRM's own noun for it."""

    DEAL = "deal"
    LEAD = "lead"
    CONTACT = "contact"
    COMPANY = "company"


class Noun(StrEnum):
    """What CRMs call the kinds of records: by their own names, or by these."""

    DEAL = "deal"
    OPPORTUNITY = "opportunity"
    LEAD = "lead"
    CONTACT = "contact"
    COMPANY = "company"
    ACCOUNT = "account"


def to_noun(kind: Kind, nouns: Mapping[Kind, Noun]) -> Noun:
    """Return what a CRM calls this kind; `nouns` has those with names of its own."""
    return nouns.get(kind, Noun(kind.value))


class FieldType(StrEnum):
    """What a field holds, as far as a condition cares."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"


class Enforcement(StrEnum):
    """How much power a rule has; ordered from none to full."""

    OFF = "off"
    OBSERVE = "observe"
    FLAG = "flag"
    ENFORCE = "enforce"


class Result(StrEnum):
    """What a rule says of one change. `skip`: not applicable or undecidable."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"


class ActorClass(StrEnum):
    """Who made a change. `ourselves`: Slagboom's own write, seen again."""

    PERSON = "person"
    WORKFLOW = "workflow"
    INTEGRATION = "integration"
    IMPORT = "import"
    AGENT = "agent"
    OURSELVES = "ourselves"
    UNKNOWN = "unknown"


class EvidenceKind(StrEnum):
    """Linked facts that count. `tasks` are those that people have still to do."""

    QUOTES = "quotes"
    MEETINGS = "meetings"
    CALLS = "calls"
    EMAILS = "emails"
    EMAILS_SENT = "emails_sent"
    TASKS = "tasks"
    CONTACTS = "contacts"
    ACCOUNT_CONTACTS = "account_contacts"


CONTACT_EVIDENCE = frozenset(
    {EvidenceKind.CALLS, EvidenceKind.MEETINGS, EvidenceKind.EMAILS}
)
"""Real contact with a customer: only this stops an idle clock."""


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """One record of one connection."""

    kind: Kind
    id: RecordId


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands, or as it stood: a baseline is one of these.

    `fields` holds every field that was asked for, None where it is empty, and never
    the stage, pipeline or owner, which have places of their own. `modified_at` is the
    CRM's own version stamp.
    """

    ref: RecordRef
    name: str
    pipeline: PipelineId | None
    stage: StageId | None
    owner: OwnerId | None
    created_at: datetime
    modified_at: datetime
    fields: Mapping[FieldName, Value] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changed a record. `name` is the vendor's word for it, shown to the admin."""

    kind: ActorClass
    name: str = ""
    user_id: str = ""


UNKNOWN_ACTOR = Actor(ActorClass.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Tally:
    """Linked facts of one kind: how many, and the contact times that clocks need.

    `count` leaves out what was cancelled or never held, and drafts that nobody got.
    `last_at` is the latest that lies in the past, `next_at` the earliest planned one.
    """

    count: int = 0
    last_at: datetime | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TextUse:
    """Where else a text stands that a field of a record holds.

    `others` are other records into which the same author wrote it; `share` is of all
    records that have a text there.
    """

    text: str
    others: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is linked to a record. A kind that was not asked for is absent.

    `uses` are those of its texts that were counted.
    """

    tallies: Mapping[EvidenceKind, Tally] = field(default_factory=dict)
    uses: Mapping[FieldName, TextUse] = field(default_factory=dict)

    def last_at(self, kinds: frozenset[EvidenceKind]) -> datetime | None:
        """Return the latest past moment among `kinds`, or None if there is none."""
        moments = [
            tally.last_at
            for kind, tally in self.tallies.items()
            if kind in kinds and tally.last_at is not None
        ]
        return max(moments, default=None)

    def next_at(self, kinds: frozenset[EvidenceKind]) -> datetime | None:
        """Return the earliest planned moment among `kinds`, or None."""
        moments = [
            tally.next_at
            for kind, tally in self.tallies.items()
            if kind in kinds and tally.next_at is not None
        ]
        return min(moments, default=None)


NO_EVIDENCE = Evidence()


class ReasonCode(StrEnum):
    """Why a verdict is what it is; `rules.wording` has a sentence for each."""

    FINE = "fine"
    NOT_APPLICABLE = "not_applicable"
    STAGES_SKIPPED = "stages_skipped"  # from, to, skipped
    MOVED_BACK = "moved_back"  # from, to
    BORN_LATE = "born_late"  # stage, furthest
    ALLOWED = "allowed"  # why
    FIELD_EMPTY = "field_empty"  # field, stage
    FIELD_PLACEHOLDER = "field_placeholder"  # field, stage, value, why, and its facts
    GATE_NOT_MET = "gate_not_met"  # stage, condition
    CHECK_FAILED = "check_failed"  # check, condition, field, old, new, stage
    CHECK_NOT_MET = "check_not_met"  # check, condition, field, value, stage
    UNDECIDED = "undecided"  # condition, field: the empty one
    STAGE_UNKNOWN = "stage_unknown"  # stage
    EXEMPTED = "exempted"
    STAGE_BEHIND = "stage_behind"  # from, to, condition
    CONVERSION_DUE = "conversion_due"  # stage, condition
    CONVERTED_EARLY = "converted_early"  # stage, condition


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in no language yet; `facts` fills the sentence of its code."""

    code: ReasonCode
    facts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one change.

    `enforcement` is the power it has here: never more than `observe` for a record that
    is older than the policy's `since`.
    """

    rule: RuleId
    result: Result
    enforcement: Enforcement
    reason: Reason
    goal: GoalId | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A difference to be judged: the accepted state, the state found, and by whom.

    `before` is None when the record was never seen; `is_new` then says whether it was
    created under our eyes (judged as born) or is older than our first look (history).
    """

    before: Record | None
    after: Record
    actor: Actor = UNKNOWN_ACTOR
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts on one change.

    `return_to` is the stage the record belongs in, if an enforced verdict failed and it
    stands elsewhere; `restore` the fields to put back and their former values;
    `wanted` the stage that was tried for and only lacks something (a hold).
    `is_governed` is False when the policy does not speak about this record at all.
    """

    change: Change
    verdicts: tuple[Verdict, ...] = ()
    return_to: StageId | None = None
    restore: Mapping[FieldName, Value] = field(default_factory=dict)
    wanted: StageId | None = None
    is_governed: bool = True

    def failed(self, at_least: Enforcement = Enforcement.OBSERVE) -> list[Verdict]:
        """Return the failed verdicts with this much power or more."""
        powers = list(Enforcement)
        return [
            verdict
            for verdict in self.verdicts
            if verdict.result is Result.FAIL
            and powers.index(verdict.enforcement) >= powers.index(at_least)
        ]
