"""What changed between two versions of a policy, and how people are told of it."""

from dataclasses import dataclass, fields, replace

import pytest

from rules.comparing import Setting, compare, newly_enforced, statements
from rules.model import (
    ActorClass,
    Enforcement,
    EvidenceKind,
    FieldName,
    GoalId,
    PipelineId,
    RuleId,
)
from rules.policy import (
    AutoMove,
    Calendar,
    Conversion,
    Lane,
    MoveRule,
    OnFail,
    ParkLimit,
    Placeholders,
    Policy,
    Recipient,
    SeenLimit,
    Stage,
    StartKind,
    Starts,
    StepKind,
    StormLimit,
)
from rules.wording import difference_lines
from rules.wording.speech import CATALOGUES
from tests.builders import (
    LONG_AGO,
    a_check,
    a_condition,
    a_duration,
    a_follow_up,
    a_move_rule,
    a_policy,
    a_stage,
    an_allow,
    stage_id,
    the_stages,
)


def said(before: Policy | None, after: Policy, locale: str = "en") -> list[str]:
    return difference_lines(compare(before, after), before, after, locale=locale)


def with_stage(key: str, **changes) -> Policy:
    policy = a_policy()
    return replace(
        policy,
        stages=tuple(
            replace(one, **changes) if one.key == key else one for one in policy.stages
        ),
    )


def test_two_equal_policies_do_not_differ():
    assert compare(a_policy(), a_policy()) == ()


def test_a_rule_with_more_power_is_told_with_both_powers():
    before = with_stage("quote_sent", enforcement=Enforcement.FLAG)
    assert said(before, a_policy()) == [
        "Quote sent needs Amount (was: flagged, now: put back).",
        "Quote sent needs Close date (was: flagged, now: put back).",
        "Quote sent needs at least 1 quote (was: flagged, now: put back).",
    ]
    assert said(before, a_policy(), "nl") == [
        "Voor Quote sent is Amount nodig (was: gemeld, nu: teruggezet).",
        "Voor Quote sent is Close date nodig (was: gemeld, nu: teruggezet).",
        (
            "Voor Quote sent is dit nodig: minstens 1 offerte (was: gemeld, nu:"
            " teruggezet)."
        ),
    ]


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (
            with_stage("demo", requires=(FieldName("amount"),)),
            ["New: Demo needs Amount (put back)."],
        ),
        (
            with_stage("won", requires=()),
            ["No longer: Won needs Contract date."],
        ),
        (
            with_stage("demo", gate=a_condition("meetings >= 2")),
            ["Demo needs at least 2 meetings (was: at least 1 meeting)."],
        ),
        (
            with_stage(
                "demo",
                gate=a_condition("meetings >= 2"),
                enforcement=Enforcement.OBSERVE,
            ),
            [
                (
                    "Demo needs at least 2 meetings (was: at least 1 meeting, put"
                    " back; now: only observed)."
                )
            ],
        ),
        (
            a_policy(skip=a_move_rule("skip", Enforcement.OFF)),
            ["No stage may be skipped (was: put back, now: not checked)."],
        ),
        (
            a_policy(back=None),
            ["No longer: the deal may not go back to an earlier stage."],
        ),
        (
            a_policy(checks=(a_check("amount-not-negative", "amount >= 1"),)),
            [
                "We expect Amount of 1 or more (was: Amount of 0 or more).",
            ],
        ),
        (
            a_policy(
                checks=(a_check("amount-not-negative", "amount >= 0", while_open=True),)
            ),
            [
                (
                    "We expect Amount of 0 or more, as long as the deal is open (was:"
                    " we expect Amount of 0 or more)."
                )
            ],
        ),
        (
            a_policy(
                allow=(an_allow("demo", "negotiation", when="amount < 9", why="Small"),)
            ),
            [
                (
                    "New: the deal may go from Demo to Negotiation with Amount below"
                    " 9: Small."
                )
            ],
        ),
        (
            a_policy(governs=a_condition("amount > 10")),
            ["New: the process is only for the deal with Amount above 10."],
        ),
        (
            a_policy(sponsor="bob@example.com"),
            [
                (
                    "Bob@example.com answers for the process (was: anna@example.com"
                    " answers for the process)."
                )
            ],
        ),
        (
            a_policy(since=LONG_AGO),
            ["New: it holds for what was created from 5 January 2026."],
        ),
        (
            a_policy(calendar=Calendar(timezone="UTC")),
            [
                (
                    "Working time is 09:00–17:30, UTC (was: working time is"
                    " 09:00–17:30, Europe/Amsterdam)."
                )
            ],
        ),
    ],
)
def test_each_difference_is_one_sentence(after: Policy, lines: list[str]):
    assert said(a_policy(), after) == lines


def test_what_is_demanded_of_some_actors_only_is_said_with_them():
    some = frozenset({ActorClass.IMPORT, ActorClass.WORKFLOW})
    skip = replace(a_move_rule("skip"), actors=some)
    assert said(a_policy(), a_policy(skip=skip)) == [
        (
            "No stage may be skipped (when a workflow or an import did it) (was: no"
            " stage may be skipped)."
        )
    ]
    [line] = said(a_policy(), with_stage("demo", actors=some))
    assert line.startswith("Demo needs at least 1 meeting (when a workflow or")


def test_people_auto_moves_and_conversion_are_said():
    people = {EvidenceKind.CONTACTS: a_condition("contacts >= 2")}
    assert said(a_policy(), with_stage("won", people=people)) == [
        "New: Won needs at least 2 contacts (put back)."
    ]
    move = AutoMove(
        RuleId("auto_move.quoted"),
        stage_id("demo"),
        stage_id("quote_sent"),
        a_condition("quotes >= 1"),
        Enforcement.ENFORCE,
    )
    assert said(a_policy(), a_policy(auto_moves=(move,)), "nl") == [
        (
            "Nieuw: de deal gaat vanzelf van Demo naar Quote sent bij minstens 1"
            " offerte (actief)."
        )
    ]
    late = MoveRule(RuleId("conversion.late"), Enforcement.FLAG)
    conversion = Conversion(a_condition("quotes >= 1"), late=late)
    assert said(a_policy(), a_policy(conversion=conversion)) == [
        "New: the lead is converted as soon as there is at least 1 quote (flagged)."
    ]


OTHER = {
    "id": stage_id("elsewhere"),
    "position": None,
    "requires": (FieldName("discount"),),
    "people": {EvidenceKind.CONTACTS: a_condition("contacts >= 2")},
    "gate": a_condition("meetings >= 9"),
    "enforcement": Enforcement.FLAG,
    "actors": frozenset({ActorClass.IMPORT}),
}
OF_THE_ACCOUNT = {"key", "label", "is_closed", "is_won", "goal"}
"""Parts of a stage that are no statement of the policy about records."""


@pytest.mark.parametrize("part", [one.name for one in fields(Stage)])
def test_no_part_of_a_stage_changes_unnoticed(part: str):
    if part not in OF_THE_ACCOUNT:
        assert compare(a_policy(), with_stage("demo", **{part: OTHER[part]}))


def test_a_new_stage_changes_what_comes_after_what():
    stages = list(the_stages())
    added = a_stage("trial", 3)
    later = [
        replace(one, position=one.position + 1)
        if one.position is not None and one.position >= 3
        else one
        for one in stages
    ]
    after = a_policy(stages=(*later[:3], added, *later[3:]))
    assert said(a_policy(), after) == [
        "New: Trial comes after Demo.",
        "Quote sent comes after Trial (was: Quote sent comes after Demo).",
    ]


def test_a_follow_up_is_told_with_its_start_its_task_and_its_ladder():
    after = a_policy(follow_ups=(a_follow_up(),))
    assert said(a_policy(), after) == [
        (
            "New: when the deal has just come in: the task “Call …”, a reminder after"
            " 24 hours and the manager is told after 48 hours (on)."
        )
    ]
    at_once = a_follow_up(
        steps=(
            ("0d", StepKind.REMIND, Recipient.OWNER),
            ("0h", StepKind.ESCALATE, Recipient.MANAGER),
        )
    )
    [line] = said(a_policy(), a_policy(follow_ups=(at_once,)))
    assert "a reminder at once and the manager is told at once" in line
    idle = a_follow_up(starts=Starts(StartKind.IDLE, idle=a_duration("5wd")))
    [line] = said(after, a_policy(follow_ups=(idle,)), "nl")
    assert line.startswith("Na 5 werkdagen zonder contact: de taak “Bel …”")


def test_a_first_version_says_everything():
    policy = a_policy(follow_ups=(a_follow_up(),))
    assert len(said(None, policy)) == len(statements(policy))


def test_lanes_and_limits_are_said_in_words():
    lanes = (Lane("top", a_condition("amount >= 100000"), 0.5),)
    assert said(a_policy(), a_policy(lanes=lanes)) == [
        "New: followed up faster: Amount of 100,000 or more, in 50% of the time."
    ]
    limit = ParkLimit(a_duration("30d"), 2)
    [line] = said(a_policy(), a_policy(park_limit=limit), "nl")
    assert line.startswith("Parkeren mag hoogstens 30 dagen, 2 keer per jaar (was: ")
    [line] = said(a_policy(), a_policy(seen_limit=SeenLimit(a_duration("4h"), 1)))
    assert line.startswith(
        "Whoever has seen a follow-up is left alone for 4 hours, 1 time at the most"
    )
    [line] = said(a_policy(), a_policy(returns_per_day=1))
    assert (
        line == "Put back at most 1 time a day (was: put back at most 3 times a day)."
    )
    [line] = said(a_policy(), a_policy(messages_per_day=1), "nl")
    assert line.startswith("Iedereen krijgt hoogstens 1 los bericht per dag")
    [line] = said(a_policy(), a_policy(locale="nl-BE"))
    assert line == "The language is Dutch (Belgium) (was: the language is English)."
    top = (Lane("top", a_condition("amount >= 100000"), 0.5, never_in_digest=True),)
    [line] = said(a_policy(), a_policy(lanes=top, messages_per_day=10))
    assert line.endswith("in 50% of the time and never in a digest.")


def test_every_part_of_a_policy_has_a_sentence():
    for key, statement in statements(a_policy()).items():
        if isinstance(statement.subject, Setting):
            assert f"set_{key}" in CATALOGUES["nl"].phrases, key


def test_what_goals_come_first_is_a_difference():
    goals = a_policy().goals
    swapped = a_policy(goals=dict(reversed(goals.items())))
    [line] = said(a_policy(), swapped)
    assert line.startswith("The goals are: No deal is forgotten. We see")


@dataclass(frozen=True, slots=True)
class LaterPolicy(Policy):
    """A policy as it may come to be, with a part that nobody has thought of yet."""

    coffee_breaks: int = 0


def test_a_part_that_no_sentence_is_for_is_named_all_the_same():
    parts = {one.name: getattr(a_policy(), one.name) for one in fields(Policy)}
    before, after = (LaterPolicy(**parts, coffee_breaks=count) for count in (1, 2))
    assert said(before, after) == ["Changed: the part “coffee breaks” of the process."]


def test_what_will_be_put_back_from_now_on_is_known():
    observed = a_policy(enforcement=Enforcement.OBSERVE)
    changes = newly_enforced(compare(observed, a_policy()))
    assert {one.after.key for one in changes} >= {"move.skip", "stage.demo.gate"}
    assert newly_enforced(compare(a_policy(), observed)) == ()
    only_flags = a_check("flags", "amount > 0", on_fail=OnFail.FLAG)
    added = compare(a_policy(), a_policy(checks=(*a_policy().checks, only_flags)))
    assert newly_enforced(added) == ()


def test_what_nobody_notices_is_known():
    quiet = a_policy(enforcement=Enforcement.OBSERVE)
    more = replace(
        quiet, checks=(a_check("x", "amount > 0", enforcement=Enforcement.OBSERVE),)
    )
    assert not any(one.touches_people for one in compare(quiet, more))
    assert all(
        one.touches_people
        for one in compare(quiet, a_policy())
        if one.after.enforcement is Enforcement.ENFORCE
    )


def test_a_goal_of_a_difference_is_the_rules_own():
    [one] = compare(a_policy(), a_policy(back=None))
    assert one.goal == GoalId("forecast")


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        (
            "en",
            (
                "words that say nothing, the same text by one author in 5 records and"
                " what more than 30% of all records say; but this is an answer:"
                " “testbv”"
            ),
        ),
        ("nl", "woorden die niets zeggen, dezelfde tekst van één persoon in 5 records"),
    ],
)
def test_what_counts_as_no_answer_is_said(locale: str, told: str):
    placeholders = Placeholders(
        repeated=5, share=0.3, allowed=frozenset({(None, "testbv")})
    )
    [line] = said(a_policy(), a_policy(placeholders=placeholders), locale)
    assert told in line


def test_a_pipeline_is_called_what_the_document_calls_it():
    renewals = a_policy(pipeline=PipelineId("7"), pipeline_name="Renewals")
    [line] = said(a_policy(), renewals)
    assert line.startswith("The process is for the pipeline Renewals (was: ")
    assert compare(renewals, a_policy(pipeline=PipelineId("7"))) == ()


def test_what_the_account_says_of_its_fields_is_no_difference():
    free = frozenset({FieldName("decision_maker")})
    assert compare(a_policy(), a_policy(free_texts=free)) == ()


def test_another_storm_limit_is_told_in_words():
    before = a_policy()
    after = a_policy(storm=StormLimit(200, 0.1))
    said = {
        locale: difference_lines(compare(before, after), before, after, locale=locale)
        for locale in ("en", "nl")
    }
    [line] = said["en"]
    assert line == (
        "Within ten minutes at most 200 records or 10% of all records put back (was:"
        " within ten minutes at most 50 records or 5% of all records put back)."
    )
    assert "binnen tien minuten" in said["nl"][0].lower()
