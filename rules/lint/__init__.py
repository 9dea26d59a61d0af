"""What a policy does not forbid itself, and what its author will come to regret.

Warnings for people; a policy that has some can be published all the same.
"""

from rules.document import Document, Problem
from rules.lint.conditions import find_in_conditions
from rules.lint.demands import find_in_demands
from rules.lint.follow_ups import find_in_follow_ups
from rules.lint.overlaps import find_overlaps
from rules.lint.trying import InForce, find_untried
from rules.policy import Policy

__all__ = ["InForce", "lint"]


def lint(
    document: Document, policy: Policy, *, in_force: InForce | None = None
) -> list[Problem]:
    """Return what is doubtful about a policy, in the document's order.

    `policy` is what `document` was compiled into. `in_force` is what it would follow;
    None if that is not known, and nothing is said of what was never tried.
    """
    found = [
        *find_in_demands(document, policy),
        *find_in_conditions(document, policy),
        *find_in_follow_ups(document, policy),
    ]
    if in_force is not None:
        found += find_untried(document, policy, in_force)
        found += find_overlaps(document, policy, in_force.others)
    return sorted(set(found))
