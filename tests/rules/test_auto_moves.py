from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules.auto_moves import evidence_for, find_auto_move, plan_auto_move
from rules.model import (
    STAGE,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    Record,
    RuleId,
    Tally,
)
from rules.policy import AutoMove, Policy
from tests.builders import (
    GOAL,
    NOW,
    a_condition,
    a_policy,
    a_record,
    stage_id,
)

DAY = timedelta(days=1)
ENTERED = NOW - 2 * DAY
READY = {
    "decision_maker": "Jan de Vries",
    "amount": 5000.0,
    "close_date": date(2026, 12, 20),
}
MADE = RuleId("auto.quote-made")


def a_move(
    when: str = "quotes >= 1", enforcement: Enforcement = Enforcement.ENFORCE
) -> AutoMove:
    return AutoMove(
        id=MADE,
        from_stage=stage_id("demo"),
        to_stage=stage_id("quote_sent"),
        when=a_condition(when),
        enforcement=enforcement,
        goal=GOAL,
    )


def with_quote(at=NOW - DAY) -> Evidence:
    return Evidence(
        {kind: Tally() for kind in EvidenceKind}
        | {EvidenceKind.QUOTES: Tally(1, at), EvidenceKind.MEETINGS: Tally(1, at)}
    )


def found(
    record: Record | None = None,
    *,
    move: AutoMove | None = None,
    policy: Policy | None = None,
    before: Record | None = None,
    evidence: Evidence | None = None,
    told_at=None,
):
    record = record or a_record("demo", fields=READY)
    policy = policy or a_policy()
    policy = replace(policy, auto_moves=(move or a_move(),))
    return find_auto_move(
        policy,
        Change(before or record, record),
        evidence or with_quote(),
        since=ENTERED,
        told_at=told_at or {},
        now=NOW,
    )


def test_a_quote_that_was_made_moves_the_deal_on():
    move, verdict = found()
    assert (verdict.rule, verdict.enforcement) == (MADE, Enforcement.ENFORCE)
    planned = plan_auto_move(move, verdict)
    assert planned.put_back == {STAGE: stage_id("quote_sent")}
    assert planned.explain == (verdict,)
    assert planned.ask == ()


def test_a_deal_elsewhere_is_left_where_it_is():
    assert found(a_record("lead", fields=READY)) is None
    assert found(a_record("negotiation", fields=READY)) is None
    other = a_record("demo", fields=READY, pipeline="other")
    assert found(other) is None


def test_what_happened_before_it_came_here_moves_nothing():
    assert found(evidence=with_quote(ENTERED - DAY)) is None
    assert found(evidence=with_quote(ENTERED)) is None
    assert found(evidence=with_quote(ENTERED + timedelta(seconds=1))) is not None


def test_a_move_that_was_taken_back_is_not_made_again_for_the_same_quote():
    assert found(told_at={MADE: NOW - DAY / 2}) is None
    newer = with_quote(NOW - DAY / 4)
    assert found(told_at={MADE: NOW - DAY / 2}, evidence=newer) is not None


def test_a_rep_could_not_do_it_so_it_is_not_done():
    lacking = a_record("demo", fields={**READY, "amount": None})
    assert found(lacking) is None
    gated = Evidence({**with_quote().tallies, EvidenceKind.QUOTES: Tally()})
    assert found(move=a_move("meetings >= 1"), evidence=gated) is None


def test_an_edit_that_makes_the_condition_true_moves_it_on():
    move = a_move("contract_date != null")
    before = a_record("demo", fields=READY)
    signed = a_record("demo", fields={**READY, "contract_date": date(2026, 11, 23)})
    assert found(signed, move=move, before=before) is not None
    assert found(signed, move=move, before=signed) is None
    arrived = replace(before, stage=stage_id("qualification"))
    assert found(signed, move=move, before=arrived) is None


@pytest.mark.parametrize("power", [Enforcement.OBSERVE, Enforcement.FLAG])
def test_less_power_moves_nothing(power: Enforcement):
    move, verdict = found(move=a_move(enforcement=power))
    planned = plan_auto_move(move, verdict)
    assert planned.put_back == {}
    is_asked = power is Enforcement.FLAG
    assert planned.ask == ((verdict,) if is_asked else ())
    assert planned.explain == planned.ask


def test_what_is_off_is_not_even_looked_for():
    off = a_move(enforcement=Enforcement.OFF)
    assert found(move=off) is None
    policy = a_policy(auto_moves=(off,))
    assert evidence_for(policy, a_record("demo")) == frozenset()


def test_an_old_deal_is_only_observed():
    policy = a_policy(since=NOW - DAY)
    _, verdict = found(policy=policy)
    assert verdict.enforcement is Enforcement.OBSERVE


def test_a_deal_that_the_policy_leaves_alone_is_left_alone():
    policy = a_policy(governs=a_condition("amount < 1000"))
    assert found(policy=policy) is None


def test_only_what_an_auto_move_reads_is_asked_for():
    policy = a_policy(auto_moves=(a_move("calls >= 1"),))
    asked = evidence_for(policy, a_record("demo"))
    assert asked == {EvidenceKind.CALLS, EvidenceKind.QUOTES}
    assert evidence_for(policy, a_record("lead")) == frozenset()
