"""How many people have to be known from a stage on."""

from dataclasses import replace

import pytest

from rules.evidence import needs
from rules.judge import judge
from rules.model import EvidenceKind, Result
from rules.policy import Policy
from tests.builders import NOW, a_change, a_condition, a_policy, a_stage, evidence_of


@pytest.fixture
def policy() -> Policy:
    demo = replace(
        a_stage("demo", 1),
        people={
            EvidenceKind.CONTACTS: a_condition("contacts >= 2"),
            EvidenceKind.ACCOUNT_CONTACTS: a_condition("account_contacts >= 1"),
        },
    )
    return a_policy(
        stages=(a_stage("lead", 0), demo, a_stage("negotiation", 2)), skip=None
    )


def results(policy: Policy, before: str, after: str, **counts: int):
    found = judge(policy, a_change(before, after), evidence_of(**counts), NOW)
    return found, {one.rule: one.result for one in found.verdicts}


def test_too_few_people_are_put_back_and_waited_for(policy: Policy):
    found, verdicts = results(policy, "lead", "demo", contacts=1, account_contacts=1)
    assert verdicts["stage.demo.contacts"] is Result.FAIL
    assert verdicts["stage.demo.account_contacts"] is Result.PASS
    assert found.return_to == found.change.before.stage
    assert found.wanted == found.change.after.stage


def test_a_later_stage_asks_for_them_as_well(policy: Policy):
    _, verdicts = results(policy, "lead", "negotiation", contacts=2)
    assert verdicts["stage.demo.contacts"] is Result.PASS
    assert verdicts["stage.demo.account_contacts"] is Result.FAIL


def test_a_step_back_and_an_edit_ask_for_nobody(policy: Policy):
    _, verdicts = results(policy, "negotiation", "lead")
    assert not [rule for rule in verdicts if "contacts" in rule]


def test_people_are_counted_for_every_stage_that_asks_for_them(policy: Policy):
    both = {EvidenceKind.CONTACTS, EvidenceKind.ACCOUNT_CONTACTS}
    assert needs(policy, a_change("lead", "negotiation"), NOW) == both
    assert needs(policy, a_change("negotiation", "lead"), NOW) == frozenset()


def test_a_newborn_goes_to_the_stage_that_its_people_allow(policy: Policy):
    change = a_change(None, "negotiation", is_new=True)
    found = judge(policy, change, evidence_of(), NOW)
    assert found.return_to == policy.stages[0].id
