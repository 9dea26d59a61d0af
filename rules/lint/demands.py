"""What is doubtful about goals, requirements, the order of stages, and silent rules."""

from collections.abc import Iterator
from itertools import pairwise

from rules.demands import is_demanded
from rules.document import Document, Problem
from rules.document.meaning import rules
from rules.document.problems import Path
from rules.document.shape import StageShape
from rules.lint.trial import COUNTS
from rules.moves import path as path_of
from rules.policy import Check, Policy, Stage

MOST_REQUIRED = 6
"""Fields that a stage may require in all before people fill in anything at all."""

MOST_GOALS = 5

OFF = "off"


def find_in_demands(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield goals and fields that are too many, and rules that say nothing."""
    yield from _goals(document)
    yield from _required(document, policy)
    yield from _closed_before(document, policy)
    yield from _silent(document, policy)
    yield from _allows(document, policy)


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
        if isinstance(rule, StageShape) and not _asks(rule):
            continue
        if rule.goal is None and rule.enforcement != OFF:
            yield document.source.problem(
                path,
                "This rule serves no goal, so nobody learns why it matters. Add goal:.",
                is_key=True,
            )


def _asks(stage: StageShape) -> bool:
    people = stage.contacts or stage.account_contacts
    return bool(stage.requires or stage.gate or people)


def _required(document: Document, policy: Policy) -> Iterator[Problem]:
    so_far: tuple[str, ...] = ()
    for stage in policy.stages:
        own = [name for name in stage.requires if name not in so_far]
        required = (*so_far, *own)
        if stage.position is not None:
            so_far = required
        if own and len(required) > MOST_REQUIRED:
            yield document.source.problem(
                ("stages", stage.key, "requires"),
                f"From here on {len(required)} fields are required. Beyond"
                f" {MOST_REQUIRED} people fill in anything at all.",
                is_key=True,
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
        reads = check.condition.fields - COUNTS
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


def _closed_before(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield a stage that comes after a closed one, so that nobody goes on to it."""
    stages = path_of(policy)
    for before, stage in pairwise(stages):
        # From won to won, as from deal to customer, is a way on.
        if before.is_closed and not stage.is_won:
            yield document.source.problem(
                ("stages", stage.key),
                f"{before.label} is closed in the CRM, so nobody goes on from there to"
                f" {stage.label}. Give it from: any, or put it before {before.label}.",
                is_key=True,
            )
            return


def _check_path(check: Check) -> Path:
    return ("checks", check.id.removeprefix("check."))
