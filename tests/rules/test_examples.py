"""Examples of a policy: judged by the judge, and their faults named."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rules.document import DocumentInvalid
from rules.examples import run_examples
from rules.model import ActorClass
from rules.policy import Placeholders
from tests.builders import NOW, a_check, a_move_rule, a_policy


def run(text: str):
    return run_examples(a_policy(), text, now=NOW)


def test_examples_that_are_judged_as_expected_pass():
    [result] = run(
        """
        examples:
          - name: A jump goes back
            before: {stage: lead}
            after: {stage: negotiation, amount: 10, close_date: 2026-12-24,
                    decision_maker: Ann}
            expect: {move.skip: fail, return_to: lead}
        """
    )
    assert result.is_ok
    assert str(result) == "ok      A jump goes back"


def test_a_verdict_that_is_another_one_is_told_with_its_line():
    [result] = run(
        """
        examples:
          - name: A step
            before: {stage: lead}
            after: {stage: qualification, decision_maker: Ann}
            expect: {move.skip: fail, return_to: lead, check.nothing: pass}
        """
    )
    assert not result.is_ok
    assert result.line == 3
    assert result.differences == (
        "move.skip was to fail, and is pass.",
        (
            "check.nothing was to pass, but says nothing of this change."
            " What speaks: move.skip, stage.qualification.requires.decision_maker."
        ),
        "It was to go back to lead, and goes back to no stage.",
    )


def test_a_record_without_a_before_has_just_been_created():
    [result] = run(
        """
        examples:
          - after: {stage: negotiation}
            expect: {move.born_late: fail, return_to: lead}
        """
    )
    assert result.is_ok, str(result)
    assert result.name == "Example 1"


def test_evidence_counts():
    [with_one, without] = run(
        """
        examples:
          - before: {stage: qualification}
            after: {stage: demo, decision_maker: Ann}
            evidence: {meetings: 1}
            expect: {stage.demo.gate: pass}
          - before: {stage: qualification}
            after: {stage: demo, decision_maker: Ann}
            expect: {stage.demo.gate: fail}
        """
    )
    assert with_one.is_ok
    assert without.is_ok


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("examples: []", "Examples are a list"),
        ("examples: [1]", "keys with values"),
        ("examples: [{after: {stage: lead}}]", "“expect” is missing"),
        (
            "examples: [{aftr: {stage: lead}, expect: {a: pass}}]",
            "Did you mean “after”",
        ),
        (
            "examples: [{after: {stage: laed}, expect: {a: pass}}]",
            "Did you mean “lead”",
        ),
        (
            "examples: [{after: {amuont: 1}, expect: {a: pass}}]",
            "Did you mean “amount”",
        ),
        ("examples: [{after: {amount: x}, expect: {a: pass}}]", "holds a number"),
        (
            "examples: [{after: {stage: lead}, evidence: {quote: 1}, expect: {a: b}}]",
            "Did you mean “quotes”",
        ),
        (
            "examples: [{after: {stage: lead}, expect: {a: maybe}}]",
            "A verdict is one of",
        ),
    ],
)
def test_what_makes_no_sense_is_named(text: str, words: str):
    with pytest.raises(DocumentInvalid) as invalid:
        run(text)
    assert words in str(invalid.value)
    assert all(problem.line == 1 for problem in invalid.value.problems)


def test_days_are_days_and_numbers_are_numbers():
    [result] = run_examples(
        a_policy(),
        """
        examples:
          - before: {stage: lead, amount: 1}
            after: {stage: lead, amount: -5, close_date: 2026-12-24}
            expect: {check.amount-not-negative: fail}
        """,
        now=datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert result.is_ok, str(result)


def differences(text: str, **policy) -> tuple[str, ...]:
    [result] = run_examples(a_policy(**policy), text, now=NOW)
    return result.differences


def test_an_example_has_a_day_of_its_own():
    ahead = a_check("ahead", "close_date >= today")
    text = """
        today: 2026-12-01
        examples:
          - after: {stage: lead, close_date: 2026-11-30}
            expect: {check.ahead: fail}
          - today: 2026-11-30
            after: {stage: lead, close_date: 2026-11-30}
            expect: {check.ahead: pass}
          - now: 2026-11-30T23:30:00Z
            after: {stage: lead, close_date: 2026-11-30}
            expect: {check.ahead: fail}
        """
    results = run_examples(a_policy(checks=(ahead,)), text, now=NOW)
    assert [one.differences for one in results] == [(), (), ()]


def test_who_made_the_change_matters_where_a_rule_says_so():
    skip = replace(a_move_rule("skip"), actors=frozenset({ActorClass.IMPORT}))
    change = "before: {stage: lead}, after: {stage: demo, decision_maker: Ann}"
    by_import = f"examples: [{{actor: import, {change}, expect: {{move.skip: fail}}}}]"
    assert differences(by_import, skip=skip) == ()
    [found] = differences(by_import.replace("actor: import, ", ""), skip=skip)
    assert "says nothing of this change" in found


def test_the_way_that_a_record_went_matters():
    jump = """
        examples:
          - before: {stage: lead}
            path: [qualification, demo]
            after: {stage: demo, decision_maker: Ann}
            evidence: {meetings: 1}
            expect: {return_to: null}
        """
    assert differences(jump) == ()
    assert differences(jump.replace("path: [qualification, demo]", "")) == (
        "It was to go back to no stage, and goes back to lead.",
    )


HELD = """
    examples:
      - before: {stage: lead}
        after: {stage: qualification}
        expect:
          return_to: lead
          hold: qualification
          ask: [stage.qualification.requires.decision_maker]
          explain:
            en: [Slagboom put the deal back in Lead., Fill in Decision maker.]
            nl: Vul Decision maker in.
    """


def test_what_is_to_be_done_is_expected_as_well():
    assert differences(HELD) == ()
    wrong = HELD.replace("hold: qualification", "hold: null")
    assert differences(wrong) == (
        "The move to no stage was to be remembered, and to qualification is.",
    )
    [asked] = differences(HELD.replace("ask: [stage", "ask: [xstage"))
    assert asked.startswith("The task was to list xstage.qualification")
    [said] = differences(HELD.replace("nl: Vul", "nl: Wis"))
    assert said.startswith("The note was to say “Wis Decision maker in.”, and says “")


def test_after_too_many_returns_nothing_is_put_back():
    text = HELD.replace("expect:", "returns_today: 3\n        expect:")
    told = differences(text)
    assert told[0] == "It was to go back to lead, and goes back to no stage."
    assert "several times today" in told[2]


def test_values_that_are_restored_are_expected():
    text = """
        examples:
          - before: {stage: lead, amount: 5}
            after: {stage: lead, amount: -1}
            expect: {check.amount-not-negative: fail, restore: {amount: 5}}
        """
    assert differences(text) == ()
    assert differences(
        text.replace("restore: {amount: 5}", "restore: {amount: 6}")
    ) == ("amount was to be set back to 6, and is set back to 5.",)
    assert differences(text.replace("restore: {amount: 5}", "restore: {}")) == (
        "amount was to be left alone, and is set back.",
    )
    fine = text.replace("amount: -1", "amount: 1").replace(": fail", ": pass")
    assert differences(fine) == ("amount was to be set back to 5, and is left alone.",)


def test_what_a_record_is_exempt_from_is_not_judged():
    text = """
        examples:
          - before: {stage: lead}
            after: {stage: qualification}
            exempt: [stage.qualification]
            expect: {return_to: null, move.skip: pass}
        """
    assert differences(text) == ()


def test_what_becomes_of_a_wanted_move_is_expected():
    text = """
        examples:
          - after: {stage: lead}
            wanted: qualification
            expect: {wanted: waits}
        """
    assert differences(text) == ()
    filled = text.replace("{stage: lead}", "{stage: lead, decision_maker: Ann}")
    assert differences(filled) == ("The wanted move was to be waits, and is met.",)
    [lost] = differences(text.replace("wanted: qualification", ""))
    assert lost.startswith("It was wanted nowhere")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("actor: robot", "Nobody is"),
        ("today: soon", "Write a day"),
        ("now: 2026-12-01", "Write a moment"),
        ("path: {}", "A list should"),
        ("path: [dmo]", "Did you mean “demo”"),
        ("returns_today: -1", "A number"),
        ("wanted: dmo", "Did you mean “demo”"),
        ("expect: {hold: dmo}", "Did you mean “demo”"),
        ("expect: {restore: {amuont: 1}}", "Did you mean “amount”"),
        ("expect: {explain: {fr: x}}", "en or nl"),
    ],
)
def test_what_makes_no_sense_around_an_example_is_named(more: str, words: str):
    expect = "" if "expect" in more else ", expect: {move.skip: pass}"
    with pytest.raises(DocumentInvalid, match=words):
        run(f"examples: [{{after: {{stage: lead}}, {more}{expect}}}]")


def test_a_key_of_the_file_that_is_none_is_named():
    example = "{after: {stage: lead}, expect: {a: pass}}"
    with pytest.raises(DocumentInvalid, match="Did you mean “today”"):
        run(f"{{tody: 1, examples: [{example}]}}")


def test_a_rule_may_be_expected_to_say_nothing():
    text = (
        "examples: [{before: {stage: lead, amount: 1}, after: {stage: lead, amount: 2},"
        " expect: {move.skip: none, check.amount-not-negative: RESULT}}]"
    )
    assert differences(text.replace("RESULT", "pass")) == ()
    assert differences(text.replace("RESULT", "none")) == (
        "check.amount-not-negative was to say nothing of this change, and is pass.",
    )


def test_what_was_found_is_kept_for_scripts():
    [result] = run(
        "examples: [{before: {stage: lead}, after: {stage: demo},"
        " expect: {move.skip: fail}}]"
    )
    assert result.verdicts["stage.demo.gate"] == "fail"


TIMED = a_policy(
    checks=(
        *a_policy().checks,
        a_check("close-date-ahead", "close_date >= today", while_open=True),
    ),
    placeholders=Placeholders(repeated=5, share=0.3),
)


def test_the_examples_of_the_documentation_are_as_they_say():
    documentation = Path("docs/policy.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```yaml\n(today: .*?)```", documentation, re.DOTALL)
    results = run_examples(TIMED, text, now=NOW)
    assert [str(one) for one in results if not one.is_ok] == []


@pytest.mark.parametrize(
    ("day", "result"), [("2026-11-23", "fail"), ("2026-11-24", "pass")]
)
def test_a_record_that_stands_is_judged_by_what_time_makes_false(day, result):
    [found] = run_examples(
        TIMED,
        f"""
        today: 2026-11-24
        examples:
          - stands: {{stage: demo, close_date: {day}, amount: -5}}
            expect: {{check.close-date-ahead: {result}, return_to: null}}
        """,
        now=NOW,
    )
    assert found.is_ok, str(found)


@pytest.mark.parametrize(
    ("counted", "result"),
    [
        ("others: {decision_maker: 3}", "pass"),
        ("others: {decision_maker: 4}", "fail"),
        ("share: {decision_maker: 0.4}", "fail"),
    ],
)
def test_texts_of_other_records_count_in_an_example(counted, result):
    [found] = run_examples(
        TIMED,
        f"""
        examples:
          - before: {{stage: lead}}
            after: {{stage: qualification, decision_maker: Reception}}
            {counted}
            expect: {{stage.qualification.requires.decision_maker: {result}}}
        """,
        now=NOW,
    )
    assert found.is_ok, str(found)


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ("{stands: {stage: lead}, after: {stage: lead}, expect: {a: pass}}", "either"),
        ("{stands: {}, expect: {a: pass}}", "“stands” is missing"),
        (
            "{after: {stage: lead}, share: {amount: 40%}, expect: {a: pass}}",
            "A part of 1",
        ),
    ],
)
def test_what_makes_no_sense_of_a_record_that_stands_is_named(example, words):
    with pytest.raises(DocumentInvalid) as invalid:
        run_examples(TIMED, f"examples: [{example}]", now=NOW)
    assert words in str(invalid.value)
