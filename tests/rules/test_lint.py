"""What a policy's author should think about again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rules.document import compile_policy, parse
from rules.lint import InForce, lint
from rules.lint.trial import try_out
from tests.builders import a_condition, a_policy

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


def compiled(text: str):
    document = parse(text)
    return document, compile_policy(document, None, published_on=NOW)


def found(
    more: str = "", *, head: str = HEAD, in_force: InForce | None = None
) -> list[str]:
    document, policy = compiled(head + more)
    return [str(one) for one in lint(document, policy, in_force=in_force)]


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
    [finding] = found(more, in_force=InForce(None, NOW, NOW))
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


def check(condition: str, name: str = "a", more: str = "") -> str:
    return f'  {name}: {{goal: forecast, check: "{condition}"{more}}}\n'


@pytest.mark.parametrize(
    "condition",
    [
        "amount > 5 && amount < 5",
        "amount == 3 && amount == 4",
        "amount >= 0.5 && amount <= 0.4",
        "amount < 0 && probability > 100 && amount > 0",
        "close_date > today && close_date < today",
        "close_date == '2026-01-01' && close_date == '2026-01-02'",
        "lost_reason == 'a' && lost_reason == 'b'",
        "amount == null && amount > 1",
        "amount != null && amount == null",
        "1 > 2 && amount > 0",
    ],
)
def test_what_no_value_can_meet_is_found(condition: str):
    [finding] = found("checks:\n" + check(condition))
    assert finding.startswith("14:30 checks.a.check: No value can meet this."), finding


@pytest.mark.parametrize(
    "condition",
    [
        "amount * 2 == 7",
        "amount > 5 || amount < 3",
        "amount > 2.5 && amount < 2.6",
        "amount >= probability",
        "close_date > today - days(30)",
        "close_date > '2026-01-01' && close_date < '2026-01-04'",
        "lost_reason != 'a' && lost_reason != 'b'",
        "lost_reason.contains('a')",
        "size(lost_reason) > 5",
        "amount == null || amount > 1",
        "amount > 0 ? probability > 10 : probability < 5",
    ],
)
def test_what_some_value_can_meet_is_left_alone(condition: str):
    assert found("checks:\n" + check(condition)) == []


@pytest.mark.parametrize(
    "condition",
    [
        "amount >= 0 || amount < 0",
        "amount == null || amount != null",
        "amount > 0 || true",
    ],
)
def test_what_every_value_meets_asks_for_nothing(condition: str):
    [finding] = found("checks:\n" + check(condition))
    assert "Everything meets this" in finding


def test_a_gate_that_everything_meets_asks_for_nothing():
    [finding] = found(head=HEAD.replace("meetings >= 1", "meetings >= 0"))
    assert finding.startswith("8:16 stages.demo.gate: Everything meets this")


@pytest.mark.parametrize(
    ("governs", "words"),
    [
        ("amount > 1 && amount < 1", "speaks of none"),
        ("amount > 1 || true", "Every record meets this"),
    ],
)
def test_whom_a_policy_speaks_of_is_looked_at(governs: str, words: str):
    [finding] = found(f'governs: "{governs}"\n')
    assert finding.startswith("13:10 governs: ")
    assert words in finding


def test_what_no_governed_record_can_meet_is_found():
    governs = 'governs: "amount < 1000"\n'
    [finding] = found(governs + "checks:\n" + check("amount > 5000"))
    assert "15:30 checks.a.check: No value can meet this." in finding
    gated = HEAD.replace("meetings >= 1", "amount > 5000")
    [finding] = found(governs, head=gated)
    assert "nobody can enter" in finding


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("amount > 1 && amount < 1", "it never happens"),
        ("amount == null || amount != null", "Leave it out"),
    ],
)
def test_a_permission_that_never_or_always_holds_is_found(when: str, words: str):
    [finding] = found(
        "moves: {skip: {goal: forecast},"
        f' allow: [{{from: lead, to: quote, why: X, when: "{when}"}}]}}'
    )
    assert "moves.allow[1].when: " in finding
    assert words in finding


CALLED = (
    "follow_ups: {a: {goal: forecast, starts: {enters: quote}, done_when: COND,"
    " task: Call, ladder: [{after: 1h, remind: owner}]}}"
)
QUOTED = "auto_moves: {a: {goal: forecast, from: demo, to: quote, when: COND}}"
COUNTED = ("quotes >= 1 && quotes < 1", "quotes >= 0")
VALUED = ("amount > 1 && amount < 1", "amount == null || amount != null")


@pytest.mark.parametrize(
    ("more", "place", "conditions"),
    [
        (QUOTED, "auto_moves.a.when", COUNTED),
        (CALLED, "follow_ups.a.done_when", COUNTED),
        ("lanes: {top: {when: COND, factor: 0.5}}", "lanes.top.when", VALUED),
    ],
)
def test_what_never_happens_or_always_does_is_found_everywhere(
    more: str, place: str, conditions: tuple[str, str]
):
    [never] = found(more.replace("COND", f'"{conditions[0]}"'))
    assert f" {place}: No record can meet this" in never
    [always] = found(more.replace("COND", f'"{conditions[1]}"'))
    assert f" {place}: Every record meets this" in always


def test_a_condition_on_too_many_fields_is_left_alone():
    names = ("amount", "discount", "probability")
    many = " && ".join(f"{one} > 1 && {one} < 3 && {one} != 2" for one in names)
    assert try_out(a_condition(f"{many} && amount < 1"), a_policy()) is not None
    many += " && close_date > today && contract_date > today"
    assert try_out(a_condition(f"{many} && amount < 1"), a_policy()) is None


def test_a_gate_that_breaks_a_check_is_found():
    gated = HEAD.replace("meetings >= 1", "amount > 500")
    [finding] = found("checks:\n" + check("amount <= 400"), head=gated)
    assert finding.startswith("8:16 stages.demo.gate: Who meets this cannot meet")
    apart = found("checks:\n" + check("amount <= 400", more=", in: [won]"), head=gated)
    assert apart == []


def test_a_required_field_that_a_check_wants_empty_is_found():
    [finding] = found("checks:\n" + check("amount == null"))
    assert finding.startswith("9:22 stages.quote.requires[1]: amount must be filled")
    assert found("checks:\n" + check("amount == null || amount > 0")) == []


def test_stages_behind_one_that_nobody_can_enter_are_unreachable():
    head = HEAD.replace("meetings >= 1", "meetings < 0").replace(
        "goals:", "enforcement: enforce\ngoals:"
    )
    skip = "moves: {skip: {goal: forecast}"
    findings = found(skip + "}", head=head)
    assert [one.split(": ")[0] for one in findings] == [
        "9:16 stages.demo.gate",
        "10:3 stages.quote",
        "11:3 stages.won",
    ]
    assert "the way leads through Demo" in findings[1]
    past = ", allow: [{from: lead, to: quote, why: X}]}"
    assert len(found(skip + past, head=head)) == 1
    assert len(found(head=head)) == 1


def test_a_stage_behind_a_closed_one_is_found():
    [finding] = found(head=HEAD.replace("  lost: {from: any}", "  lost:"))
    assert finding.startswith("11:3 stages.lost: Won is closed in the CRM")


def enforced(after: str, before: str | None, *, hours: int) -> list[str]:
    in_force = None if before is None else compiled(HEAD + before)[1]
    return found(after, in_force=InForce(in_force, NOW - timedelta(hours=hours), NOW))


ENFORCED = (
    "checks: {a: {goal: forecast, enforcement: enforce, on_fail: restore,"
    ' check: "amount > 5"}}'
)
SKIP = "moves: {skip: {goal: forecast, enforcement: enforce}}"


def beside(governs: str | None, other: str | None) -> list[str]:
    """Return what is doubted of a policy beside another one that is in force."""
    mine, others = (
        "" if one is None else f"governs: {one!r}\n" for one in (governs, other)
    )
    _, renewals = compiled(HEAD.replace("process: sales", "process: renewals") + others)
    in_force = InForce(None, NOW, NOW, others=(renewals,))
    return found(mine, in_force=in_force)


@pytest.mark.parametrize(
    ("governs", "other"),
    [(None, None), ("amount > 5", None), ("amount > 5", "amount > 10")],
)
def test_a_policy_that_speaks_of_the_records_of_another_is_doubtful(governs, other):
    [finding] = beside(governs, other)
    assert finding.startswith("2:10 process: renewals speaks of the same records")
    assert "then renewals, the first by name, is heard" in finding


@pytest.mark.parametrize(
    ("governs", "other"),
    [
        ("amount > 5", "amount <= 5"),
        # Of what trying cannot show nothing is claimed.
        ('name.contains("a")', 'name.contains("b")'),
    ],
)
def test_a_policy_for_other_records_than_another_is_fine(governs, other):
    assert beside(governs, other) == []


def test_a_policy_for_another_kind_of_record_than_another_is_fine():
    _, leads = compiled(HEAD.replace("process: sales", "process: leads\nrecord: lead"))
    assert found(in_force=InForce(None, NOW, NOW, others=(leads,))) == []


def test_a_stage_that_asks_for_people_only_needs_a_goal_too():
    [finding] = found(head=HEAD.replace("lead:", "lead: {contacts: 2}"))
    assert finding.startswith("7:3 stages.lead: This rule serves no goal")


def test_what_was_observed_for_a_day_may_be_enforced():
    observed = SKIP.replace(": enforce", ": observe")
    assert enforced(SKIP, observed, hours=24) == []
    [finding] = enforced(SKIP, observed, hours=23)
    assert finding.startswith("13:9 moves.skip: This has been observed for less than")
    assert enforced(SKIP, SKIP, hours=1) == []


@pytest.mark.parametrize(
    "before",
    [
        "",
        ENFORCED.replace("> 5", "> 4"),
        ENFORCED.replace(": enforce", ": off"),
    ],
)
def test_what_is_new_in_what_it_asks_is_to_be_observed_first(before: str):
    [finding] = enforced(ENFORCED, before, hours=500)
    assert finding.startswith("13:10 checks.a: This is new in what it asks")


def test_what_loses_power_needs_no_trial():
    assert enforced(SKIP.replace(": enforce", ": flag"), SKIP, hours=0) == []
