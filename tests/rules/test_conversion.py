from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules.conversion import EARLY, LATE, judge_conversion, seed_evidence
from rules.evidence import needs
from rules.judge import judge
from rules.model import Enforcement, Evidence, EvidenceKind, Kind, Record, Result
from rules.policy import Conversion, MoveRule, Policy
from rules.wording import reason_text
from tests.builders import (
    NOW,
    a_change,
    a_condition,
    a_policy,
    a_record,
    a_stage,
    evidence_of,
)

SEED = "quotes >= 1 || contract_date != null"
NOTHING = evidence_of()
QUOTED = evidence_of(quotes=1)


def the_policy(power: Enforcement = Enforcement.FLAG, **changes) -> Policy:
    stages = (
        a_stage("lead", 0),
        a_stage("qualification", 1),
        replace(a_stage("won", 2, label="Converted", is_closed=True), is_won=True),
        a_stage("lost", None, is_closed=True),
    )
    conversion = Conversion(
        a_condition(SEED),
        late=MoveRule(LATE, power),
        early=MoveRule(EARLY, power),
    )
    return a_policy(kind=Kind.DEAL, stages=stages, conversion=conversion, **changes)


def judged(
    record: Record,
    evidence: Evidence = QUOTED,
    *,
    policy: Policy | None = None,
    told=frozenset(),
):
    return judge_conversion(
        policy or the_policy(), record, evidence, told=told, now=NOW
    )


def test_a_quote_on_a_lead_that_nobody_converts_is_told():
    verdict = judged(a_record("qualification"))
    assert (verdict.rule, verdict.result) == (LATE, Result.FAIL)
    assert verdict.enforcement is Enforcement.FLAG
    assert reason_text(verdict.reason, the_policy(), "en").startswith(
        "What makes a lead an account is there:"
    )


def test_a_contract_counts_as_well():
    signed = a_record("lead", fields={"contract_date": date(2026, 11, 1)})
    assert judged(signed, NOTHING).rule == LATE


def test_a_lead_without_the_seed_is_in_order():
    assert judged(a_record("lead"), NOTHING) is None


@pytest.mark.parametrize("stage", ["won", "lost", "elsewhere", None])
def test_only_an_open_lead_of_the_policy_can_be_late(stage: str | None):
    assert judged(a_record(stage)) is None


def test_what_was_told_is_not_told_again_and_passes_once_it_is_over():
    assert judged(a_record("lead"), told={LATE}) is None
    over = judged(a_record("won"), told={LATE})
    assert (over.rule, over.result) == (LATE, Result.PASS)
    withdrawn = judged(a_record("lead"), NOTHING, told={LATE})
    assert (withdrawn.rule, withdrawn.result) == (LATE, Result.PASS)


def test_a_conversion_without_the_seed_fails_and_with_it_passes():
    change = a_change("qualification", "won")
    for evidence, result in ((NOTHING, Result.FAIL), (QUOTED, Result.PASS)):
        verdicts = {
            one.rule: one for one in judge(the_policy(), change, evidence, NOW).verdicts
        }
        assert verdicts[EARLY].result is result


def test_an_early_conversion_is_put_right_by_the_quote():
    found = judged(a_record("won"), QUOTED, told={EARLY})
    assert (found.rule, found.result) == (EARLY, Result.PASS)
    assert judged(a_record("won"), NOTHING, told={EARLY}) is None


def test_other_moves_are_no_conversion():
    for change in (a_change("lead", "qualification"), a_change("lead", "lost")):
        found = judge(the_policy(), change, NOTHING, NOW).verdicts
        assert EARLY not in {one.rule for one in found}


def test_an_old_lead_is_only_observed_and_what_is_off_says_nothing():
    old = the_policy(since=NOW + timedelta(days=1))
    assert judged(a_record("lead"), policy=old).enforcement is Enforcement.OBSERVE
    assert judged(a_record("lead"), policy=the_policy(Enforcement.OFF)) is None


def test_the_evidence_of_the_seed_is_asked_for():
    policy = the_policy()
    assert seed_evidence(policy, a_record("lead")) == {EvidenceKind.QUOTES}
    assert seed_evidence(policy, a_record(None)) == frozenset()
    converting = a_change("qualification", "won")
    assert needs(policy, converting, NOW) == {EvidenceKind.QUOTES}
