"""What a policy does not forbid itself, and what its author will come to regret.

Warnings for people; a policy that has some can be published all the same.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from rules.demands import is_demanded
from rules.document import Document, Problem
from rules.document.meaning import ENFORCE, rules
from rules.document.problems import Path
from rules.document.shape import StageShape
from rules.expressions import Condition, ConditionInvalid, compile_condition
from rules.facts import NOT_FIELDS
from rules.model import EvidenceKind, FieldName, FieldType, Value
from rules.policy import Check, Duration, FollowUp, Policy, Stage, StartKind, Unit

MOST_REQUIRED = 6
"""Fields that a stage may require in all before people fill in anything at all."""

MOST_GOALS = 5

OFF = "off"

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COUNTS = frozenset(kind.value for kind in EvidenceKind)
_SECONDS = {
    Unit.SECONDS: 1,
    Unit.MINUTES: 60,
    Unit.HOURS: 3600,
    Unit.DAYS: 86_400,
    Unit.WORKING_HOURS: 3600,
    # A working day is some working hours, so the two can be compared roughly.
    Unit.WORKING_DAYS: 8 * 3600,
}
_WORKING = frozenset({Unit.WORKING_HOURS, Unit.WORKING_DAYS})


def lint(
    document: Document, policy: Policy, *, was_published: bool = True
) -> list[Problem]:
    """Return what is doubtful about a policy, in the document's order.

    `policy` is what `document` was compiled into. `was_published` is whether an earlier
    version has been in force, so that its effect could be seen.
    """
    found = [
        *_goals(document),
        *_required(document, policy),
        *_conditions(document, policy),
        *_silent(document, policy),
        *_allows(document, policy),
        *_follow_ups(document, policy),
    ]
    if not was_published:
        found += _untried(document, policy)
    return sorted(set(found))


def _goals(document: Document) -> Iterator[Problem]:
    goals = list(document.shape.goals)
    if len(goals) > MOST_GOALS:
        yield document.source.problem(
            ("goals", goals[MOST_GOALS]),
            f"There are {len(goals)} goals. Nobody keeps more than {MOST_GOALS} in"
            " mind; leave out the least important ones.",
            is_key=True,
        )
    for path, rule in rules(document.shape):
        if isinstance(rule, StageShape) and not (rule.requires or rule.gate):
            continue
        if rule.goal is None and rule.enforcement != OFF:
            yield document.source.problem(
                path,
                "This rule serves no goal, so nobody learns why it matters. Add goal:.",
                is_key=True,
            )


def _required(document: Document, policy: Policy) -> Iterator[Problem]:
    so_far: list[FieldName] = []
    for stage in policy.stages:
        own = [name for name in stage.requires if name not in so_far]
        required = [*so_far, *own]
        if stage.position is not None:
            so_far = required
        if own and len(required) > MOST_REQUIRED:
            yield document.source.problem(
                ("stages", stage.key, "requires"),
                f"From here on {len(required)} fields are required. Beyond"
                f" {MOST_REQUIRED} people fill in anything at all.",
                is_key=True,
            )


def _conditions(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield gates and checks that nothing can pass, alone or together."""
    for stage in policy.stages:
        if stage.gate is not None and _is_impossible(stage.gate, policy):
            yield document.source.problem(
                ("stages", stage.key, "gate"),
                "No record can meet this, so nobody can enter the stage.",
            )
    impossible = [one for one in policy.checks if _is_impossible(one.condition, policy)]
    for check in impossible:
        yield document.source.problem(
            (*_check_path(check), "check"), "No value can meet this."
        )
    for one, other in combinations(policy.checks, 2):
        if one in impossible or other in impossible:
            continue
        if _fight(one, other, policy):
            yield document.source.problem(
                (*_check_path(other), "check"),
                f"No value can meet this and {_name(one)} as well.",
            )


def _silent(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield checks that nothing ever makes speak."""
    for check in policy.checks:
        if not any(is_demanded(check, stage) for stage in policy.stages):
            yield document.source.problem(
                (*_check_path(check), "in"),
                "This check is for closed stages only, and while: open leaves closed"
                " records alone. Leave out one of them.",
                is_key=True,
            )
        reads = check.condition.fields - _COUNTS
        if not reads and not check.stages:
            yield document.source.problem(
                (*_check_path(check), "check"),
                "This reads no field, so no edit makes it be judged. Say with in: for"
                " which stages it is, or make it the gate of a stage.",
            )


def _allows(document: Document, policy: Policy) -> Iterator[Problem]:
    for index, allow in enumerate(policy.allow):
        start, end = policy.stage(allow.from_stage), policy.stage(allow.to_stage)
        if start is None or end is None:
            continue
        if not _is_forbidden(policy, start, end):
            yield document.source.problem(
                ("moves", "allow", index),
                f"The order permits going from {start.label} to {end.label} anyway, so"
                " this line changes nothing.",
            )


def _is_forbidden(policy: Policy, start: Stage, end: Stage) -> bool:
    if end.position is None or start.position is None:
        # Beside the path: entering is free, coming back is a step back.
        return end.position is not None and policy.back is not None
    if end.position < start.position:
        return policy.back is not None
    return end.position > start.position + 1 and policy.skip is not None


def _follow_ups(document: Document, policy: Policy) -> Iterator[Problem]:
    for follow_up in policy.follow_ups:
        path: Path = ("follow_ups", follow_up.name)
        if follow_up.task is None and not follow_up.ladder:
            yield document.source.problem(
                path,
                "Nothing comes of this: it makes no task and tells nobody.",
                is_key=True,
            )
        if follow_up.ladder and policy.fallback is None:
            yield document.source.problem(
                (*path, "ladder"),
                "This ladder may end at nobody: an owner without a manager has nobody"
                " above. Add people: with fallback:, an address that is always read.",
                is_key=True,
            )
        is_settled = (
            follow_up.done_by or follow_up.is_done_by_task or follow_up.done_when
        )
        is_idle = follow_up.starts.kind is StartKind.IDLE
        if follow_up.ladder and not is_settled and not is_idle:
            yield document.source.problem(
                path,
                "Nothing settles this, so everybody on the ladder is always told."
                " Add done_by: or done_when:.",
                is_key=True,
            )
        yield from _order(document, follow_up, path)


def _order(document: Document, follow_up: FollowUp, path: Path) -> Iterator[Problem]:
    for index, (one, other) in enumerate(
        zip(follow_up.ladder, follow_up.ladder[1:], strict=False), start=1
    ):
        units = {one.after.unit in _WORKING, other.after.unit in _WORKING}
        if len(units) == 1 and _length(other.after) <= _length(one.after):
            yield document.source.problem(
                (*path, "ladder", index),
                "This step does not come after the one before it, so both people hear"
                " of it at once.",
            )


def _length(duration: Duration) -> int:
    return duration.amount * _SECONDS[duration.unit]


def _untried(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield the first rule that would be enforced without having been observed."""
    enforced = [
        path
        for path, rule in rules(document.shape)
        if (rule.enforcement or document.shape.enforcement) == ENFORCE
    ]
    if enforced:
        yield document.source.problem(
            enforced[0],
            f"{policy.process} was never in force, and puts people's work back from the"
            " first day. Publish it with enforcement: observe first, and look at"
            " `slagboom violations` after some days.",
            is_key=True,
        )


def _fight(one: Check, other: Check, policy: Policy) -> bool:
    if one.stages and other.stages and not one.stages & other.stages:
        return False
    both = f"({one.condition.text}) && ({other.condition.text})"
    try:
        return _is_impossible(compile_condition(both, policy.types), policy)
    except ConditionInvalid:
        # Together they are longer than a condition may be.
        return False


def _is_impossible(condition: Condition, policy: Policy) -> bool:
    """Return whether no value makes this true, as far as trying can show it.

    Conditions on one number or one count are tried around every number that they name;
    of others nothing is claimed.
    """
    names = sorted(condition.fields)
    if len(names) != 1:
        return False
    [name] = names
    is_count = name in _COUNTS
    is_number = policy.types.get(FieldName(name)) is FieldType.NUMBER
    if not is_count and not (is_number and name not in NOT_FIELDS):
        return False
    named = [float(number) for number in _NUMBER.findall(condition.text)]
    tried: Sequence[float] = [
        number + step for number in (0.0, *named) for step in (-1, -0.5, 0, 0.5, 1)
    ]
    if is_count:
        tried = [number for number in tried if number >= 0 and number.is_integer()]
    values: list[dict[str, Value]] = [{name: number} for number in tried]
    if not is_count:
        values.append({name: None})
    return not any(condition.evaluate(one).is_true for one in values)


def _check_path(check: Check) -> Path:
    return ("checks", _name(check))


def _name(check: Check) -> str:
    return check.id.removeprefix("check.")
