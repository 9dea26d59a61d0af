"""A starter takes the shape of an account."""

import pytest

from rules.account import AccountKind, AccountPipeline, AccountStage
from rules.fitting import Role, fit, to_roles
from rules.model import FieldName, PipelineId, PropertyName, StageId

STARTER = """\
# A comment.
connection: CONNECTION
pipeline: PIPELINE

stages:
  first:
  second: requires: [amount, budget], goal: g
  meeting: gate: "meetings >= 1", goal: g
  quote: requires: [budget], goal: g
  won:
  lost: requires: [lost_reason], gate: "calls >= 1", goal: g

moves: {}
"""
EXAMPLES = """\
examples:
  - name: One
    before: {stage: first}
    after: {stage: second, amount: 1}
    expect: {stage.second.requires.amount: pass, return_to: first}

  - name: Two
    after: {stage: meeting}
    expect: {stage.meeting.gate: fail}

  - name: Three
    after: {stage: first, budget: 1}
    expect: {a: pass}

  - name: Four
    after: {stage: lost}
    expect: {stage.lost.requires.lost_reason: fail}
"""


def a_stage(label: str, **changes) -> AccountStage:
    return AccountStage(StageId(label), label, **changes)


WON = a_stage("Gewonnen!", is_closed=True, is_won=True)
LOST = a_stage("Closed - Lost", is_closed=True)


def fitted(*stages: AccountStage, fields: tuple[str, ...] = ("amount",)):
    pipeline = AccountPipeline(PipelineId("p"), "Sales: EU", stages)
    kind = AccountKind(
        {FieldName(one): PropertyName(one) for one in fields}, (pipeline,), ()
    )
    return fit(STARTER, EXAMPLES, connection="acme", kind=kind, pipeline=pipeline)


def roles(*labels: str) -> list[str]:
    stages = [a_stage(label) for label in labels]
    found = to_roles(stages)
    return [found[stage].value if stage in found else "" for stage in stages]


def test_every_stage_is_written_in_order_with_what_its_role_demands():
    found = fitted(a_stage("New"), a_stage("Talk"), a_stage("Demo"), WON, LOST)
    assert found.policy == (
        "# A comment.\n"
        "connection: acme\n"
        'pipeline: "Sales: EU"\n'
        "\n"
        "stages:\n"
        "  new:\n"
        "  talk: {requires: [amount], goal: g}\n"
        '  demo: {gate: "meetings >= 1", goal: g}\n'
        '  gewonnen: {label: "Gewonnen!"}\n'
        '  closed_lost: {gate: "calls >= 1", goal: g, from: any}\n'
        "\n"
        "moves: {}\n"
    )


def test_a_role_whose_fields_are_all_missing_demands_nothing():
    found = fitted(a_stage("New"), a_stage("Offerte"), fields=())
    assert "  offerte:\n" in found.policy


def test_examples_speak_of_the_accounts_stages_and_of_no_others():
    found = fitted(a_stage("New"), a_stage("Talk"), LOST)
    assert found.examples == (
        "examples:\n"
        "  - name: One\n"
        "    before: {stage: new}\n"
        "    after: {stage: talk, amount: 1}\n"
        "    expect: {stage.talk.requires.amount: pass, return_to: new}\n"
        "\n"
    )


def test_a_stage_that_is_archived_is_left_out():
    found = fitted(a_stage("New"), a_stage("Old", is_archived=True))
    assert "old" not in found.policy


def test_a_stage_that_comes_after_a_won_one_lies_beside_the_path():
    found = fitted(a_stage("New"), WON, a_stage("Fan"), LOST)
    assert "  fan: {from: any}\n" in found.policy


def test_without_an_open_stage_nothing_fits():
    with pytest.raises(ValueError, match="no open stage"):
        fitted(WON, LOST)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            ("New", "Attempting", "Connected", "Unqualified"),
            ["first", "second", "contacted", "lost"],
        ),
        (
            ("Open - Not Contacted", "Working - Contacted", "Closed - Not Converted"),
            ["first", "contacted", "lost"],
        ),
        (("Lead", "Afspraak", "Offerte verstuurd"), ["first", "meeting", "quote"]),
        (("Lead", "Demo", "Demo 2", "Offer"), ["first", "meeting", "second", "quote"]),
        (("Demo",), ["first"]),
    ],
)  # fmt: skip
def test_what_a_stage_is_for_is_told_by_its_place_and_its_label(
    labels: tuple[str, ...], expected: list[str]
):
    assert roles(*labels) == expected
    assert set(expected) <= set(Role)
