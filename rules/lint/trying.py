"""Rules that would put work back without anybody having seen what they do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.comparing import Difference, DifferenceKind, compare, newly_enforced
from rules.document import Document, Problem
from rules.document.meaning import ENFORCE, rules
from rules.document.problems import Path
from rules.model import Enforcement
from rules.policy import Policy

LONG_ENOUGH = timedelta(days=1)
"""How long a rule should be observed at least before it is enforced."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The version in force, and since when; `policy` is None if there is none.

    `others` are the policies of other processes in force on the same account.
    """

    policy: Policy | None
    since: datetime
    now: datetime
    others: tuple[Policy, ...] = ()


def find_untried(
    document: Document, policy: Policy, in_force: InForce
) -> Iterator[Problem]:
    """Yield what would be enforced and was never observed, or hardly."""
    if in_force.policy is None:
        yield from _from_the_first_day(document, policy)
        return
    told: set[Path] = set()
    for difference in newly_enforced(compare(in_force.policy, policy)):
        path = _path(difference)
        message = _message(difference, in_force)
        if message is not None and path not in told:
            told.add(path)
            yield document.source.problem(path, message, is_key=True)


def _from_the_first_day(document: Document, policy: Policy) -> Iterator[Problem]:
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


def _message(difference: Difference, in_force: InForce) -> str | None:
    was, _ = difference.powers
    is_new = difference.kind is not DifferenceKind.POWER or was is Enforcement.OFF
    if is_new:
        return (
            "This is new in what it asks, and puts people's work back at once. Observe"
            " it first: `slagboom policy diff` says what it would find."
        )
    if in_force.now - in_force.since < LONG_ENOUGH:
        return (
            "This has been observed for less than a day. Look at `slagboom violations`"
            " after some days, and enforce it then."
        )
    return None


def _path(difference: Difference) -> Path:
    """Return where the rule stands in the document: its stage, move or check."""
    assert difference.after is not None
    part, name = difference.after.key.split(".", 2)[:2]
    return {
        "stage": ("stages", name),
        "move": ("moves", name),
        "check": ("checks", name),
        "conversion": ("conversion", name),
    }.get(part, ())
