from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rules.auto_moves import find_auto_move
from rules.conversion import judge_conversion
from rules.demands import find_lack
from rules.evidence import needs
from rules.exemptions import ALL, Exemption, covers, exempting, with_waived
from rules.facts import Facts
from rules.holds import can_move
from rules.interventions import plan
from rules.judge import judge
from rules.model import (
    Actor,
    ActorClass,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    FieldName,
    Result,
    RuleId,
    Tally,
    TextUse,
)
from rules.moves import with_values
from rules.placeholders import normal
from rules.policy import AutoMove, Placeholders
from rules.wording import Ending, note_html, reason_text, task_text
from tests.builders import (
    LONG_AGO,
    NOW,
    PIPELINE,
    a_condition,
    a_policy,
    a_record,
    a_stage,
    stage_id,
)
from tests.rules.generating import (
    KEYS,
    RULES,
    changes,
    evidences,
    policies,
    records,
    thoroughly,
)


@thoroughly
@given(policies(), changes(), evidences, st.integers(0, 5))
def test_nothing_that_can_happen_makes_the_rules_raise(
    policy, change, evidence, returns_today
):
    needs(policy, change, NOW)
    can_move(policy, change.after, stage_id("won"), evidence, NOW)
    judge_conversion(policy, change.after, evidence, told=(), now=NOW)
    find_auto_move(policy, change, evidence, since=LONG_AGO, told_at={}, now=NOW)
    judgement = judge(policy, change, evidence, NOW)
    for verdict in judgement.verdicts:
        assert reason_text(verdict.reason, policy, "nl")
    found = plan(policy, judgement, returns_today=returns_today)
    for ending in Ending:
        for locale in ("en", "nl"):
            note_html(policy, judgement, found, ending, locale=locale)
            task_text(policy, judgement, found, ending, locale=locale)


@thoroughly
@given(
    policies(st.just(Enforcement.ENFORCE)),
    records(),
    st.sampled_from(list(pairwise(KEYS))),
    evidences,
)
def test_what_slagboom_moves_by_itself_a_person_could_move(
    policy, record, step, evidence
):
    # Nothing of what would leave the record alone, so that most steps are judged.
    source, target = map(stage_id, step)
    quoted = a_condition("quotes >= 1")
    move = AutoMove(RuleId("auto_move.a"), source, target, quoted, Enforcement.ENFORCE)
    policy = replace(policy, since=None, governs=None, auto_moves=(move,))
    tallies = {**evidence.tallies, EvidenceKind.QUOTES: Tally(1, NOW)}
    evidence = replace(evidence, tallies=tallies)
    record = replace(record, pipeline=PIPELINE, stage=source)
    unmoved = Change(record, record)
    auto = find_auto_move(
        policy, unmoved, evidence, since=LONG_AGO, told_at={}, now=NOW
    )
    reached = set() if auto is None else {auto[0].to_stage}
    if can_move(policy, record, target, evidence, NOW):
        reached.add(target)
    for stage in reached:
        moved = replace(record, stage=stage)
        by_hand = Change(record, moved, Actor(ActorClass.PERSON))
        assert judge(policy, by_hand, evidence, NOW).return_to is None


@thoroughly
@given(policies(), changes(), evidences)
def test_every_rule_speaks_at_most_once(policy, change, evidence):
    rules = [one.rule for one in judge(policy, change, evidence, NOW).verdicts]
    assert len(rules) == len(set(rules))


@thoroughly
@given(policies(), changes(), evidences, st.randoms(use_true_random=False))
def test_the_order_of_the_rules_never_changes_the_judgement(
    policy, change, evidence, random
):
    def shuffled(things):
        return tuple(random.sample(things, len(things)))

    other = replace(
        policy,
        stages=shuffled(policy.stages),
        checks=shuffled(policy.checks),
        allow=shuffled(policy.allow),
    )
    assert judge(policy, change, evidence, NOW) == judge(other, change, evidence, NOW)


@thoroughly
@given(
    policies(st.sampled_from([Enforcement.OFF, Enforcement.OBSERVE])),
    changes(),
    evidences,
)
def test_observing_never_plans_anything(policy, change, evidence):
    found = plan(policy, judge(policy, change, evidence, NOW))
    assert not found.put_back
    assert found.return_to is None
    assert found.explain == found.ask == ()


@thoroughly
@given(
    policies(st.sampled_from([Enforcement.OFF, Enforcement.FLAG])), changes(), evidences
)
def test_flagging_never_plans_a_write(policy, change, evidence):
    assert not plan(policy, judge(policy, change, evidence, NOW)).put_back


@thoroughly
@given(policies(st.just(Enforcement.OFF)), changes(), evidences)
def test_a_rule_that_is_off_is_silent(policy, change, evidence):
    verdicts = judge(policy, change, evidence, NOW).verdicts
    assert all(verdict.result is Result.ERROR for verdict in verdicts)


@thoroughly
@given(policies(), changes(), evidences)
def test_what_was_put_back_has_nothing_left_to_put_back(policy, change, evidence):
    judgement = judge(policy, change, evidence, NOW)
    put_back = plan(policy, judgement).put_back
    accepted = with_values(change.after, put_back)
    # Judged against what was accepted, as the next look does: no difference at all.
    settled = judge(
        policy, replace(change, before=accepted, after=accepted), evidence, NOW
    )
    assert settled.failed() == []
    # Judged against the former state, as if our write had been the person's own.
    again = judge(policy, replace(change, after=accepted), evidence, NOW)
    assert again.return_to is None
    assert again.restore == {}
    assert not plan(policy, again).put_back


@thoroughly
@given(policies(), changes(), evidences)
def test_only_an_enforced_failure_puts_anything_back(policy, change, evidence):
    judgement = judge(policy, change, evidence, NOW)
    if judgement.return_to is not None or judgement.restore:
        assert judgement.failed(Enforcement.ENFORCE)
    if judgement.wanted is not None:
        assert judgement.wanted == change.after.stage
        assert judgement.return_to is not None


@thoroughly
@given(policies(), changes(), evidences)
def test_our_own_writes_never_fail(policy, change, evidence):
    ours = replace(change, actor=Actor(ActorClass.OURSELVES))
    assert (
        judge(policy, ours, evidence, datetime(2026, 1, 1, tzinfo=UTC)).failed() == []
    )


@thoroughly
@given(policies(), changes(), evidences)
def test_evidence_that_was_not_asked_for_changes_no_verdict(policy, change, evidence):
    wanted = needs(policy, change, NOW)
    kept = replace(
        evidence, tallies={k: v for k, v in evidence.tallies.items() if k in wanted}
    )
    assert judge(policy, change, kept, NOW) == judge(policy, change, evidence, NOW)


@thoroughly
@given(policies(), changes(), evidences)
def test_a_rule_speaks_of_nobody_whom_it_does_not_name(policy, change, evidence):
    named = {one.id: one.actors for one in policy.checks}
    named |= {one.id: one.actors for one in (policy.skip, policy.back) if one}
    for stage in policy.stages:
        named[f"stage.{stage.key}.gate"] = stage.actors
    for verdict in judge(policy, change, evidence, NOW).verdicts:
        actors = named.get(verdict.rule)
        assert not actors or change.actor.kind in actors


@thoroughly
@given(policies(), changes(), evidences, st.data())
def test_an_exemption_only_removes_failures(policy, change, evidence, data):
    whole = judge(policy, change, evidence, NOW)
    broken = [one.rule for one in whole.failed()]
    rules = data.draw(
        st.lists(st.sampled_from([*(broken or RULES), ALL]), min_size=1, max_size=4)
    )
    exemptions = [Exemption(rule, NOW + timedelta(days=1)) for rule in rules]
    exempt = judge(exempting(policy, exemptions, NOW), change, evidence, NOW)
    failed = {one.rule for one in exempt.failed()}
    assert failed <= {one.rule for one in whole.failed()}
    assert not any(covers(rule, one) for rule in rules for one in failed)
    assert exempt.return_to is None or whole.return_to is not None
    waived = with_waived(exempt, whole)
    assert {one.rule for one in waived.failed()} == failed
    assert {one.rule for one in whole.failed()} <= {one.rule for one in waived.verdicts}


@thoroughly
@given(policies(), changes(), evidences, st.sampled_from([*RULES, ALL]))
def test_an_exemption_that_has_ended_changes_nothing(policy, change, evidence, rule):
    ended = [Exemption(rule, NOW)]
    assert exempting(policy, ended, NOW) is policy
    assert judge(exempting(policy, ended, NOW), change, evidence, NOW) == judge(
        policy, change, evidence, NOW
    )


texts_said = st.sampled_from(["Jan", "nvt", "Test BV", "---", "xxx", "a@b.nl"])
uses = st.builds(TextUse, texts_said, st.integers(0, 9), st.floats(0, 1))


@thoroughly
@given(texts_said, uses, st.none() | st.integers(2, 9), st.none() | st.floats(0, 1))
def test_allowing_a_text_makes_it_an_answer_and_no_other_text_anything_else(
    said, use, repeated, share
):
    name = FieldName("decision_maker")
    stage = a_stage("demo", 0, requires=(name,))
    rules = Placeholders(repeated=repeated, share=share)
    allowing = rules.allowing(frozenset({(name, normal(use.text))}))
    found = []
    for placeholders in (rules, allowing):
        policy = a_policy(stages=(stage,), placeholders=placeholders)
        record = a_record("demo", fields={name: said})
        facts = Facts(policy, record, Evidence(uses={name: use}), NOW)
        found.append(find_lack(facts, stage, name))
    before, after = found
    assert after == (None if said == use.text else before)


@thoroughly
@given(texts_said, st.integers(0, 9), st.integers(0, 9), st.integers(2, 9))
def test_a_text_that_more_records_have_is_no_better_an_answer(
    said, few, more, repeated
):
    name = FieldName("decision_maker")
    stage = a_stage("demo", 0, requires=(name,))
    policy = a_policy(stages=(stage,), placeholders=Placeholders(repeated=repeated))
    record = a_record("demo", fields={name: said})

    def is_lacking(others):
        evidence = Evidence(uses={name: TextUse(said, others)})
        return find_lack(Facts(policy, record, evidence, NOW), stage, name) is not None

    assert is_lacking(max(few, more)) or not is_lacking(min(few, more))
