"""What a policy's author should think about again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rules.document import compile_policy, parse
from rules.lint import lint

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HEAD = """\
version: 1
process: sales
connection: acme
sponsor: anna@example.com
goals: {forecast: Forecasts hold.}
stages:
  lead:
  demo: {gate: "meetings >= 1", goal: forecast}
  quote: {requires: [amount], goal: forecast}
  won:
  lost: {from: any}
people: {fallback: ops@example.com}
"""


def found(more: str = "", *, head: str = HEAD, was_published: bool = True) -> list[str]:
    document = parse(head + more)
    policy = compile_policy(document, None, published_on=NOW)
    return [str(one) for one in lint(document, policy, was_published=was_published)]


def test_a_sound_policy_has_nothing_to_think_about():
    assert found() == []
    whole = Path("tests/fixtures/policies/new-business.yaml").read_text()
    assert found(head=whole) == []


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ("moves: {skip: {}}", "13:9 moves.skip", "serves no goal"),
        (
            'checks: {a: {goal: forecast, check: "amount > 5 && amount < 3"}}',
            "13:37 checks.a.check",
            "No value can meet this.",
        ),
        (
            (
                "checks:\n"
                '  a: {goal: forecast, check: "amount > 5"}\n'
                '  b: {goal: forecast, check: "amount < 3"}'
            ),
            "15:30 checks.b.check",
            "this and a as well",
        ),
        (
            "moves: {skip: {goal: forecast}, allow: [{from: lead, to: demo, why: X}]}",
            "13:41 moves.allow[1]",
            "changes nothing",
        ),
        (
            "follow_ups: {a: {goal: forecast, starts: created}}",
            "13:14 follow_ups.a",
            "no task and tells nobody",
        ),
        (
            (
                "follow_ups: {a: {goal: forecast, starts: created, done_by: [call],"
                " ladder: [{after: 2h, remind: owner},"
                " {after: 1h, escalate: manager}]}}"
            ),
            "13:105 follow_ups.a.ladder[2]",
            "does not come after",
        ),
        (
            (
                "follow_ups: {a: {goal: forecast, starts: created,"
                " ladder: [{after: 2h, remind: owner}]}}"
            ),
            "13:14 follow_ups.a",
            "Nothing settles this",
        ),
    ],
)
def test_what_is_doubtful_is_named_with_its_place(more: str, place: str, words: str):
    [finding] = found(more)
    assert finding.startswith(place), finding
    assert words in finding


def test_a_gate_that_nothing_can_pass_closes_its_stage():
    head = HEAD.replace("meetings >= 1", "meetings < 0")
    assert "nobody can enter" in found(head=head)[0]


def test_too_many_required_fields_are_named_where_they_become_too_many():
    fields = ", ".join(f"f{number}" for number in range(6))
    head = HEAD.replace("[amount]", f"[amount, {fields}]")
    [finding] = found(head=head)
    assert "7 fields are required" in finding


def test_a_ladder_without_fallback_may_end_at_nobody():
    head = HEAD.replace("people: {fallback: ops@example.com}\n", "")
    more = (
        "follow_ups: {a: {goal: forecast, starts: created, done_by: [call],"
        " ladder: [{after: 2h, remind: owner}]}}"
    )
    [finding] = found(more, head=head)
    assert "may end at nobody" in finding


def test_more_than_five_goals_are_too_many():
    goals = ", ".join(f"g{number}: Text" for number in range(5))
    [finding] = found(head=HEAD.replace("hold.}", f"hold., {goals}}}"))
    assert "There are 6 goals" in finding


def test_enforcing_from_the_first_day_is_doubtful():
    more = "moves: {skip: {goal: forecast, enforcement: enforce}}"
    assert found(more) == []
    [finding] = found(more, was_published=False)
    assert "observe first" in finding


def test_checks_for_different_stages_do_not_fight():
    certain = '  a: {goal: forecast, check: "probability == 100", in: [won]}'
    open_ = '  b: {goal: forecast, check: "probability <= 90", in: [demo, quote]}'
    assert found(f"checks:\n{certain}\n{open_}") == []
    closed = open_.replace("demo", "won")
    assert "this and a as well" in found(f"checks:\n{certain}\n{closed}")[0]


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            '{goal: forecast, check: "amount > 0", in: [won], while: open}',
            "checks.a.in",
        ),
        ('{goal: forecast, check: "calls >= 1"}', "This reads no field"),
    ],
)
def test_a_check_that_nothing_makes_speak_is_doubtful(check, words):
    [one] = found(f"checks: {{a: {check}}}")
    assert words in one


@pytest.mark.parametrize(
    "check",
    [
        '{goal: forecast, check: "amount > 0", in: [won]}',
        '{goal: forecast, check: "calls >= 1", in: [demo]}',
        '{goal: forecast, check: "close_date >= today", while: open}',
    ],
)
def test_a_check_that_something_makes_speak_is_not(check):
    assert found(f"checks: {{a: {check}}}") == []
