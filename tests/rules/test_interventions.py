from datetime import date

import pytest

from rules.interventions import Plan, plan
from rules.judge import judge
from rules.model import Change, Enforcement, Evidence
from rules.policy import OnFail, Policy
from tests.builders import (
    NOW,
    a_change,
    a_check,
    a_move_rule,
    a_policy,
    a_record,
    evidence_of,
    stage_id,
)

FULL = {
    "decision_maker": "Jan de Vries",
    "amount": 5000.0,
    "close_date": date(2026, 12, 20),
}
EMPTY = Plan(put_back={}, return_to=None, hold=None, explain=(), ask=(), duel=False)


def planned(
    change: Change,
    *,
    policy: Policy | None = None,
    evidence: Evidence | None = None,
    returns_today: int = 0,
) -> Plan:
    policy = policy or a_policy()
    judgement = judge(policy, change, evidence or evidence_of(meetings=1), NOW)
    return plan(policy, judgement, returns_today=returns_today)


def rules(verdicts) -> list[str]:
    return [verdict.rule for verdict in verdicts]


def test_nothing_is_done_about_a_change_that_is_fine():
    assert planned(a_change("lead", "qualification", fields=FULL)) == EMPTY


def test_what_is_only_observed_leads_to_nothing():
    policy = a_policy(enforcement=Enforcement.OBSERVE)
    assert planned(a_change("lead", "won"), policy=policy) == EMPTY


def test_a_skip_goes_back_with_a_note_and_no_task():
    found = planned(
        a_change("lead", "quote_sent", fields=FULL),
        evidence=evidence_of(meetings=1, quotes=1),
    )
    assert found.put_back == {"stage": stage_id("lead")}
    assert found.return_to == stage_id("lead")
    assert found.hold is None
    assert rules(found.explain) == ["move.skip"]
    assert found.ask == ()


def test_a_move_that_lacks_something_is_held_and_asked_for():
    found = planned(a_change("demo", "quote_sent", fields={"amount": 5.0}))
    assert found.hold == stage_id("quote_sent")
    assert rules(found.ask) == [
        "stage.qualification.requires.decision_maker",
        "stage.quote_sent.requires.close_date",
        "stage.quote_sent.gate",
    ]


def test_a_flagged_skip_stays_and_asks_somebody_to_act():
    policy = a_policy(skip=a_move_rule("skip", Enforcement.FLAG))
    change = a_change("lead", "demo", fields=FULL)
    found = planned(change, policy=policy)
    assert found.put_back == {}
    assert rules(found.explain) == rules(found.ask) == ["move.skip"]


def test_a_flagged_move_back_is_explained_and_asks_nothing():
    policy = a_policy(back=a_move_rule("back", Enforcement.FLAG))
    found = planned(a_change("demo", "lead"), policy=policy)
    assert rules(found.explain) == ["move.back"]
    assert found.ask == ()


def test_what_the_crm_changed_on_closing_goes_back_too():
    before = a_record("demo", fields={**FULL, "probability": 40.0})
    closed = {**FULL, "close_date": date(2026, 11, 24), "probability": 100.0}
    found = planned(a_change(before, a_record("won", fields=closed)))
    assert found.put_back == {
        "stage": stage_id("demo"),
        "close_date": date(2026, 12, 20),
        "probability": 40.0,
    }


def test_a_probability_set_by_hand_goes_along_though_it_did_not_change():
    by_hand = {**FULL, "probability": 90.0, "forecast_category": None}
    found = planned(
        a_change(a_record("lead", fields=by_hand), a_record("demo", fields=by_hand))
    )
    assert found.put_back == {"stage": stage_id("lead"), "probability": 90.0}


def test_a_close_date_that_was_empty_is_emptied_again():
    before = a_record("demo", fields={**FULL, "close_date": None})
    after = a_record("won", fields={**FULL, "close_date": date(2026, 11, 24)})
    assert planned(a_change(before, after)).put_back["close_date"] is None


def test_a_close_date_set_between_open_stages_is_a_persons_and_stays():
    before = a_record("lead", fields={**FULL, "close_date": date(2026, 12, 1)})
    found = planned(a_change(before, a_record("quote_sent", fields=FULL)))
    assert "close_date" not in found.put_back


def test_a_restored_value_is_explained_and_asks_nothing():
    before = a_record("lead", fields={"amount": 5.0})
    after = a_record("lead", fields={"amount": -5.0})
    found = planned(a_change(before, after))
    assert found.put_back == {"amount": 5.0}
    assert found.return_to is None
    assert rules(found.explain) == ["check.amount-not-negative"]
    assert found.ask == ()


def test_a_flagged_check_asks_for_a_correction():
    check = a_check("amount", "amount >= 0", on_fail=OnFail.FLAG)
    after = a_record("lead", fields={"amount": -5.0})
    found = planned(a_change("lead", after), policy=a_policy(checks=(check,)))
    assert found.put_back == {}
    assert rules(found.ask) == ["check.amount"]


@pytest.mark.parametrize(
    ("returns_today", "is_duel"), [(0, False), (2, False), (3, True)]
)
def test_after_too_many_returns_in_a_day_it_is_only_flagged(returns_today, is_duel):
    found = planned(a_change("lead", "demo"), returns_today=returns_today)
    assert found.duel is is_duel
    assert bool(found.put_back) is not is_duel
    if is_duel:
        assert found.return_to is None
        assert found.hold is None
        assert found.ask == found.explain


def test_the_policy_says_after_how_many_returns_it_is_a_duel():
    policy = a_policy(returns_per_day=5)
    change = a_change("lead", "demo")
    assert not planned(change, policy=policy, returns_today=4).duel
    assert planned(change, policy=policy, returns_today=5).duel


def test_a_flag_is_no_duel():
    policy = a_policy(enforcement=Enforcement.FLAG)
    found = planned(a_change("lead", "demo"), policy=policy, returns_today=9)
    assert not found.duel
