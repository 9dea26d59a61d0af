"""A published policy, compiled against one account: what the judge works with.

Built by `rules.document.compile_policy`; nothing here parses or reads anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum

from rules.expressions import Condition
from rules.model import (
    ActorClass,
    Enforcement,
    EvidenceKind,
    FieldMap,
    FieldName,
    FieldType,
    GoalId,
    Kind,
    Noun,
    PipelineId,
    RuleId,
    StageId,
)

LocalText = Mapping[str, str]
"""Text by language code; every shipped text has `en` and `nl`."""

Actors = frozenset[ActorClass]
"""Whose changes a rule speaks of."""

EVERYBODY: Actors = frozenset()
"""A rule that names nobody speaks of every change."""


class Unit(StrEnum):
    """What a duration counts. The last two follow the policy's calendar."""

    SECONDS = "s"
    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"
    WORKING_HOURS = "wh"
    WORKING_DAYS = "wd"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length as the policy writes it: `24h`, `5wd`."""

    amount: int
    unit: Unit


HOLD_KEEP = Duration(30, Unit.DAYS)
"""How long a wanted move waits where the policy does not say."""

EXEMPTION_LONGEST = Duration(90, Unit.DAYS)
"""How long an exemption may last where the policy does not say."""

EXEMPTIONS_RECUR = 5
"""So many exemptions of one kind call for a second process, unless the policy says."""

MESSAGES_PER_DAY = 10
"""So many messages a person is told one by one where the policy does not say."""


@dataclass(frozen=True, slots=True)
class ParkLimit:
    """How long a record may be parked, and how many times in a year."""

    longest: Duration = Duration(90, Unit.DAYS)
    times: int = 3


PARK_LIMIT = ParkLimit()
"""How a record may be parked where the policy does not say."""


@dataclass(frozen=True, slots=True)
class SeenLimit:
    """How long a follow-up waits that somebody has seen, and how many times it does."""

    lasts: Duration = Duration(1, Unit.WORKING_DAYS)
    times: int = 2


SEEN_LIMIT = SeenLimit()
"""How a follow-up waits where the policy does not say."""


@dataclass(frozen=True, slots=True)
class StormLimit:
    """How many records may be put back in ten minutes; `share` is a part of all."""

    returns: int = 50
    share: float = 0.05


STORM_LIMIT = StormLimit()
"""The limit where the policy says nothing."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working time: the zone, whose holidays, from when to when, on which days.

    `days` counts from Monday = 0. `country` is an ISO 3166 code or None: no holidays.
    """

    timezone: str = "UTC"
    country: str | None = None
    opens: time = time(9)
    closes: time = time(17, 30)
    days: frozenset[int] = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the policy.

    `position` counts along the path from 0; None for a stage that can be entered from
    anywhere (`from: any`), which lies beside the path. `requires` are its own fields,
    `people` its own demands on how many are linked: what an earlier stage asks for
    stays asked for.
    """

    key: str
    id: StageId
    label: str
    position: int | None
    requires: tuple[FieldName, ...] = ()
    people: Mapping[EvidenceKind, Condition] = field(default_factory=dict)
    gate: Condition | None = None
    enforcement: Enforcement = Enforcement.OBSERVE
    goal: GoalId | None = None
    is_closed: bool = False
    is_won: bool = False
    actors: Actors = EVERYBODY


@dataclass(frozen=True, slots=True)
class MoveRule:
    """What a move along the pipeline may not do: skip, back, born_late."""

    id: RuleId
    enforcement: Enforcement
    goal: GoalId | None = None
    actors: Actors = EVERYBODY


@dataclass(frozen=True, slots=True)
class Allow:
    """A move that the order forbids and this policy permits."""

    from_stage: StageId
    to_stage: StageId
    why: str
    when: Condition | None = None


class OnFail(StrEnum):
    """What a failed check asks for."""

    RESTORE = "restore"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Check:
    """A demand on values, judged when one of its fields changes.

    `stages` are those in which it is demanded, all if there are none; then it is judged
    when a record enters one as well.
    """

    id: RuleId
    condition: Condition
    enforcement: Enforcement
    on_fail: OnFail
    goal: GoalId | None = None
    while_open: bool = False
    actors: Actors = EVERYBODY
    stages: frozenset[StageId] = frozenset()


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What a required text may not be, beside the words that everybody uses.

    `repeated`: in so many records of one author the same text is no answer; `share`: in
    more than this share of all records it is filled in by itself. None: not counted.
    `allowed` are texts, as `rules.placeholders.normal` gives them, that are answers: in
    one field, or in every one where that is None.
    """

    repeated: int | None = None
    share: float | None = None
    allowed: frozenset[tuple[FieldName | None, str]] = frozenset()

    def allowing(self, more: frozenset[tuple[FieldName, str]]) -> "Placeholders":
        """Return the same with more texts that are answers in a field."""
        return replace(self, allowed=self.allowed | more)

    @property
    def counts(self) -> bool:
        """Whether it matters how many records have the same text."""
        return self.repeated is not None or self.share is not None


Rule = Stage | MoveRule | Check
"""What can fail a change; a stage, by what it demands of those that enter it."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What makes a lead an account with a contact, and who hears if it does not fit.

    `late`: the seed is there and nobody converts the lead. `early`: it was converted
    without the seed. Neither has more power than `flag`.
    """

    seed: Condition
    late: MoveRule | None = None
    early: MoveRule | None = None


@dataclass(frozen=True, slots=True)
class AutoMove:
    """A move to the next stage that follows from facts, such as a quote being made."""

    id: RuleId
    from_stage: StageId
    to_stage: StageId
    when: Condition
    enforcement: Enforcement
    goal: GoalId | None = None


class StartKind(StrEnum):
    """What starts a follow-up's clock."""

    CREATED = "created"
    ENTERS = "enters"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Starts:
    """When a clock starts: at creation, on entering `stage`, or after `idle`.

    `asks_for_plan`: a task that somebody has planned keeps a record from being idle.
    """

    kind: StartKind
    stage: StageId | None = None
    idle: Duration | None = None
    asks_for_plan: bool = False


class StepKind(StrEnum):
    """Whom a step tells: the same person again, or the next level."""

    REMIND = "remind"
    ESCALATE = "escalate"


class Recipient(StrEnum):
    """A role that a ladder tells; who that is now, `services.people` finds out."""

    OWNER = "owner"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder: so long after the start, tell this person."""

    after: Duration
    kind: StepKind
    to: Recipient


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What must happen after a start, by when, and who hears if it does not.

    `kind` is the kind of record it watches, which may differ from the policy's.
    `is_done_by_task`: completing the task counts as done. `done_when`: so does this,
    once it is true.
    """

    id: RuleId
    name: str
    kind: Kind
    starts: Starts
    done_by: frozenset[EvidenceKind]
    enforcement: Enforcement
    goal: GoalId | None = None
    is_done_by_task: bool = False
    done_when: Condition | None = None
    task: LocalText | None = None
    due: Duration | None = None
    ladder: tuple[Step, ...] = ()
    while_open: bool = True


@dataclass(frozen=True, slots=True)
class Lane:
    """Records that are followed up faster: all times are taken `factor` times.

    `never_in_digest`: each of their messages goes out by itself.
    """

    name: str
    when: Condition
    factor: float
    never_in_digest: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """One process on one pipeline of one account.

    `fields` maps every neutral name the policy uses to the account's property, `types`
    to what it holds; `free_texts` are those that people write, `places` the properties
    of stage and owner. `nouns` is what the account calls kinds of records where that is
    not the kind's name. `stages` are in the policy's order. A record that was
    put back `returns_per_day` times is left as it is: two automations may be fighting.
    `pipeline_name` is the document's word for its pipeline, empty if it has none.
    """

    process: str
    title: LocalText
    connection: str
    kind: Kind
    pipeline: PipelineId | None
    since: datetime | None
    locale: str
    calendar: Calendar
    stages: tuple[Stage, ...]
    sponsor: str | None = None
    fallback: str | None = None
    governs: Condition | None = None
    goals: Mapping[GoalId, LocalText] = field(default_factory=dict)
    fields: FieldMap = field(default_factory=dict)
    types: Mapping[FieldName, FieldType] = field(default_factory=dict)
    labels: Mapping[FieldName, str] = field(default_factory=dict)
    options: Mapping[FieldName, Mapping[str, str]] = field(default_factory=dict)
    nouns: Mapping[Kind, Noun] = field(default_factory=dict)
    skip: MoveRule | None = None
    back: MoveRule | None = None
    born_late: MoveRule | None = None
    allow: tuple[Allow, ...] = ()
    checks: tuple[Check, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    lanes: tuple[Lane, ...] = ()
    auto_moves: tuple[AutoMove, ...] = ()
    conversion: Conversion | None = None
    returns_per_day: int = 3
    placeholders: Placeholders = Placeholders()
    free_texts: frozenset[FieldName] = frozenset()
    places: FieldMap = field(default_factory=dict)
    pipeline_name: str = ""
    hold_keep: Duration = HOLD_KEEP
    storm: StormLimit = STORM_LIMIT
    exemption_longest: Duration = EXEMPTION_LONGEST
    exemptions_recur: int = EXEMPTIONS_RECUR
    park_limit: ParkLimit = PARK_LIMIT
    messages_per_day: int = MESSAGES_PER_DAY
    seen_limit: SeenLimit = SEEN_LIMIT

    @property
    def names_actors(self) -> bool:
        """Whether it matters to some rule who makes a change."""
        rules = (self.skip, self.back, self.born_late, *self.stages, *self.checks)
        return any(rule is not None and rule.actors for rule in rules)

    def stage(self, stage_id: StageId | None) -> Stage | None:
        """Return the policy's stage with this id, or None if it does not name it."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def is_closed(self, stage_id: StageId | None) -> bool:
        """Return whether this is a stage that the policy knows as closed."""
        stage = self.stage(stage_id)
        return stage is not None and stage.is_closed
