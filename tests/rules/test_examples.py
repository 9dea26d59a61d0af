"""Examples of a policy: judged by the judge, and their faults named."""

from datetime import UTC, datetime

import pytest

from rules.document import DocumentInvalid
from rules.examples import run_examples
from tests.builders import NOW, a_policy


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
