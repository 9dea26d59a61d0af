"""Records as they stand: what time has made false, and what is met by now."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import next_day_at
from rules.demands import people_id
from rules.interventions import plan
from rules.model import (
    NO_EVIDENCE,
    ActorClass,
    Enforcement,
    Evidence,
    EvidenceKind,
    PipelineId,
    ReasonCode,
    Record,
    Result,
    RuleId,
)
from rules.policy import Calendar, Policy
from rules.standing import (
    evidence_standing,
    find_met,
    judge_standing,
    may_fail,
    stages_with_time,
    untold,
)
from rules.wording import reason_text
from tests.builders import (
    NOW,
    a_check,
    a_condition,
    a_policy,
    a_record,
    a_stage,
    evidence_of,
)
from tests.rules.generating import evidences, policies, records, thoroughly

YESTERDAY, TODAY = date(2026, 11, 23), date(2026, 11, 24)
AHEAD = a_check("ahead", "close_date >= today", while_open=True)
POLICY = a_policy(checks=(AHEAD, a_check("positive", "amount >= 0")))


def a_deal(stage: str = "demo", **fields) -> Record:
    return a_record(stage, fields=fields)


def failing(
    record: Record, policy: Policy = POLICY, evidence: Evidence = NO_EVIDENCE
) -> list[str]:
    return [one.rule for one in judge_standing(policy, record, evidence, NOW).failed()]


@pytest.mark.parametrize(
    ("day", "fails"), [(YESTERDAY, ["check.ahead"]), (TODAY, []), (None, [])]
)
def test_a_close_date_that_has_passed_fails_without_an_edit(day, fails):
    assert failing(a_deal(close_date=day)) == fails


def test_only_what_reads_the_time_is_judged_without_an_edit():
    assert failing(a_deal(amount=-5.0, close_date=TODAY)) == []


def test_what_fails_by_time_is_flagged_and_never_put_back():
    judgement = judge_standing(POLICY, a_deal(close_date=YESTERDAY), NO_EVIDENCE, NOW)
    [verdict] = judgement.failed()
    assert verdict.enforcement is Enforcement.FLAG
    assert (judgement.return_to, judgement.restore) == (None, {})
    planned = plan(POLICY, judgement)
    assert planned.put_back == {}
    assert planned.ask == planned.explain == (verdict,)


def test_the_reason_says_how_it_stands_and_what_was_agreed():
    [verdict] = judge_standing(
        POLICY, a_deal(close_date=YESTERDAY), NO_EVIDENCE, NOW
    ).failed()
    assert verdict.reason.code is ReasonCode.CHECK_NOT_MET
    assert reason_text(verdict.reason, POLICY, "en") == (
        "Close date is 23 November 2026. What we agreed: Close date on or after today."
    )
    assert reason_text(verdict.reason, POLICY, "nl") == (
        "Close date is 23 november 2026. We hebben afgesproken: Close date op of na"
        " vandaag."
    )


@pytest.mark.parametrize(
    ("policy", "record"),
    [
        (POLICY, a_deal("won", close_date=YESTERDAY)),
        (POLICY, a_deal("archived", close_date=YESTERDAY)),
        (
            POLICY,
            replace(a_deal(close_date=YESTERDAY), pipeline=PipelineId("service")),
        ),
        (
            replace(POLICY, governs=a_condition("amount < 1000")),
            a_deal(close_date=YESTERDAY, amount=5000.0),
        ),
        (
            a_policy(checks=(replace(AHEAD, enforcement=Enforcement.OFF),)),
            a_deal(close_date=YESTERDAY),
        ),
        (
            a_policy(checks=(replace(AHEAD, actors=frozenset({ActorClass.IMPORT})),)),
            a_deal(close_date=YESTERDAY),
        ),
        (
            a_policy(checks=(a_check("a", AHEAD.condition.text, stages=("lead",)),)),
            a_deal(close_date=YESTERDAY),
        ),
    ],
    ids=["closed", "astray", "elsewhere", "not governed", "off", "actors", "stage"],
)
def test_what_the_policy_does_not_speak_of_is_left_alone(policy, record):
    assert failing(record, policy) == []
    assert [one for one in may_fail(policy, record, NOW) if one.enforcement] == []


def test_a_record_older_than_the_policy_is_only_observed():
    policy = replace(POLICY, since=NOW)
    [verdict] = judge_standing(
        policy, a_deal(close_date=YESTERDAY), NO_EVIDENCE, NOW
    ).failed()
    assert verdict.enforcement is Enforcement.OBSERVE


def test_what_may_be_true_by_what_is_linked_needs_a_look():
    check = a_check("met", "close_date >= today || meetings >= 1")
    policy = a_policy(checks=(check,))
    late, ahead = a_deal(close_date=YESTERDAY), a_deal(close_date=TODAY)
    assert [one.rule for one in may_fail(policy, late, NOW)] == ["check.met"]
    assert may_fail(policy, ahead, NOW) == []
    assert evidence_standing(policy, late, ()) == {"meetings"}
    assert failing(late, policy, evidence_of(meetings=1)) == []
    assert failing(late, policy, evidence_of()) == ["check.met"]


def test_the_stages_in_which_time_counts_are_those_that_its_checks_are_for():
    assert {stage.key for stage in stages_with_time(POLICY)} == {
        "lead",
        "qualification",
        "demo",
        "quote_sent",
        "negotiation",
    }
    assert stages_with_time(a_policy()) == []


def test_a_fault_is_told_again_only_when_its_rule_has_more_power_than_before():
    [verdict] = judge_standing(
        POLICY, a_deal(close_date=YESTERDAY), NO_EVIDENCE, NOW
    ).failed()
    observed = {verdict.rule: Enforcement.OBSERVE}
    flagged = {verdict.rule: Enforcement.FLAG}
    assert untold([verdict], {}) == untold([verdict], observed) == (verdict,)
    assert untold([verdict], flagged) == ()


MET_RULES = [
    RuleId(rule)
    for rule in (
        "stage.qualification.requires.decision_maker",
        "stage.demo.gate",
        "check.positive",
        "check.ahead",
        "move.skip",
    )
]


def met(record: Record, evidence: Evidence, policy: Policy = POLICY) -> set[str]:
    return set(find_met(policy, record, MET_RULES, evidence, NOW))


def test_what_is_there_by_now_is_met_and_the_rest_stands():
    record = a_deal(decision_maker="Jan", amount=-1.0, close_date=TODAY)
    assert met(record, evidence_of(meetings=1)) == {
        "stage.qualification.requires.decision_maker",
        "stage.demo.gate",
        "check.ahead",
    }
    late = a_deal(amount=-1.0, close_date=YESTERDAY)
    assert met(late, evidence_of()) == set()


def test_what_waits_for_evidence_is_not_met():
    assert "stage.demo.gate" not in met(a_deal(), NO_EVIDENCE)


def test_a_check_on_a_field_that_is_empty_by_now_is_over():
    assert "check.ahead" in met(a_deal(close_date=None), NO_EVIDENCE)
    check = a_check("ahead", "close_date >= today || meetings >= 1")
    waiting = a_deal(close_date=YESTERDAY)
    assert "check.ahead" not in met(waiting, NO_EVIDENCE, a_policy(checks=(check,)))


def test_what_no_longer_speaks_of_the_record_is_over():
    gone = replace(POLICY, checks=(), stages=(a_stage("demo", 0),))
    assert met(a_deal(), NO_EVIDENCE, gone) == set(MET_RULES) - {"move.skip"}
    elsewhere = replace(a_deal(), pipeline=PipelineId("service"))
    assert met(elsewhere, NO_EVIDENCE) == set(MET_RULES) - {"move.skip"}


@pytest.mark.parametrize(
    ("zone", "ends"),
    [("Europe/Amsterdam", "2026-11-24T23:00"), ("Asia/Tokyo", "2026-11-24T15:00")],
)
def test_the_next_day_begins_at_midnight_in_the_calendars_zone(zone, ends):
    found = next_day_at(NOW, Calendar(timezone=zone))
    assert found.isoformat().startswith(ends)
    assert found > NOW


@thoroughly
@given(policies(), records(), evidences, st.timedeltas(timedelta(0), timedelta(900)))
def test_judging_what_stands_never_raises_and_never_puts_anything_back(
    policy, record, evidence, later
):
    now = NOW + later
    judgement = judge_standing(policy, record, evidence, now)
    assert judgement.return_to is None
    assert not judgement.restore
    assert judgement.failed(Enforcement.ENFORCE) == []
    # What fails was in doubt, so that the daily round finds it.
    failed = {one.rule for one in judgement.verdicts if one.result is Result.FAIL}
    assert failed <= {one.rule for one in may_fail(policy, record, now)}
    # What fails is not met.
    assert not find_met(policy, record, failed, evidence, now)


@thoroughly
@given(policies(), records(), evidences)
def test_evidence_that_was_not_asked_for_changes_nothing_that_stands(
    policy, record, evidence
):
    rules = [check.id for check in policy.checks] + [
        RuleId(f"stage.{stage.key}.gate") for stage in policy.stages
    ]
    wanted = evidence_standing(policy, record, rules)
    kept = Evidence({k: v for k, v in evidence.tallies.items() if k in wanted})
    assert judge_standing(policy, record, kept, NOW) == judge_standing(
        policy, record, evidence, NOW
    )
    assert find_met(policy, record, rules, kept, NOW) == find_met(
        policy, record, rules, evidence, NOW
    )


def test_people_who_are_asked_for_are_met_when_they_are_there():
    won = replace(
        a_stage("won", 0), people={EvidenceKind.CONTACTS: a_condition("contacts >= 2")}
    )
    policy = a_policy(stages=(won,))
    rule = people_id(won, EvidenceKind.CONTACTS)
    record = a_deal("won")
    assert evidence_standing(policy, record, [rule]) == {EvidenceKind.CONTACTS}
    one, two = evidence_of(contacts=1), evidence_of(contacts=2)
    assert find_met(policy, record, [rule], one, NOW) == frozenset()
    assert find_met(policy, record, [rule], two, NOW) == {rule}
