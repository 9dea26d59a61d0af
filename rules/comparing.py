"""What differs between two versions of a policy. Pure; `rules.wording` says it.

A policy is taken apart into statements, one for each thing that it says; two versions
are compared statement by statement. What is not taken apart further is a setting, so
that no difference goes unnoticed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from rules.demands import conditions_of, required_id
from rules.model import Enforcement, FieldName, GoalId
from rules.moves import path
from rules.policy import (
    Actors,
    Allow,
    AutoMove,
    Check,
    FollowUp,
    OnFail,
    Policy,
    Stage,
)


class DifferenceKind(StrEnum):
    """How one statement differs. `power`: only in what is done about it."""

    ADDED = "added"
    REMOVED = "removed"
    POWER = "power"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Needed:
    """A field that a stage needs."""

    stage: Stage
    field: FieldName


@dataclass(frozen=True, slots=True)
class Gated:
    """What must be true to enter a stage; `condition` as it is written."""

    stage: Stage
    condition: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a move may not do: `skip`, `back` or `born_late`."""

    name: str
    actors: Actors


@dataclass(frozen=True, slots=True)
class Converted:
    """When a lead must be converted (`late`), or may not be yet (`early`)."""

    name: str
    seed: str
    actors: Actors


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a stage stands; `after` is None for the first, and for one beside."""

    stage: Stage
    after: Stage | None


@dataclass(frozen=True, slots=True)
class Setting:
    """Anything else that a policy says, by the name of its part."""

    name: str
    value: object


Subject = (
    Needed
    | Gated
    | Ordered
    | Converted
    | Placed
    | Allow
    | Check
    | AutoMove
    | FollowUp
    | Setting
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a policy says.

    `enforcement` is what can be done about it, None where that has no meaning.
    """

    key: str
    subject: Subject
    enforcement: Enforcement | None = None
    goal: GoalId | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One statement before and after; None on the side where it is not said."""

    kind: DifferenceKind
    before: Statement | None
    after: Statement | None

    @property
    def powers(self) -> tuple[Enforcement, Enforcement]:
        """What is done about it before and after; nothing where it is not said."""
        return _power(self.before), _power(self.after)

    @property
    def goal(self) -> GoalId | None:
        """The goal that it serves now, or served."""
        told = self.after or self.before
        return None if told is None else told.goal

    @property
    def touches_people(self) -> bool:
        """Whether somebody notices: it is more than observed, before or after."""
        told = self.after or self.before
        if told is not None and told.enforcement is None:
            return isinstance(told.subject, Allow | Placed)
        return bool({Enforcement.FLAG, Enforcement.ENFORCE} & set(self.powers))


def compare(before: Policy | None, after: Policy) -> tuple[Difference, ...]:
    """Return what `after` says otherwise than `before`, in its own order.

    What it says no longer comes last. Without `before` everything is new.
    """
    old = {} if before is None else statements(before)
    new = statements(after)
    found = [_compared(old.get(key), one) for key, one in new.items()]
    gone = [
        Difference(DifferenceKind.REMOVED, one, None)
        for key, one in old.items()
        if key not in new
    ]
    return (*(one for one in found if one is not None), *gone)


def newly_enforced(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return those by which something will be put back that was not until now."""
    return tuple(
        one
        for one in differences
        if one.powers[1] is Enforcement.ENFORCE
        and (
            one.powers[0] is not Enforcement.ENFORCE
            or one.kind is DifferenceKind.CHANGED
        )
        and not (one.after and isinstance(one.after.subject, FollowUp | AutoMove))
    )


def statements(policy: Policy) -> Mapping[str, Statement]:
    """Return everything that a policy says, by key, in the policy's order."""
    return {
        one.key: one
        for part in (
            _settings(policy),
            _stages(policy),
            _moves(policy),
            _checks(policy),
            _conversion(policy),
            _auto_moves(policy),
            _follow_ups(policy),
        )
        for one in part
    }


def _compared(old: Statement | None, new: Statement) -> Difference | None:
    if old is None:
        return Difference(DifferenceKind.ADDED, None, new)
    if _essence(old.subject) != _essence(new.subject):
        return Difference(DifferenceKind.CHANGED, old, new)
    if old.enforcement is not new.enforcement:
        return Difference(DifferenceKind.POWER, old, new)
    return None


def _power(statement: Statement | None) -> Enforcement:
    if statement is None or statement.enforcement is None:
        return Enforcement.OFF
    return statement.enforcement


def _essence(subject: Subject) -> object:
    """Return what makes a subject the same, whatever its power and goal are."""
    match subject:
        case Needed(stage, field):
            return stage.id, stage.actors, field
        case Gated(stage, condition):
            return stage.id, stage.actors, condition
        case Placed(stage, after):
            # The CRM's label of a stage is no business of the policy.
            return stage.id, None if after is None else after.id, stage.position is None
        case Check() | AutoMove() | FollowUp():
            return replace(subject, enforcement=Enforcement.OFF, goal=None)
        case _:
            return subject


def _settings(policy: Policy) -> Iterator[Statement]:
    for one in fields(policy):
        if one.name not in _TAKEN_APART:
            value = getattr(policy, one.name)
            if isinstance(value, Mapping):
                # Goals are in order of priority, which equal mappings may differ in.
                value = tuple(value.items())
            if value not in (None, ()):
                yield Statement(one.name, Setting(one.name, value))


def _stages(policy: Policy) -> Iterator[Statement]:
    on_path = path(policy)
    for stage in policy.stages:
        before = None
        if stage in on_path and (place := on_path.index(stage)):
            before = on_path[place - 1]
        yield Statement(f"stage.{stage.key}", Placed(stage, before))
        for name in stage.requires:
            yield Statement(
                required_id(stage, name),
                Needed(stage, name),
                stage.enforcement,
                stage.goal,
            )
        for rule, condition in conditions_of(stage):
            yield Statement(
                rule, Gated(stage, condition.text), stage.enforcement, stage.goal
            )


def _moves(policy: Policy) -> Iterator[Statement]:
    for name in ("skip", "back", "born_late"):
        rule = getattr(policy, name)
        if rule is not None:
            subject = Ordered(name, rule.actors)
            yield Statement(rule.id, subject, rule.enforcement, rule.goal)
    for allow in policy.allow:
        condition = "" if allow.when is None else allow.when.text
        yield Statement(f"allow.{allow.from_stage}.{allow.to_stage}.{condition}", allow)


def _checks(policy: Policy) -> Iterator[Statement]:
    for check in policy.checks:
        power = check.enforcement
        if power is Enforcement.ENFORCE and check.on_fail is OnFail.FLAG:
            power = Enforcement.FLAG
        yield Statement(check.id, check, power, check.goal)


def _conversion(policy: Policy) -> Iterator[Statement]:
    conversion = policy.conversion
    if conversion is None:
        return
    for name, rule in (("late", conversion.late), ("early", conversion.early)):
        if rule is not None:
            subject = Converted(name, conversion.seed.text, rule.actors)
            yield Statement(rule.id, subject, rule.enforcement, rule.goal)


def _auto_moves(policy: Policy) -> Iterator[Statement]:
    for one in policy.auto_moves:
        yield Statement(one.id, one, one.enforcement, one.goal)


def _follow_ups(policy: Policy) -> Iterator[Statement]:
    for one in policy.follow_ups:
        yield Statement(one.id, one, one.enforcement, one.goal)


_TAKEN_APART = frozenset(
    {
        "stages",
        "skip",
        "back",
        "born_late",
        "allow",
        "checks",
        "conversion",
        "auto_moves",
        "follow_ups",
        # What the account says, not the policy.
        "fields",
        "types",
        "labels",
        "options",
        "free_texts",
        "places",
        "pipeline_name",
        # The same in every version that is compared.
        "process",
        "connection",
    }
)
