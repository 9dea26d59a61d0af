"""Conditions that nothing can meet, that everything meets, and those that fight."""

from collections.abc import Iterator
from itertools import combinations

from rules.demands import is_demanded
from rules.document import Document, Problem
from rules.document.problems import Path
from rules.expressions import Condition
from rules.lint.trial import Trial, can_be_true_together, try_out
from rules.model import Enforcement
from rules.moves import path as path_of
from rules.policy import Check, Policy, Stage

_IDLE = "Everything meets this, so it asks for nothing. Leave it out, or ask for more."


def find_in_conditions(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield what no record can meet, alone or together, and what every record meets."""
    yield from _governs(document, policy)
    yield from _gates(document, policy)
    yield from _whens(document, policy)
    yield from _people(document, policy)
    yield from _checks(document, policy)
    yield from _against_checks(document, policy)


def _governs(document: Document, policy: Policy) -> Iterator[Problem]:
    if policy.governs is None:
        return
    found = try_out(policy.governs, policy)
    if found is not None and not found.can_be_true:
        yield document.source.problem(
            ("governs",),
            "No record can meet this, so the policy speaks of none. Correct it, or"
            " leave it out.",
        )
    elif found is not None and not found.can_be_false:
        yield document.source.problem(
            ("governs",), "Every record meets this. Leave it out, or correct it."
        )


def _gates(document: Document, policy: Policy) -> Iterator[Problem]:
    closed: Stage | None = None
    for stage in policy.stages:
        place = ("stages", stage.key, "gate")
        found = None if stage.gate is None else _tried(stage.gate, policy)
        if found is not None and not found.can_be_true:
            yield document.source.problem(
                place,
                "No record can meet this, so nobody can enter the stage. Correct it,"
                " or leave it out.",
            )
            if stage.position is not None and _is_barred(policy, stage):
                closed = closed or stage
        elif found is not None and not found.can_be_false:
            yield document.source.problem(place, _IDLE)
    if closed is not None:
        yield from _unreachable(document, policy, closed)


def _unreachable(
    document: Document, policy: Policy, closed: Stage
) -> Iterator[Problem]:
    """Yield the stages that nobody reaches, because all must go through `closed`."""
    stages = path_of(policy)
    place = stages.index(closed)
    before = {stage.id for stage in stages[:place]}
    bridged = [
        policy.stage(one.to_stage) for one in policy.allow if one.from_stage in before
    ]
    for stage in stages[place + 1 :]:
        if stage in bridged:
            return
        yield document.source.problem(
            ("stages", stage.key),
            f"Nobody gets here: the way leads through {closed.label}, which nobody can"
            " enter. Correct the gate there, or allow a move past it.",
            is_key=True,
        )


def _is_barred(policy: Policy, stage: Stage) -> bool:
    """Return whether a stage that cannot be entered cannot be passed over either."""
    is_enforced = stage.enforcement is Enforcement.ENFORCE
    skip = policy.skip
    return is_enforced and skip is not None and skip.enforcement is Enforcement.ENFORCE


def _whens(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield conditions on which something happens, and that never or always hold."""
    for path, condition in _occasions(policy):
        found = try_out(condition, policy)
        if found is not None and not found.can_be_true:
            yield document.source.problem(
                path, "No record can meet this, so it never happens. Correct it."
            )
        elif found is not None and not found.can_be_false:
            yield document.source.problem(
                path, "Every record meets this. Leave it out, or correct it."
            )


def _occasions(policy: Policy) -> Iterator[tuple[Path, Condition]]:
    for index, allow in enumerate(policy.allow):
        if allow.when is not None:
            yield ("moves", "allow", index, "when"), allow.when
    for move in policy.auto_moves:
        yield ("auto_moves", move.id.partition(".")[2], "when"), move.when
    for lane in policy.lanes:
        yield ("lanes", lane.name, "when"), lane.when
    for one in policy.follow_ups:
        if one.done_when is not None:
            yield ("follow_ups", one.name, "done_when"), one.done_when
    if policy.conversion is not None:
        yield ("conversion", "seed"), policy.conversion.seed


def _people(document: Document, policy: Policy) -> Iterator[Problem]:
    for stage in policy.stages:
        for condition in stage.people.values():
            found = try_out(condition, policy)
            if found is not None and not found.can_be_true:
                yield document.source.problem(
                    ("stages", stage.key),
                    f"No record can meet “{condition.text}”, so nobody can enter the"
                    " stage. Correct it.",
                    is_key=True,
                )


def _checks(document: Document, policy: Policy) -> Iterator[Problem]:
    tried = {check.id: _tried(check.condition, policy) for check in policy.checks}
    possible: list[Check] = []
    for check in policy.checks:
        found = tried[check.id]
        place = ("checks", _name(check), "check")
        if found is not None and not found.can_be_true:
            yield document.source.problem(
                place,
                "No value can meet this. Correct it, or leave it out.",
            )
            continue
        if found is not None and not found.can_be_false:
            yield document.source.problem(place, _IDLE)
        possible.append(check)
    for one, other in combinations(possible, 2):
        is_apart = one.stages and other.stages and not one.stages & other.stages
        if not is_apart and _fight(one.condition, other.condition, policy):
            yield document.source.problem(
                ("checks", _name(other), "check"),
                f"No value can meet this and {_name(one)} as well. Change one of them,"
                " or say with in: for which stages each is.",
            )


def _against_checks(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield gates and required fields that nobody can meet without failing a check."""
    for stage in policy.stages:
        for check in policy.checks:
            if not is_demanded(check, stage):
                continue
            name = _name(check)
            if stage.gate is not None and _fight(stage.gate, check.condition, policy):
                yield document.source.problem(
                    ("stages", stage.key, "gate"),
                    f"Who meets this cannot meet the check {name}. Change one of them.",
                )
            for index, field in enumerate(stage.requires):
                if _forbids(check, str(field), policy):
                    yield document.source.problem(
                        ("stages", stage.key, "requires", index),
                        f"{field} must be filled here, and then no value meets the"
                        f" check {name}. Change one of them.",
                    )


def _forbids(check: Check, field: str, policy: Policy) -> bool:
    """Return whether a check can be met, but not once this field is filled."""
    if field not in check.condition.fields:
        return False
    free = try_out(check.condition, policy)
    filled = try_out(check.condition, policy, filled=frozenset({field}))
    return bool(free and filled and free.can_be_true and not filled.can_be_true)


def _fight(one: Condition, other: Condition, policy: Policy) -> bool:
    """Return whether each of the two can be met, but not both at once."""
    if not one.fields & other.fields:
        return False
    alone = [try_out(condition, policy) for condition in (one, other)]
    if any(found is None or not found.can_be_true for found in alone):
        return False
    return not can_be_true_together([one, other], policy)


def _tried(condition: Condition, policy: Policy) -> Trial | None:
    """Return what a demand can be of the records that the policy speaks of."""
    found = try_out(condition, policy)
    governs = policy.governs
    if governs is not None and found is not None and _fight(governs, condition, policy):
        return Trial(can_be_true=False, can_be_false=True)
    return found


def _name(check: Check) -> str:
    return check.id.removeprefix("check.")
