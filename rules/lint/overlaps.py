"""Policies that speak of the same records, so that only one of them is heard."""

from collections.abc import Iterator
from dataclasses import replace

from rules.document import Document, Problem
from rules.expressions import ConditionInvalid, compile_condition
from rules.lint.trial import try_out
from rules.policy import Policy


def find_overlaps(
    document: Document, policy: Policy, others: tuple[Policy, ...]
) -> Iterator[Problem]:
    """Yield each other policy that surely speaks of records that this one is for."""
    for other in others:
        if _is_beside(policy, other) and _share_records(policy, other):
            first = min(policy.process, other.process)
            yield document.source.problem(
                ("process",),
                f"{other.process} speaks of the same records, and then {first}, the"
                " first by name, is heard. Say with governs: which records each is"
                " for.",
            )


def _is_beside(policy: Policy, other: Policy) -> bool:
    pipelines = {policy.pipeline, other.pipeline}
    return other.kind is policy.kind and (None in pipelines or len(pipelines) == 1)


def _share_records(policy: Policy, other: Policy) -> bool:
    """Return whether some record is governed by both; False where nothing shows it."""
    conditions = [one for one in (policy.governs, other.governs) if one is not None]
    if not conditions:
        return True
    both = replace(policy, types={**other.types, **policy.types})
    text = " && ".join(f"({one.text})" for one in conditions)
    try:
        found = try_out(compile_condition(text, both.types), both)
    except ConditionInvalid:
        # Together they are longer than a condition may be.
        return False
    return found is not None and found.can_be_true
