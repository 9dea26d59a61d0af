"""A wanted move waits for what can come, and for nothing else."""

from dataclasses import replace
from datetime import timedelta

from rules.holds import Wish, WishState, can_move, judge_wish
from rules.model import ActorClass, Enforcement, PipelineId
from tests.builders import (
    NOW,
    a_condition,
    a_duration,
    a_move_rule,
    a_policy,
    a_record,
    a_stage,
    evidence_of,
    stage_id,
    the_stages,
)

FILLED = {"decision_maker": "J. Smit", "amount": 5.0, "close_date": NOW.date()}


def a_wish(from_key="demo", to_key="quote_sent", *, opened_at=NOW) -> Wish:
    return Wish(stage_id(from_key), stage_id(to_key), opened_at)


def state_of(policy, wish, record, *, quotes=0, now=NOW) -> WishState:
    return judge_wish(policy, wish, record, evidence_of(quotes=quotes), now).state


def test_what_is_missing_is_waited_for_and_named():
    found = judge_wish(
        a_policy(), a_wish(), a_record("demo", fields=FILLED), evidence_of(), NOW
    )
    assert found.state is WishState.WAITS
    assert [one.rule for one in found.lacks] == ["stage.quote_sent.gate"]


def test_what_has_come_lets_the_move_be_made_even_on_the_last_day():
    late = NOW + timedelta(days=31)
    record = a_record("demo", fields=FILLED)
    for now in (NOW, late):
        assert state_of(a_policy(), a_wish(), record, quotes=1, now=now) == "met"


def test_a_move_waits_as_long_as_the_policy_says():
    policy = a_policy(hold_keep=a_duration("5d"))
    record = a_record("demo", fields=FILLED)
    day = timedelta(days=1)
    assert state_of(policy, a_wish(), record, now=NOW + 4 * day) is WishState.WAITS
    assert state_of(policy, a_wish(), record, now=NOW + 5 * day) is WishState.EXPIRED


def test_a_record_that_went_elsewhere_has_no_wish_any_more():
    record = a_record("lead", fields=FILLED)
    assert state_of(a_policy(), a_wish(), record) is WishState.MOVED
    other = a_record("demo", pipeline=PipelineId("other"))
    assert state_of(a_policy(), a_wish(), other) is WishState.MOVED


def test_a_policy_that_does_not_name_the_stage_any_more_voids_the_wish():
    policy = a_policy(stages=the_stages()[:3])
    record = a_record("demo", fields=FILLED)
    assert state_of(policy, a_wish(), record, quotes=1) is WishState.VOID


def test_a_record_that_the_policy_does_not_speak_of_any_more_voids_the_wish():
    policy = a_policy(governs=a_condition("amount < 1"))
    record = a_record("demo", fields=FILLED)
    assert state_of(policy, a_wish(), record) is WishState.VOID


def test_a_demand_that_was_lowered_lets_the_move_be_made():
    policy = a_policy(enforcement=Enforcement.OBSERVE)
    record = a_record("demo", fields=FILLED)
    assert state_of(policy, a_wish(), record) is WishState.MET


def test_several_stages_at_once_are_made_in_one_legal_move_or_never():
    free = a_policy(skip=a_move_rule("skip", Enforcement.FLAG))
    record = a_record("lead", fields=FILLED)
    wish = a_wish("lead")
    assert state_of(free, wish, record) is WishState.WAITS
    assert state_of(free, wish, record, quotes=1) is WishState.MET
    # The order of the stages became a rule meanwhile: no quote does away with that.
    assert state_of(a_policy(), wish, record, quotes=1) is WishState.VOID


def test_what_cannot_be_decided_is_waited_for():
    stages = (
        a_stage("demo", 0),
        a_stage("quote_sent", 1, gate="amount > 1"),
    )
    policy = a_policy(stages=stages)
    found = judge_wish(policy, a_wish(), a_record("demo"), evidence_of(), NOW)
    assert found.state is WishState.WAITS
    assert len(found.lacks) == 1


def test_a_wish_is_judged_by_every_rule_whomever_it_is_for():
    stages = tuple(
        replace(stage, actors=frozenset({ActorClass.PERSON})) for stage in the_stages()
    )
    record = a_record("demo", fields=FILLED)
    assert state_of(a_policy(stages=stages), a_wish(), record) is WishState.WAITS


def test_a_move_that_we_would_make_is_held_to_the_rules_about_any_actor():
    demo = replace(
        a_stage("demo", 1, requires=("amount",)),
        actors=frozenset({ActorClass.PERSON}),
    )
    policy = a_policy(stages=(a_stage("lead", 0), demo))
    lacking = a_record("lead")
    there = a_record("lead", fields={"amount": 5.0})
    to = stage_id("demo")
    assert not can_move(policy, lacking, to, evidence_of(), NOW)
    assert can_move(policy, there, to, evidence_of(), NOW)


def test_a_hold_can_move_once_what_was_missing_is_there():
    policy = a_policy()
    record = a_record("demo", fields=FILLED)
    to = stage_id("quote_sent")
    assert not can_move(policy, record, to, evidence_of(), NOW)
    assert can_move(policy, record, to, evidence_of(quotes=1), NOW)


def test_a_hold_waits_while_its_gate_cannot_be_decided():
    stages = (a_stage("lead", 0), a_stage("demo", 1, gate="amount >= 10"))
    policy = a_policy(stages=stages)
    assert not can_move(policy, a_record("lead"), stage_id("demo"), evidence_of(), NOW)


def test_a_hold_cannot_move_to_a_stage_that_left_the_policy():
    record = a_record("demo", fields=FILLED)
    assert not can_move(a_policy(), record, stage_id("gone"), evidence_of(), NOW)
