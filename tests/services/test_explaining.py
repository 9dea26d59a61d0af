"""One record explained: afresh, in both languages, and without doing anything."""

from datetime import timedelta

import pytest
from redis import Redis

from connector.services.explaining import Explained, Explaining, StageMissing
from connector.services.lookup import RecordMissing
from connector.store import Store
from connector.store.exemptions import NewExemption
from rules.explaining import Outlook
from rules.model import EvidenceKind, Kind, RecordRef
from rules.wording import explain, not_followed
from tests.fakes.clock import FrozenClock
from tests.fakes.world import AMOUNT, DECISION_MAKER
from tests.services.desk import POLICY, Desk

ENFORCED = POLICY.replace("enforcement: flag", "enforcement: enforce")
IDLE = (
    "follow_ups:\n  idle: {goal: forecast, enforcement: flag, starts: {idle: 7d},"
    " task: Call, ladder: [{after: 1d, remind: owner}]}\n"
)


@pytest.fixture
def desk(store: Store, clock: FrozenClock, redis: Redis) -> Desk:
    desk = Desk(store, clock, redis)
    desk.publish(ENFORCED + IDLE)
    desk.import_()
    return desk


def add(desk: Desk, stage: int = 0, **values) -> RecordRef:
    ref = desk.world.add_record(
        stage=desk.world.stages(Kind.DEAL)[stage],
        owner=desk.world.rep,
        values={AMOUNT: 5.0, **values},
    )
    desk.import_()
    return ref


def explained(desk: Desk, words: str = "Acme", to: str | None = None) -> Explained:
    return Explaining(
        desk.store, crm_for=desk.crm_for, policies=desk.policies, clock=desk.clock
    ).explain(words, to=to)


def told(desk: Desk, found: Explained, locale: str = "en") -> dict[str, list[str]]:
    assert found.policy is not None
    sections = explain(
        found.policy,
        found.record,
        found.standing,
        found.prospect,
        now=desk.clock.now(),
        locale=locale,
    )
    return {one.title: list(one.lines) for one in sections}


def outlook(found: Explained) -> Outlook:
    assert found.prospect is not None
    return found.prospect.outlook


def test_what_the_next_stage_needs_is_told_in_four_parts(desk: Desk):
    add(desk)
    assert told(desk, explained(desk)) == {
        "Where it stands:": [
            (
                "Acme has been in Lead since Tuesday 1 December at 13:00, in the"
                " process New business."
            ),
            "It is with Robin Rep.",
            (
                "Follow-up: after 7 days without contact: the task “Call” and a"
                " reminder after 1 day. Next look: Tuesday 8 December at 13:00."
            ),
        ],
        "What would happen when it goes to Qualification:": [
            (
                "Slagboom would put the deal back in Lead, and move it to Qualification"
                " by itself as soon as the missing thing is there."
            ),
            "Decision_maker is empty, and Qualification needs it.",
        ],
        "Why this matters:": ["We see where deals really stall."],
        "What to do:": [
            "Fill in Decision_maker.",
            "Is this an exception? Talk to anna@example.com.",
        ],
        "Open Acme": ["https://crm.example.com/deals/1001"],
    }


def test_it_is_told_in_dutch_as_well(desk: Desk):
    add(desk)
    lines = [one for some in told(desk, explained(desk), "nl").values() for one in some]
    assert "Dit ligt bij Robin Rep." in lines
    assert any(one.startswith("Slagboom zet de deal terug in Lead") for one in lines)
    assert "Vul Decision_maker in." in lines


def test_a_jump_is_told_as_what_it_would_skip(desk: Desk):
    add(desk)
    found = explained(desk, to="demo")
    assert outlook(found) is Outlook.RETURNED
    lines = told(desk, found)["What would happen when it goes to Demo:"]
    assert lines[:2] == [
        "Slagboom would put the deal back in Lead.",
        "From Lead straight to Demo skips: Qualification.",
    ]


def test_what_is_linked_is_asked_for_afresh(desk: Desk):
    ref = add(desk, 1, **{DECISION_MAKER: "Ann"})
    assert outlook(explained(desk)) is Outlook.HELD
    desk.world.link(ref, EvidenceKind.MEETINGS)
    found = explained(desk)
    assert outlook(found) is Outlook.PASSES
    assert told(desk, found)["What would happen when it goes to Demo:"] == [
        "Nothing stands in the way of going to Demo."
    ]


def test_the_record_is_read_afresh_and_nothing_is_written(desk: Desk):
    ref = add(desk)
    desk.world.edit(ref, DECISION_MAKER, "Ann")
    desk.world.crm.requests.clear()
    assert outlook(explained(desk)) is Outlook.PASSES
    assert {name for name, _ in desk.world.crm.requests} == {"read"}
    with desk.store.begin() as tx:
        assert tx.interventions.latest() == []


@pytest.mark.parametrize(
    ("level", "expected"),
    [("observe", Outlook.OBSERVED), ("flag", Outlook.FLAGGED), ("off", Outlook.PASSES)],
)
def test_a_rule_with_less_power_does_less(desk: Desk, level: str, expected: Outlook):
    add(desk)
    desk.publish(ENFORCED.replace("enforcement: enforce", f"enforcement: {level}"))
    assert outlook(explained(desk)) is expected


def test_while_it_is_paused_it_would_only_take_note(desk: Desk):
    add(desk)
    with desk.store.begin() as tx:
        tx.connections.pause(desk.id, at=desk.clock.now())
    sections = told(desk, explained(desk))
    assert "Slagboom is paused here: it only looks." in sections["Where it stands:"]
    [first, *_] = sections["What would happen when it goes to Qualification:"]
    assert first == "It would stay in Qualification. Slagboom would only take note."


def test_a_move_that_waits_is_told_with_what_it_lacks(desk: Desk):
    ref = add(desk)
    desk.world.move(ref, desk.world.stages(Kind.DEAL)[1])
    desk.look()
    found = explained(desk)
    assert told(desk, found)["Where it stands:"][2:4] == [
        (
            "Somebody wanted the deal in Qualification. Slagboom moves it there"
            " once this is done:"
        ),
        "Fill in Decision_maker.",
    ]


def test_what_stands_against_a_record_is_told(desk: Desk):
    desk.publish(ENFORCED.replace("enforcement: enforce", "enforcement: flag"))
    ref = add(desk)
    desk.world.move(ref, desk.world.stages(Kind.DEAL)[1])
    desk.look()
    stands = told(desk, explained(desk))["Where it stands:"]
    assert (
        "Against the policy: Decision_maker is empty, and Qualification needs it."
    ) in stands


@pytest.mark.parametrize(
    "rule", ["stage.qualification.requires.decision_maker", "stage.qualification"]
)
def test_what_a_record_is_exempt_from_is_not_demanded_and_told(desk: Desk, rule: str):
    add(desk)
    with desk.store.begin() as tx:
        [active] = desk.policies.active(tx, desk.id)
        [known] = tx.baselines.named("Acme", limit=9)
        tx.exemptions.grant(
            NewExemption(
                record_id=known.id,
                process_id=active.version.process_id,
                rule=rule,
                until=desk.clock.now() + timedelta(days=1),
                why="Pilot",
                granted_by="anna",
                owner=None,
            ),
            now=desk.clock.now(),
        )
    found = explained(desk)
    assert outlook(found) is Outlook.PASSES
    assert (
        "Exempt until Wednesday 2 December at 13:00 from: Qualification needs"
        " Decision_maker."
    ) in told(desk, found)["Where it stands:"]
    desk.clock.advance(timedelta(days=1))
    assert outlook(explained(desk)) is Outlook.HELD


@pytest.mark.parametrize("words", ["Quote sent", "quote_sent", "s-quote_sent"])
def test_a_stage_is_meant_by_its_key_its_label_or_its_id(desk: Desk, words: str):
    add(desk)
    prospect = explained(desk, to=words).prospect
    assert prospect is not None
    assert prospect.to == "s-quote_sent"


def test_a_stage_that_is_none_is_named_with_what_was_meant(desk: Desk):
    add(desk)
    with pytest.raises(StageMissing, match="Did you mean “demo”"):
        explained(desk, to="demmo")


def test_at_the_end_of_the_path_there_is_nothing_to_go_to(desk: Desk):
    add(desk, 5)
    assert explained(desk).prospect is None
    assert "Where it stands:" in told(desk, explained(desk))


def test_a_record_that_is_left_alone_is_told_so(desk: Desk):
    add(desk)
    desk.publish(ENFORCED + 'governs: "amount > 100"\n')
    found = explained(desk)
    assert outlook(found) is Outlook.UNGOVERNED
    assert told(desk, found)["What would happen when it goes to Qualification:"] == [
        "Nothing: the process New business leaves it alone."
    ]


def test_without_a_policy_nothing_is_judged(
    store: Store, clock: FrozenClock, redis: Redis
):
    desk = Desk(store, clock, redis)
    add(desk)
    found = explained(desk)
    assert found.policy is None
    assert not_followed(found.record, "en").startswith("Acme is in no pipeline")


def test_a_record_that_has_gone_is_missing(desk: Desk):
    ref = add(desk)
    desk.world.delete(ref)
    with pytest.raises(RecordMissing, match="no longer in acme"):
        explained(desk)
