"""How many changes a second one core judges by a policy of 20 rules.

Every change differs from its baseline: five in ten edit two fields that checks read,
four move a stage on and must meet what it requires, one skips three stages. The floor
compares the fields of the same records and does nothing else. The best of several
rounds counts, by the time of the processor: other work on the machine is left out.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from rules.judge import judge
from rules.model import Change, Evidence, RecordId, RecordRef
from rules.policy import Policy
from tests.bench.figure import Figure
from tests.builders import (
    NOW,
    a_change,
    a_check,
    a_policy,
    a_record,
    evidence_of,
)

CHANGES = 5_000
ROUNDS = 5
TARGET_PER_SECOND = 10_000

CONDITIONS = (
    "amount >= 0",
    "amount < 10000000",
    "discount >= 0",
    "discount <= 40",
    "probability >= 0",
    "probability <= 100",
    "close_date >= today",
    "amount < 100000 || discount <= 20",
    "decision_maker != currency",
    "discount < 30 || quotes >= 1",
)
FIELDS = {
    "amount": 12_500.0,
    "discount": 10.0,
    "probability": 40.0,
    "close_date": NOW.date().replace(year=2027),
    "decision_maker": "J. Smit",
    "currency": "EUR",
}
STEPS = (
    ("lead", "qualification"),
    ("qualification", "demo"),
    ("demo", "quote_sent"),
    ("quote_sent", "negotiation"),
)


def measure() -> Iterator[Figure]:
    """Judge."""
    policy, changes = the_policy(), the_changes()
    evidence = evidence_of(quotes=1, meetings=2, contacts=1)
    yield Figure(
        f"changes judged by {count_rules(policy)} rules",
        CHANGES / _best(lambda: _judge(policy, changes, evidence)),
        "/s",
        floor=CHANGES / _best(lambda: _compare(changes)),
        target=TARGET_PER_SECOND,
        is_more_better=True,
    )


def the_policy() -> Policy:
    """Return a policy of 20 rules."""
    checks = tuple(
        a_check(f"check-{number}", condition)
        for number, condition in enumerate(CONDITIONS)
    )
    return a_policy(checks=checks)


def count_rules(policy: Policy) -> int:
    """Return how many rules a policy has: moves, requirements, gates and checks."""
    moves = (policy.skip, policy.back, policy.born_late)
    return (
        sum(move is not None for move in moves)
        + sum(len(stage.requires) for stage in policy.stages)
        + sum(stage.gate is not None for stage in policy.stages)
        + len(policy.checks)
    )


def the_changes() -> list[Change]:
    """Return as many changes as are judged, each of a record of its own."""
    return [_change(number) for number in range(CHANGES)]


def _change(number: int) -> Change:
    kind = number % 10
    source, target = STEPS[number // 10 % len(STEPS)]
    if kind == 0:
        source, target = "lead", "negotiation"
    elif kind % 2:
        target = source
    before = a_record(source, fields=FIELDS)
    before = replace(before, ref=RecordRef(before.ref.kind, RecordId(str(number))))
    edited = {"amount": 13_000.0 + number, "discount": 15.0} if kind % 2 else {}
    after = replace(
        a_record(target, fields=FIELDS | edited), ref=before.ref, name=before.name
    )
    return a_change(before, after)


def _judge(policy: Policy, changes: list[Change], evidence: Evidence) -> None:
    for change in changes:
        judge(policy, change, evidence, NOW)


def _compare(changes: list[Change]) -> int:
    return sum(
        change.before is not None and change.before.fields != change.after.fields
        for change in changes
    )


def _best(act: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        begun_at = time.process_time()
        act()
        took.append(time.process_time() - begun_at)
    return min(took)
