from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rules.evidence import needs
from rules.judge import STAGE_UNKNOWN, judge
from rules.model import (
    NO_EVIDENCE,
    Actor,
    ActorClass,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    FieldName,
    Judgement,
    Kind,
    PipelineId,
    ReasonCode,
    RecordId,
    RecordRef,
    Result,
    TextUse,
    Verdict,
)
from rules.path import judge_path
from rules.policy import OnFail, Placeholders, Policy
from tests.builders import (
    LONG_AGO,
    NOW,
    a_change,
    a_check,
    a_condition,
    a_move_rule,
    a_policy,
    a_record,
    a_stage,
    an_allow,
    evidence_of,
    stage_id,
    the_stages,
)

FULL = {
    "decision_maker": "Jan de Vries",
    "amount": 5000.0,
    "close_date": date(2026, 12, 20),
    "contract_date": date(2026, 12, 1),
    "lost_reason": "Chose another supplier",
}
ALL = evidence_of(meetings=1, quotes=1, calls=1, emails=1, contacts=2)


def judged(
    change: Change,
    *,
    policy: Policy | None = None,
    evidence: Evidence = ALL,
    now: datetime = NOW,
) -> Judgement:
    return judge(policy or a_policy(), change, evidence, now)


def failures(judgement: Judgement) -> list[str]:
    return [verdict.rule for verdict in judgement.failed()]


def verdict_of(judgement: Judgement, rule: str) -> Verdict:
    return next(one for one in judgement.verdicts if one.rule == rule)


# Who is judged at all


def test_a_record_of_another_pipeline_is_not_governed():
    elsewhere = a_record("won", pipeline=PipelineId("service"))
    judgement = judged(a_change(a_record("lead"), elsewhere))
    assert not judgement.is_governed
    assert judgement.verdicts == ()


def test_a_record_of_another_kind_is_not_governed():
    contact = a_record("won", ref=RecordRef(Kind.CONTACT, RecordId("7")))
    assert not judged(a_change("lead", contact)).is_governed


@pytest.mark.parametrize(
    ("amount", "is_governed"), [(2_000_000.0, False), (500.0, True), (None, True)]
)
def test_governs_leaves_a_record_alone_only_if_it_is_decided_false(amount, is_governed):
    policy = a_policy(governs=a_condition("amount < 1000000"))
    change = a_change("lead", "quote_sent", fields={**FULL, "amount": amount})
    assert judged(change, policy=policy).is_governed is is_governed


def test_the_first_look_at_an_old_record_is_history():
    judgement = judged(a_change(None, "won"))
    assert judgement.is_governed
    assert judgement.verdicts == ()


def test_a_move_to_a_stage_that_is_not_in_the_policy_is_only_reported():
    judgement = judged(a_change("lead", "archived"))
    (verdict,) = judgement.verdicts
    assert verdict.rule == STAGE_UNKNOWN
    assert verdict.result is Result.ERROR
    assert verdict.reason.code is ReasonCode.STAGE_UNKNOWN
    assert judgement.return_to is None


def test_an_edit_in_a_stage_that_is_not_in_the_policy_is_not_judged():
    before = a_record("archived", fields={"amount": 5.0})
    after = a_record("archived", fields={"amount": -5.0})
    assert judged(a_change(before, after)).verdicts == ()


def test_our_own_writes_fail_nothing():
    ourselves = Actor(ActorClass.OURSELVES)
    judgement = judged(a_change("lead", "quote_sent", actor=ourselves))
    assert failures(judgement) == []
    assert judgement.return_to is None


# Forward


def test_one_step_forward_with_everything_in_place_passes():
    judgement = judged(a_change("demo", "quote_sent", fields=FULL))
    assert {verdict.result for verdict in judgement.verdicts} == {Result.PASS}
    assert judgement.return_to is None


def test_a_skip_goes_back_and_names_what_was_skipped():
    judgement = judged(a_change("lead", "quote_sent", fields=FULL))
    assert failures(judgement) == ["move.skip"]
    reason = verdict_of(judgement, "move.skip").reason
    assert reason.code is ReasonCode.STAGES_SKIPPED
    assert reason.facts == {
        "from": "Lead",
        "to": "Quote sent",
        "skipped": "Qualification, Demo",
    }
    assert judgement.return_to == stage_id("lead")
    assert judgement.wanted is None


def test_an_allowed_skip_passes_and_says_why():
    allow = an_allow(
        "demo", "negotiation", when="amount < 1000", why="Small deals need no quote"
    )
    policy = a_policy(allow=(allow,))
    small = a_change("demo", "negotiation", fields={**FULL, "amount": 500.0})
    verdict = verdict_of(judged(small, policy=policy), "move.skip")
    assert verdict.result is Result.PASS
    assert verdict.reason.facts == {"why": "Small deals need no quote"}
    large = a_change("demo", "negotiation", fields={**FULL, "amount": 5000.0})
    assert failures(judged(large, policy=policy)) == ["move.skip"]


def test_an_allow_that_cannot_be_decided_permits_nothing():
    allow = an_allow("demo", "negotiation", when="discount < 10", why="No discount")
    policy = a_policy(allow=(allow,))
    change = a_change("demo", "negotiation", fields=FULL)
    assert failures(judged(change, policy=policy)) == ["move.skip"]


def test_only_what_is_missing_fails_each_under_the_stage_that_demands_it():
    change = a_change("demo", "quote_sent", fields={"amount": 100.0})
    judgement = judged(change)
    assert failures(judgement) == [
        "stage.qualification.requires.decision_maker",
        "stage.quote_sent.requires.close_date",
    ]
    assert verdict_of(judgement, "stage.quote_sent.requires.amount").result is (
        Result.PASS
    )
    assert judgement.return_to == stage_id("demo")
    assert judgement.wanted == stage_id("quote_sent")


@pytest.mark.parametrize("value", ["n.v.t.", "x", "tbd"])
def test_a_placeholder_does_not_count_as_filled(value):
    change = a_change("lead", "qualification", fields={"decision_maker": value})
    verdict = verdict_of(judged(change), "stage.qualification.requires.decision_maker")
    assert verdict.reason.code is ReasonCode.FIELD_PLACEHOLDER
    assert verdict.reason.facts["value"] == value
    assert verdict.reason.facts["why"]


@pytest.mark.parametrize("value", [0.0, False, date(2026, 1, 1)])
def test_zero_and_no_count_as_filled(value):
    stages = (a_stage("lead", 0), a_stage("demo", 1, requires=("amount",)))
    change = a_change("lead", "demo", fields={"amount": value})
    assert failures(judged(change, policy=a_policy(stages=stages))) == []


def test_a_blank_text_counts_as_empty():
    change = a_change("lead", "qualification", fields={"decision_maker": "  \n"})
    verdict = verdict_of(judged(change), "stage.qualification.requires.decision_maker")
    assert verdict.reason.code is ReasonCode.FIELD_EMPTY


def test_a_gate_without_its_evidence_holds_the_move():
    change = a_change("demo", "quote_sent", fields=FULL)
    judgement = judged(change, evidence=evidence_of(meetings=1))
    assert failures(judgement) == ["stage.quote_sent.gate"]
    assert judgement.wanted == stage_id("quote_sent")


def test_a_gate_that_cannot_be_decided_is_skipped_and_names_what_is_empty():
    stages = (a_stage("lead", 0), a_stage("demo", 1, gate="amount >= 10"))
    judgement = judged(a_change("lead", "demo"), policy=a_policy(stages=stages))
    verdict = verdict_of(judgement, "stage.demo.gate")
    assert verdict.result is Result.SKIP
    assert verdict.reason.facts == {"condition": "amount >= 10", "field": "amount"}
    assert judgement.return_to is None


def test_evidence_that_nobody_asked_for_fails_no_gate():
    change = a_change("demo", "quote_sent", fields=FULL)
    judgement = judged(change, evidence=NO_EVIDENCE)
    assert verdict_of(judgement, "stage.quote_sent.gate").result is Result.SKIP


# Back, aside, and from elsewhere


def test_a_move_back_is_judged_and_the_requirements_are_not():
    judgement = judged(a_change("negotiation", "demo"))
    assert failures(judgement) == ["move.back"]
    assert verdict_of(judgement, "move.back").reason.facts == {
        "from": "Negotiation",
        "to": "Demo",
    }
    assert judgement.return_to == stage_id("negotiation")
    assert judgement.wanted is None


def test_a_stage_beside_the_path_has_no_order_and_only_its_own_requirements():
    judgement = judged(a_change("lead", "lost"))
    assert failures(judgement) == ["stage.lost.requires.lost_reason"]
    assert not any(one.rule.startswith("move.") for one in judgement.verdicts)
    assert judgement.wanted == stage_id("lost")


def test_reopening_is_a_move_back_that_has_to_meet_the_stage():
    judgement = judged(a_change("lost", "qualification"))
    assert failures(judgement) == [
        "move.back",
        "stage.qualification.requires.decision_maker",
    ]
    assert judgement.wanted is None


def test_from_a_stage_outside_the_policy_only_the_requirements_count():
    judgement = judged(a_change("archived", "won"))
    assert "move.skip" not in {verdict.rule for verdict in judgement.verdicts}
    assert "stage.won.requires.contract_date" in failures(judgement)


def test_coming_from_another_pipeline_is_flagged_at_most():
    before = a_record("intake", pipeline=PipelineId("service"))
    judgement = judged(a_change(before, a_record("won")))
    assert failures(judgement)
    assert judgement.failed(Enforcement.ENFORCE) == []
    assert not any(one.rule.startswith("move.") for one in judgement.verdicts)
    assert judgement.return_to is None


# Born


def test_a_record_born_in_the_first_stage_is_fine():
    judgement = judged(a_change(None, "lead", is_new=True))
    assert verdict_of(judgement, "move.born_late").result is Result.PASS


def test_a_record_born_late_goes_to_the_furthest_stage_it_qualifies_for():
    fields = {"decision_maker": "Jan de Vries"}
    change = a_change(None, "won", fields=fields, is_new=True)
    judgement = judged(change)
    assert "move.born_late" in failures(judgement)
    assert verdict_of(judgement, "move.born_late").reason.facts == {
        "stage": "Won",
        "furthest": "Demo",
    }
    assert judgement.return_to == stage_id("demo")
    assert judgement.wanted is None


def test_a_gate_on_the_way_stops_a_newborn_record():
    change = a_change(None, "quote_sent", fields=FULL, is_new=True)
    judgement = judged(change, evidence=evidence_of(quotes=1))
    assert judgement.return_to == stage_id("qualification")


def test_a_record_born_late_that_qualifies_may_stay():
    change = a_change(None, "quote_sent", fields=FULL, is_new=True)
    assert failures(judged(change)) == []


def test_a_record_born_beside_the_path_is_judged_by_its_own_requirements():
    judgement = judged(a_change(None, "lost", is_new=True))
    assert failures(judgement) == ["stage.lost.requires.lost_reason"]
    assert judgement.return_to == stage_id("lead")
    assert judgement.wanted == stage_id("lost")


def test_a_record_born_in_the_first_stage_has_nowhere_to_go_back_to():
    stages = (a_stage("lead", 0, requires=("amount",)),)
    judgement = judged(
        a_change(None, "lead", is_new=True), policy=a_policy(stages=stages)
    )
    assert failures(judgement) == ["stage.lead.requires.amount"]
    assert judgement.return_to is None


# Edits


def test_an_old_fault_blocks_no_unrelated_edit():
    before = a_record("negotiation", fields={"amount": -5.0})
    after = a_record("negotiation", fields={"amount": -5.0, "discount": 3.0})
    assert judged(a_change(before, after)).verdicts == ()


def test_emptying_a_required_field_puts_it_back():
    before = a_record("demo", fields={"decision_maker": "Jan de Vries"})
    judgement = judged(a_change(before, a_record("demo")))
    assert failures(judgement) == ["stage.qualification.requires.decision_maker"]
    assert judgement.restore == {"decision_maker": "Jan de Vries"}
    assert judgement.return_to is None


def test_a_placeholder_in_place_of_nothing_fails_and_has_nothing_to_put_back():
    after = a_record("demo", fields={"decision_maker": "nvt"})
    judgement = judged(a_change("demo", after))
    assert failures(judgement) == ["stage.qualification.requires.decision_maker"]
    assert judgement.restore == {}


def test_filling_a_required_field_passes_so_that_its_violation_can_close():
    after = a_record("demo", fields={"decision_maker": "Jan de Vries"})
    judgement = judged(a_change("demo", after))
    verdict = verdict_of(judgement, "stage.qualification.requires.decision_maker")
    assert verdict.result is Result.PASS


def test_a_field_that_only_a_later_stage_requires_may_be_emptied():
    before = a_record("lead", fields={"amount": 5.0})
    assert failures(judged(a_change(before, a_record("lead")))) == []


def test_a_failed_check_puts_back_what_changed():
    before = a_record("lead", fields={"amount": 100.0})
    after = a_record("lead", fields={"amount": -100.0})
    judgement = judged(a_change(before, after))
    assert failures(judgement) == ["check.amount-not-negative"]
    assert judgement.restore == {"amount": 100.0}
    reason = verdict_of(judgement, "check.amount-not-negative").reason
    assert reason.facts["old"] == 100.0
    assert reason.facts["new"] == -100.0


def test_a_flagged_check_puts_nothing_back():
    check = a_check("amount", "amount >= 0", on_fail=OnFail.FLAG)
    before = a_record("lead", fields={"amount": 100.0})
    after = a_record("lead", fields={"amount": -100.0})
    judgement = judged(a_change(before, after), policy=a_policy(checks=(check,)))
    assert judgement.restore == {}


def test_a_check_on_an_empty_field_is_skipped():
    before = a_record("lead", fields={"amount": 100.0})
    judgement = judged(a_change(before, a_record("lead")))
    verdict = verdict_of(judgement, "check.amount-not-negative")
    assert verdict.result is Result.SKIP
    assert verdict.reason.facts["field"] == "amount"


def test_a_check_while_open_is_skipped_in_a_closed_stage():
    check = a_check("date", "close_date >= today", while_open=True)
    before = a_record("won", fields={**FULL, "close_date": date(2026, 12, 1)})
    after = a_record("won", fields={**FULL, "close_date": date(2020, 1, 1)})
    judgement = judged(a_change(before, after), policy=a_policy(checks=(check,)))
    assert verdict_of(judgement, "check.date").result is Result.SKIP


def test_a_day_that_comes_as_an_instant_is_a_day_in_the_calendars_zone():
    check = a_check("date", "close_date >= today")
    # Half past midnight in Amsterdam: still yesterday in UTC.
    now = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    same_day = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    policy = a_policy(checks=(check,))
    for close_date, fails in ((same_day, []), (same_day - timedelta(hours=1), [check])):
        after = a_record("lead", fields={"close_date": close_date})
        judgement = judged(a_change("lead", after), policy=policy, now=now)
        assert failures(judgement) == [one.id for one in fails]


def test_what_two_checks_share_is_put_back_until_nothing_fails():
    checks = (
        a_check("a", "amount >= 0 && discount >= 0"),
        a_check("b", "discount <= probability"),
    )
    before = a_record(
        "lead", fields={"amount": 10.0, "discount": 50.0, "probability": 60.0}
    )
    after = a_record(
        "lead", fields={"amount": -10.0, "discount": 5.0, "probability": 20.0}
    )
    judgement = judged(a_change(before, after), policy=a_policy(checks=checks))
    assert judgement.restore == {
        "amount": 10.0,
        "discount": 50.0,
        "probability": 60.0,
    }


def test_a_newborn_records_values_are_checked_and_cannot_be_put_back():
    change = a_change(None, "lead", fields={"amount": -5.0}, is_new=True)
    judgement = judged(change)
    assert failures(judgement) == ["check.amount-not-negative"]
    assert judgement.restore == {}


def test_a_required_field_emptied_along_with_a_move_comes_back_with_it():
    before = a_record("negotiation", fields={"decision_maker": "Jan de Vries"})
    judgement = judged(a_change(before, a_record("demo")))
    assert judgement.return_to == stage_id("negotiation")
    assert judgement.restore == {"decision_maker": "Jan de Vries"}


# Enforcement


def test_a_record_older_than_the_policy_is_observed_only():
    policy = a_policy(since=LONG_AGO + timedelta(days=1))
    judgement = judged(a_change("lead", "won"), policy=policy)
    assert {one.enforcement for one in judgement.verdicts} == {Enforcement.OBSERVE}
    assert failures(judgement)
    assert judgement.return_to is None


def test_a_rule_that_is_off_says_nothing():
    policy = a_policy(
        stages=the_stages(Enforcement.OFF),
        skip=a_move_rule("skip", Enforcement.OFF),
        checks=(),
    )
    assert judged(a_change("lead", "won"), policy=policy).verdicts == ()


def test_a_policy_without_an_order_rule_gives_no_order_verdict():
    policy = a_policy(skip=None, back=None, born_late=None)
    assert failures(judged(a_change("lead", "won", fields=FULL), policy=policy)) == []
    assert judged(a_change("won", "lead", fields=FULL), policy=policy).verdicts == ()


@pytest.mark.parametrize("power", [Enforcement.OBSERVE, Enforcement.FLAG])
def test_below_enforce_a_skip_stands(power):
    policy = a_policy(enforcement=power)
    judgement = judged(a_change("lead", "won"), policy=policy)
    assert "move.skip" in failures(judgement)
    assert judgement.return_to is None
    assert judgement.wanted is None


def test_a_flagged_skip_and_an_enforced_lack_make_a_hold():
    policy = a_policy(skip=a_move_rule("skip", Enforcement.FLAG))
    judgement = judged(a_change("lead", "quote_sent"), policy=policy)
    assert judgement.return_to == stage_id("lead")
    assert judgement.wanted == stage_id("quote_sent")


# Evidence


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("demo", "quote_sent", {EvidenceKind.QUOTES}),
        ("lead", "demo", {EvidenceKind.MEETINGS}),
        ("quote_sent", "demo", set()),
        ("demo", "demo", set()),
        ("demo", "lost", set()),
        ("demo", "archived", set()),
        (None, "quote_sent", set()),
    ],
)
def test_evidence_is_asked_for_only_where_the_target_has_a_gate(before, after, wanted):
    assert needs(a_policy(), a_change(before, after), NOW) == wanted


def test_a_newborn_record_needs_the_evidence_of_every_gate_up_to_its_stage():
    change = a_change(None, "won", is_new=True)
    assert needs(a_policy(), change, NOW) == {
        EvidenceKind.MEETINGS,
        EvidenceKind.QUOTES,
    }


def test_a_plain_edit_needs_no_evidence():
    after = a_record("demo", fields={"amount": 3.0})
    assert needs(a_policy(), a_change("demo", after), NOW) == frozenset()


def test_a_check_on_evidence_needs_it_when_its_field_changes():
    check = a_check("big", "amount < 1000 || contacts >= 2")
    after = a_record("demo", fields={"amount": 3000.0})
    policy = a_policy(checks=(check,))
    assert needs(policy, a_change("demo", after), NOW) == {EvidenceKind.CONTACTS}
    renamed = replace(after, fields=a_record("demo").fields, name="Other")
    assert needs(policy, a_change("demo", renamed), NOW) == frozenset()


def test_the_condition_of_an_allow_needs_its_evidence():
    allow = an_allow("demo", "negotiation", when="calls >= 1", why="We called")
    policy = a_policy(allow=(allow,))
    assert needs(policy, a_change("demo", "negotiation"), NOW) == {EvidenceKind.CALLS}


def test_governs_needs_its_evidence_as_soon_as_anything_changed():
    policy = a_policy(governs=a_condition("contacts >= 1"))
    moved = a_change("demo", "lost")
    assert needs(policy, moved, NOW) == {EvidenceKind.CONTACTS}
    assert needs(policy, a_change("demo", "demo"), NOW) == frozenset()


def test_a_record_without_a_stage_is_not_judged():
    change = a_change(a_record(None), a_record(None, fields={"amount": -4.0}))
    assert judged(change).verdicts == ()
    assert judged(a_change("lead", a_record(None))).verdicts[0].rule == STAGE_UNKNOWN


# Whose changes a rule speaks of

PEOPLE_ONLY = frozenset({ActorClass.PERSON})


@pytest.mark.parametrize(
    ("kind", "fails"),
    [
        (ActorClass.PERSON, True),
        (ActorClass.WORKFLOW, False),
        (ActorClass.IMPORT, False),
        (ActorClass.UNKNOWN, False),
    ],
)
def test_a_rule_that_names_people_speaks_of_nobody_else(kind, fails):
    policy = a_policy(skip=replace(a_move_rule("skip"), actors=PEOPLE_ONLY))
    change = a_change("lead", "negotiation", fields=FULL, actor=Actor(kind))
    assert ("move.skip" in failures(judged(change, policy=policy))) is fails


def test_what_a_stage_demands_of_people_an_import_need_not_bring():
    demo = replace(a_stage("demo", 1, requires=("amount",)), actors=PEOPLE_ONLY)
    policy = a_policy(stages=(a_stage("lead", 0), demo))
    by_import = a_change("lead", "demo", actor=Actor(ActorClass.IMPORT))
    by_person = a_change("lead", "demo", actor=Actor(ActorClass.PERSON))
    assert failures(judged(by_import, policy=policy)) == []
    assert failures(judged(by_person, policy=policy)) == ["stage.demo.requires.amount"]


def test_a_check_on_what_integrations_write_leaves_people_alone():
    check = replace(
        a_check("amount", "amount >= 0"), actors=frozenset({ActorClass.INTEGRATION})
    )
    policy = a_policy(checks=(check,))
    after = a_record("lead", fields={"amount": -5.0})
    by_person = a_change("lead", after, actor=Actor(ActorClass.PERSON))
    by_integration = a_change("lead", after, actor=Actor(ActorClass.INTEGRATION))
    assert judged(by_person, policy=policy).verdicts == ()
    assert failures(judged(by_integration, policy=policy)) == [check.id]


# Checks for some stages

WON_IS_CERTAIN = a_check("won", "probability == 100", stages=("won",))


def test_a_check_for_a_stage_is_judged_when_a_record_enters_it():
    change = a_change("negotiation", "won", fields={**FULL, "probability": 40.0})
    judgement = judged(change, policy=a_policy(checks=(WON_IS_CERTAIN,)))
    assert failures(judgement) == ["check.won"]
    reason = verdict_of(judgement, "check.won").reason
    assert reason.code is ReasonCode.CHECK_NOT_MET
    assert reason.facts == {
        "check": "check.won",
        "condition": "probability == 100",
        "stage": "Won",
        "field": "probability",
        "value": 40.0,
    }
    # The former value belongs to the stage that was left.
    assert judgement.restore == {}
    assert judgement.return_to is None


def test_a_check_for_a_stage_says_nothing_in_others():
    after = a_record("demo", fields={"probability": 40.0})
    judgement = judged(
        a_change("demo", after), policy=a_policy(checks=(WON_IS_CERTAIN,))
    )
    assert verdict_of(judgement, "check.won").result is Result.SKIP


def test_an_edit_in_the_stage_of_a_check_is_put_back():
    before = a_record("won", fields={**FULL, "probability": 100.0})
    after = a_record("won", fields={**FULL, "probability": 90.0})
    judgement = judged(
        a_change(before, after), policy=a_policy(checks=(WON_IS_CERTAIN,))
    )
    assert judgement.restore == {"probability": 100.0}


def test_a_move_that_goes_back_is_not_judged_by_the_checks_of_where_it_led():
    change = a_change("lead", "won", fields={**FULL, "probability": 40.0})
    judgement = judged(change, policy=a_policy(checks=(WON_IS_CERTAIN,)))
    assert judgement.return_to == stage_id("lead")
    assert "check.won" not in failures(judgement)


def test_a_check_for_a_stage_on_what_is_linked_says_what_is_missing():
    check = a_check("call", "calls >= 1", stages=("qualification",))
    policy = a_policy(checks=(check,))
    change = a_change("lead", "qualification", fields=FULL)
    assert needs(policy, change, NOW) == {EvidenceKind.CALLS}
    reason = verdict_of(
        judged(change, policy=policy, evidence=evidence_of()), "check.call"
    ).reason
    assert reason.code is ReasonCode.GATE_NOT_MET
    assert reason.facts == {"stage": "Qualification", "condition": "calls >= 1"}


# Texts that many records have

RECEPTION = {"decision_maker": "Reception"}
DECISION_MAKER = FieldName("decision_maker")
REQUIRES_ONE = "stage.qualification.requires.decision_maker"


def counted(**use) -> Evidence:
    return replace(ALL, uses={DECISION_MAKER: TextUse("Reception", **use)})


@pytest.mark.parametrize(
    ("use", "fails"),
    [
        ({"others": 3}, False),
        ({"others": 4}, True),
        ({"share": 0.3}, False),
        ({"share": 0.31}, True),
    ],
)
def test_a_text_that_too_many_records_have_is_no_answer(use, fails):
    policy = a_policy(placeholders=Placeholders(repeated=5, share=0.3))
    change = a_change("lead", "qualification", fields=RECEPTION)
    judgement = judged(change, policy=policy, evidence=counted(**use))
    assert (REQUIRES_ONE in failures(judgement)) is fails


def test_counts_of_another_text_say_nothing():
    policy = a_policy(placeholders=Placeholders(repeated=5))
    change = a_change("lead", "qualification", fields={"decision_maker": "Jan"})
    judgement = judged(change, policy=policy, evidence=counted(others=9))
    assert failures(judgement) == []


def test_nothing_is_counted_unless_the_policy_says_so():
    change = a_change("lead", "qualification", fields=RECEPTION)
    assert failures(judged(change, evidence=counted(others=99, share=0.9))) == []


@pytest.mark.parametrize(
    ("allowed", "fails"),
    [
        ((None, "test"), False),
        ((DECISION_MAKER, "test"), False),
        ((FieldName("lost_reason"), "test"), True),
        ((None, "nvt"), True),
    ],
)
def test_a_text_that_is_allowed_is_an_answer(allowed, fails):
    policy = a_policy(placeholders=Placeholders(allowed=frozenset({allowed})))
    change = a_change("lead", "qualification", fields={"decision_maker": " TEST "})
    assert (REQUIRES_ONE in failures(judged(change, policy=policy))) is fails


# A way of several hands

PERSON, WORKFLOW = Actor(ActorClass.PERSON), Actor(ActorClass.WORKFLOW)


def way(*stages: str, movers: tuple[Actor, ...], policy: Policy) -> Judgement:
    """Judge a way from lead on, of which the last mover is told."""
    change = a_change("lead", stages[-1], fields=FULL, actor=movers[-1])
    path = [stage_id(one) for one in stages]
    return judge_path(policy, change, path, ALL, NOW, movers=movers)


def test_a_person_who_skips_is_held_though_a_workflow_went_on_from_there():
    policy = a_policy(skip=replace(a_move_rule("skip"), actors=PEOPLE_ONLY))
    found = way("demo", "quote_sent", movers=(PERSON, WORKFLOW), policy=policy)
    assert failures(found) == ["move.skip"]
    assert found.return_to == stage_id("lead")
    assert found.change.actor == PERSON


def test_a_workflow_that_skips_after_a_persons_step_leaves_the_step_alone():
    only_workflows = frozenset({ActorClass.WORKFLOW})
    policy = a_policy(skip=replace(a_move_rule("skip"), actors=only_workflows))
    movers = (PERSON, WORKFLOW)
    found = way("qualification", "negotiation", movers=movers, policy=policy)
    assert failures(found) == ["move.skip"]
    assert found.return_to == stage_id("qualification")
    assert found.change.actor == WORKFLOW


def test_what_everybody_may_do_is_fine_whoever_did_it():
    policy = a_policy(skip=replace(a_move_rule("skip"), actors=PEOPLE_ONLY))
    found = way(
        "qualification", "negotiation", movers=(PERSON, WORKFLOW), policy=policy
    )
    assert failures(found) == []
    assert found.return_to is None
