"""Two policies on records as they stand."""

from dataclasses import replace
from datetime import date

import pytest

from rules.model import NO_EVIDENCE, Enforcement, Evidence, FieldName, PipelineId
from rules.policy import Placeholders
from rules.previewing import Effect, Pair, Preview
from tests.builders import (
    LONG_AGO,
    NOW,
    a_check,
    a_condition,
    a_policy,
    a_record,
    a_stage,
    evidence_of,
)

ALL_FILLED = {
    "amount": 5.0,
    "decision_maker": "Ann",
    "close_date": date(2027, 1, 1),
    "contract_date": date(2027, 1, 1),
    "lost_reason": "Price",
}


def shifts(before, after, record, evidence: Evidence = NO_EVIDENCE):
    return [
        (str(one.rule), one.effect, one.was, one.now)
        for one in Pair(before, after).shifts(record, evidence, NOW)
    ]


OFF, OBSERVE, FLAG, ENFORCE = Enforcement


def checking(condition: str, enforcement: Enforcement = ENFORCE):
    return a_policy(checks=(a_check("c", condition, enforcement=enforcement),))


def test_the_same_policy_judges_nothing_differently():
    record = a_record("quote_sent", fields={"amount": -5.0})
    assert shifts(a_policy(), a_policy(), record) == []


def test_a_new_demand_that_is_not_met_fails():
    record = a_record("lead", fields={"amount": -5.0})
    assert shifts(a_policy(checks=()), checking("amount > 0"), record) == [
        ("check.c", Effect.FAILS, OFF, ENFORCE)
    ]


def test_a_demand_that_goes_or_is_met_fails_no_longer():
    record = a_record("lead", fields={"amount": -5.0})
    strict = checking("amount > 0")
    assert shifts(strict, a_policy(checks=()), record) == [
        ("check.c", Effect.PASSES, ENFORCE, OFF)
    ]
    assert shifts(strict, checking("amount > -9"), record) == [
        ("check.c", Effect.PASSES, ENFORCE, ENFORCE)
    ]


def test_more_power_over_the_same_failure_is_a_difference():
    record = a_record("lead", fields={"amount": -5.0})
    assert shifts(checking("amount > 0", FLAG), checking("amount > 0"), record) == [
        ("check.c", Effect.POWER, FLAG, ENFORCE)
    ]
    fine = a_record("lead", fields={"amount": 5.0})
    assert shifts(checking("amount > 0", FLAG), checking("amount > 0"), fine) == []


def test_everything_that_a_stage_requires_is_judged_where_the_record_stands():
    record = a_record("quote_sent", fields={"decision_maker": "nvt"})
    found = shifts(None, a_policy(), record, evidence_of())
    assert [rule for rule, _, _, _ in found] == [
        "stage.qualification.requires.decision_maker",
        "stage.quote_sent.gate",
        "stage.quote_sent.requires.amount",
        "stage.quote_sent.requires.close_date",
    ]


def test_what_was_created_before_the_policy_counts_as_well():
    after = a_policy(since=NOW)
    record = a_record("qualification", created_at=LONG_AGO)
    assert shifts(None, after, record) == [
        (
            "stage.qualification.requires.decision_maker",
            Effect.FAILS,
            OFF,
            ENFORCE,
        )
    ]


def test_evidence_that_was_not_asked_for_is_not_known():
    record = a_record("demo", fields={"decision_maker": "Ann"})
    gate = ("stage.demo.gate", Effect.UNKNOWN, OFF, ENFORCE)
    assert shifts(None, a_policy(), record) == [gate]
    assert shifts(None, a_policy(), record, evidence_of(meetings=1)) == []
    assert shifts(None, a_policy(), record, evidence_of()) == [
        ("stage.demo.gate", Effect.FAILS, OFF, ENFORCE)
    ]


def test_a_gate_that_is_another_one_is_not_known_in_either():
    record = a_record("demo", fields={"decision_maker": "Ann"})
    other = replace(
        a_policy(),
        stages=tuple(
            replace(one, gate=a_condition("meetings >= 2"))
            if one.key == "demo"
            else one
            for one in a_policy().stages
        ),
    )
    assert shifts(a_policy(), other, record) == [
        ("stage.demo.gate", Effect.UNKNOWN, ENFORCE, ENFORCE)
    ]


def test_a_gate_that_is_the_same_is_no_difference_though_it_is_not_known():
    record = a_record("demo", fields={"decision_maker": "Ann"})
    assert shifts(a_policy(), a_policy(), record) == []


@pytest.mark.parametrize("condition", ["discount == null", "discount > 1"])
def test_a_field_that_was_never_read_is_not_known_to_be_empty(condition: str):
    record = a_record("lead")
    kept = {name: one for name, one in record.fields.items() if name != "discount"}
    record = replace(record, fields=kept)
    assert shifts(a_policy(checks=()), checking(condition), record) == [
        ("check.c", Effect.UNKNOWN, OFF, ENFORCE)
    ]
    stages = (a_stage("lead", 0, requires=("discount",)),)
    assert shifts(None, a_policy(stages=stages, checks=()), record) == [
        ("stage.lead.requires.discount", Effect.UNKNOWN, OFF, ENFORCE)
    ]


def test_a_setting_that_changes_what_is_an_answer_is_judged_by_every_rule():
    record = a_record("qualification", fields={"decision_maker": "nvt"})
    name = FieldName("decision_maker")
    after = a_policy(placeholders=Placeholders(allowed=frozenset({(name, "nvt")})))
    assert shifts(a_policy(), after, record) == [
        (
            "stage.qualification.requires.decision_maker",
            Effect.PASSES,
            ENFORCE,
            ENFORCE,
        )
    ]


def test_a_rule_that_was_off_is_not_taken_to_have_judged():
    record = a_record("lead", fields={"amount": -5.0})
    assert shifts(checking("amount > 0", OFF), checking("amount > 0"), record) == [
        ("check.c", Effect.FAILS, OFF, ENFORCE)
    ]


def test_a_record_that_is_left_alone_fails_nothing():
    record = a_record("lead", fields={"amount": -5.0})
    strict = checking("amount > 0")
    spared = replace(strict, governs=a_condition("amount > -1"))
    assert shifts(strict, spared, record) == [
        ("check.c", Effect.PASSES, ENFORCE, ENFORCE)
    ]
    elsewhere = replace(record, pipeline=PipelineId("other"))
    assert shifts(None, strict, elsewhere) == []


def test_how_a_record_came_there_is_not_judged():
    record = a_record("won", fields=ALL_FILLED)
    assert shifts(None, a_policy(), record, evidence_of(quotes=1, meetings=1)) == []


def test_the_evidence_that_it_takes_is_that_of_the_stage():
    preview = Preview(a_policy())
    assert preview.needs(a_record("lead"), NOW) == frozenset()
    wanted = preview.needs(a_record("demo"), NOW)
    assert "meetings" in wanted
    assert preview.power_of("move.skip") is ENFORCE
    assert FieldName("amount") in preview.policy.fields
