"""What a rule demands is not demanded of a record that is exempt from it."""

from datetime import timedelta

import pytest

from rules.exemptions import ALL, Exemption, covers, exempting, judged_rules
from rules.judge import judge
from rules.model import Result
from tests.builders import NOW, a_change, a_policy, a_record, evidence_of, stage_id

LATER = NOW + timedelta(days=7)
DAY = timedelta(days=1)


def judged(change, *rules, now=NOW, until=LATER):
    policy = exempting(a_policy(), [Exemption(rule, until) for rule in rules], now)
    return judge(policy, change, evidence_of(), now)


@pytest.mark.parametrize(
    ("exempt", "rule", "is_covered"),
    [
        ("move.skip", "move.skip", True),
        ("move.skip", "move.back", False),
        ("stage.won", "stage.won.gate", True),
        ("stage.won", "stage.won_late.gate", False),
        ("stage.won.requires", "stage.won.requires.amount", True),
        (ALL, "check.anything", True),
        ("", "move.skip", False),
    ],
)
def test_an_exemption_covers_its_rule_and_what_stands_below_it(
    exempt, rule, is_covered
):
    assert covers(exempt, rule) is is_covered


def test_who_is_exempt_from_the_order_may_skip_and_must_still_have_what_is_needed():
    change = a_change("lead", "quote_sent")
    failed = {one.rule for one in judged(change, "move.skip").failed()}
    assert "move.skip" not in failed
    assert "stage.quote_sent.gate" in failed


def test_who_is_exempt_from_everything_is_never_put_back():
    judgement = judged(a_change("lead", "won"), ALL)
    assert judgement.failed() == []
    assert judgement.return_to is None


def test_a_newborn_qualifies_for_a_stage_whose_demands_are_waived():
    born = a_change(None, a_record("quote_sent"), is_new=True)
    rules = ("stage.qualification", "stage.demo", "stage.quote_sent")
    assert judged(born).return_to == stage_id("lead")
    assert judged(born, *rules).return_to is None
    assert judged(born, *rules[:2]).return_to == stage_id("demo")


def test_it_holds_until_its_end_and_not_a_moment_longer():
    change = a_change("lead", "demo")
    before = judged(change, ALL, now=LATER - timedelta(seconds=1))
    assert before.failed() == []
    assert judged(change, ALL, now=LATER).failed() != []


def test_the_rules_that_can_be_waived_are_those_that_judge():
    policy = a_policy()
    known = set(judged_rules(policy))
    for change in (a_change("lead", "won"), a_change("won", "lead")):
        verdicts = judge(policy, change, evidence_of(), NOW).verdicts
        assert any(verdict.result is Result.FAIL for verdict in verdicts)
        for verdict in verdicts:
            assert verdict.result is Result.SKIP or verdict.rule in known
