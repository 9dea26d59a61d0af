"""Laws of what is built around the judge: paths, previews, examples, explanations."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.comparing import compare
from rules.examples import run_examples
from rules.explaining import Outlook, think_through
from rules.interventions import plan
from rules.judge import judge
from rules.lint.trial import try_out
from rules.model import Actor, ActorClass, Change, Result
from rules.moves import with_values
from rules.path import judge_path
from rules.previewing import Effect, Pair, Preview
from rules.wording import Standing, difference_lines, explain, rule_text
from rules.wording.conditions import condition_text
from rules.wording.speech import speak
from tests.builders import (
    LONG_AGO,
    NOW,
    a_condition,
    a_policy,
    a_record,
    evidence_of,
    stage_id,
)
from tests.rules.generating import (
    KEYS,
    changes,
    evidences,
    paths,
    policies,
    records,
    thoroughly,
    values,
)

LOCALES = ("en", "nl")


@thoroughly
@given(policies(), changes(), paths, evidences)
def test_a_way_through_the_stages_is_judged_without_raising_and_settles(
    policy, change, path, evidence
):
    judgement = judge_path(policy, change, path, evidence, NOW)
    accepted = with_values(change.after, plan(policy, judgement).put_back)
    again = replace(change, before=accepted, after=accepted)
    settled = judge_path(policy, again, (), evidence, NOW)
    assert settled.failed() == []
    assert not plan(policy, settled).put_back


@thoroughly
@given(policies(), changes(), paths, evidences)
def test_a_way_never_makes_more_fail_than_the_jump_it_looks_like(
    policy, change, path, evidence
):
    jump = judge(policy, change, evidence, NOW)
    if judge_path(policy, change, path, evidence, NOW).return_to is not None:
        assert jump.return_to is not None


@thoroughly
@given(policies(), policies(), records(), evidences)
def test_a_preview_of_the_difference_is_the_difference_of_the_previews(
    before, after, record, evidence
):
    old = Preview(before).verdicts(record, evidence, NOW)
    new = Preview(after).verdicts(record, evidence, NOW)

    def failed(verdicts):
        return {
            rule
            for rule, one in verdicts.items()
            if one is not None and one.result is Result.FAIL
        }

    shifts = list(Pair(before, after).shifts(record, evidence, NOW))
    unknown = {rule for rule, one in {**old, **new}.items() if one is None}
    unknown |= {rule for rule, one in old.items() if one is None}
    by_effect = {
        effect: {one.rule for one in shifts if one.effect is effect}
        for effect in Effect
    }
    assert by_effect[Effect.FAILS] == failed(new) - failed(old) - unknown
    assert by_effect[Effect.PASSES] == failed(old) - failed(new) - unknown
    assert by_effect[Effect.POWER] <= failed(old) & failed(new)
    assert by_effect[Effect.UNKNOWN] <= unknown
    assert list(Pair(after, after).shifts(record, evidence, NOW)) == []


@thoroughly
@given(st.none() | policies(), policies(), st.sampled_from(LOCALES))
def test_every_difference_is_said_in_both_languages(before, after, locale):
    lines = difference_lines(compare(before, after), before, after, locale=locale)
    assert len(lines) == len(compare(before, after))
    assert all(line.endswith(".") and "{" not in line for line in lines)
    assert compare(after, after) == ()


@thoroughly
@given(policies(), records(), st.sampled_from(KEYS), evidences)
def test_what_would_happen_is_what_the_judge_and_the_plan_say(
    policy, record, to, evidence
):
    prospect = think_through(policy, record, stage_id(to), evidence, NOW)
    is_back = prospect.plan.return_to is not None
    assert (prospect.outlook in {Outlook.RETURNED, Outlook.HELD}) is is_back
    if prospect.outlook is Outlook.PASSES:
        assert prospect.wanting == ()
    for locale in LOCALES:
        sections = explain(policy, record, Standing(), prospect, now=NOW, locale=locale)
        assert all(line for one in sections for line in one.lines)
    for verdict in prospect.judgement.verdicts:
        assert rule_text(policy, verdict.rule, locale="nl")


OPERATORS = (
    *(f"amount {sign} 1" for sign in ("==", "!=", "<", "<=", ">", ">=")),
    *(f"close_date {sign} today" for sign in ("==", "!=", "<", "<=", ">", ">=")),
    *(f"quotes {sign} 1" for sign in ("==", "!=", "<", "<=", ">", ">=")),
    *(f"amount {sign} discount > 1" for sign in ("+", "-", "*", "/")),
    "-amount > 1",
    "amount == null",
    "null != lost_reason",
    "amount > 1 && discount > 1",
    "amount > 1 || discount > 1",
    "!(amount > 1)",
    "amount > 1 ? discount > 1 : discount > 2",
    "amount in [1, 2]",
    'lost_reason == "Price"',
    'lost_reason.contains("a")',
    'lost_reason.startsWith("a")',
    'lost_reason.endsWith("a")',
    "size(lost_reason) > 3",
    "close_date > today + days(3)",
    "close_date > '2026-01-01'",
)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("text", OPERATORS)
def test_every_operator_can_be_explained(text: str, locale: str):
    condition = a_condition(text)
    said = condition_text(a_policy(), condition.text, speak(locale))
    assert said.strip()
    assert "{" not in said


CONDITIONS = st.lists(
    st.sampled_from(
        [
            *(f"amount {sign} {n}" for sign in ("<", ">=", "==", "!=") for n in (0, 1)),
            *(f"discount {sign} 1.5" for sign in ("<", ">")),
            *("amount == null", "amount != null", "true", "lost_reason == 'a'"),
            *("close_date >= today", "close_date < '2026-12-01'", "quotes >= 1"),
        ]
    ),
    min_size=1,
    max_size=4,
)


@thoroughly
@given(CONDITIONS, st.data())
def test_what_trying_rules_out_no_value_does(parts, data):
    joints = data.draw(
        st.lists(st.sampled_from(["&&", "||"]), min_size=len(parts), max_size=4)
    )
    text = parts[0]
    for part, joint in zip(parts[1:], joints, strict=False):
        text = f"({text}) {joint} ({part})"
    condition = a_condition(text)
    trial = try_out(condition, a_policy())
    assume(trial is not None)
    found = {name: data.draw(values[name]) for name in condition.fields & values.keys()}
    quotes = float(data.draw(st.integers(0, 3)))
    found |= {"today": NOW.date(), "now": NOW, "quotes": quotes}
    if isinstance(found.get("close_date"), datetime):
        found["close_date"] = found["close_date"].date()
    decision = condition.evaluate(found)
    assert trial.can_be_true or not decision.is_true
    assert trial.can_be_false or not decision.is_false


plain = {
    "amount": st.none() | st.integers(-3, 3).map(float),
    "discount": st.none() | st.integers(-3, 3).map(float),
    "decision_maker": st.none() | st.sampled_from(["Jan", "nvt", "x"]),
    "close_date": st.none() | st.dates(datetime(2026, 1, 1).date()),
}


@thoroughly
@given(policies(), st.data())
def test_an_example_is_judged_as_the_judge_judges(policy, data):
    (before, old), (after, new) = [
        (
            data.draw(st.sampled_from(KEYS)),
            {name: data.draw(one) for name, one in plain.items()},
        )
        for _ in range(2)
    ]
    counts = {
        kind: data.draw(st.integers(0, 2))
        for kind in ("quotes", "meetings", "contacts")
    }
    text = (
        f"examples: [{{before: {_flow({'stage': before, **old})},"
        f" after: {_flow({'stage': after, **new})},"
        f" evidence: {_flow(counts)}, expect: {{return_to: null}}}}]"
    )
    [result] = run_examples(policy, text, now=NOW)
    # As in examples, a record is as old as the policy lets it be and yet judges it.
    born_at = policy.since or LONG_AGO
    change = Change(
        before=a_record(before, fields=old, created_at=born_at),
        after=a_record(after, fields=new, created_at=born_at),
        actor=Actor(ActorClass.PERSON),
    )
    expected = judge(policy, change, evidence_of(**counts), NOW)
    assert result.verdicts == {
        str(one.rule): one.result.value for one in expected.verdicts
    }


def _flow(found) -> str:
    """Return a mapping as YAML in one line."""
    written = (
        f"{name}: {'null' if value is None else value}" for name, value in found.items()
    )
    return f"{{{', '.join(written)}}}"
