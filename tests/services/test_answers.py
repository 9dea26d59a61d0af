"""A company that is really called Test BV can be told so once."""

import pytest
from redis import Redis

from connector.errors import ConfigError
from connector.services.answers import AnswerMissing, Answers
from connector.store import Store
from rules.model import Kind, RecordRef
from tests.fakes.clock import FrozenClock
from tests.fakes.world import DECISION_MAKER
from tests.services.office import DAY, Office

POLICY = """
version: 1
process: new-business
connection: acme
pipeline: sales
sponsor: anna@example.com
since: 2020-01-01
enforcement: enforce
stages:
  lead:
  qualification: {requires: [decision_maker]}
  demo:
  won:
  lost: {from: any}
"""


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


@pytest.fixture
def answers(office: Office) -> Answers:
    return Answers(office.store, office.policies, office.clock)


def allow(office: Office, answers: Answers, field: str = "decision_maker") -> None:
    answers.allow(
        office.connection(), field, "Test!", why="Her name is Test.", author="anna"
    )


def moved_deal(office: Office, decision_maker: str = "TEST") -> RecordRef:
    """Move a deal on whose decision maker seems to be a placeholder."""
    deal = office.world.add_record(values={DECISION_MAKER: decision_maker})
    office.look()
    office.clock.advance(DAY / 24)
    office.world.move(deal, office.world.stages(Kind.DEAL)[1])
    office.look()
    return deal


def stage(office: Office, deal: RecordRef) -> str | None:
    return office.crm.read([deal], {})[deal].stage


def test_a_text_that_is_allowed_is_an_answer_from_then_on(office, answers):
    allow(office, answers)
    deal = moved_deal(office)
    assert stage(office, deal) == "s-qualification"
    assert stage(office, moved_deal(office, "n.v.t.")) == "s-lead"


def test_a_move_that_waited_for_a_better_answer_is_made(office, answers):
    deal = moved_deal(office)
    assert stage(office, deal) == "s-lead"
    allow(office, answers)
    office.clock.advance(DAY / 24)
    with office.store.begin() as tx:
        office.reconcile.wake_holds(tx, office.clock.now())
    office.enforce().look(office.id)
    assert stage(office, deal) == "s-qualification"


def test_what_was_flagged_for_its_sake_is_over_at_once(office, answers):
    office.publish(POLICY.replace("enforcement: enforce", "enforcement: flag"))
    moved_deal(office)
    assert len(office.violations()) == 1
    allow(office, answers)
    office.enforce().look(office.id)
    assert office.violations() == []


def test_the_field_is_known_by_its_label_as_well(office, answers):
    allow(office, answers, field="Decision_Maker")
    [one] = answers.latest(is_all=False, limit=10)
    assert (one.field, one.text, one.allowed_by) == ("decision_maker", "Test!", "anna")


def test_what_is_taken_back_is_a_placeholder_again(office, answers):
    allow(office, answers)
    [one] = answers.latest(is_all=False, limit=10)
    answers.revoke(one.id, why="She left.", author="bob")
    assert stage(office, moved_deal(office)) == "s-lead"
    assert answers.latest(is_all=False, limit=10) == []
    [gone] = answers.latest(is_all=True, limit=10)
    assert gone.revoked_by == "bob"
    with pytest.raises(AnswerMissing):
        answers.revoke(one.id, why="", author="bob")


def test_both_are_in_the_audit_and_saying_it_twice_is_saying_it_once(office, answers):
    allow(office, answers)
    allow(office, answers)
    [one] = answers.latest(is_all=True, limit=10)
    answers.revoke(one.id, why="She left.", author="bob")
    with office.store.begin() as tx:
        entries = tx.audit.latest(target="acme/decision_maker")
    assert [(entry.action, entry.actor, entry.reason) for entry in entries] == [
        ("answer.revoked", "bob", "She left."),
        ("answer.allowed", "anna", "Her name is Test."),
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("decision_makr", "Test", "x"), "Did you mean “decision_maker”?"),
        (("amount", "Test", "x"), "Required are: decision_maker."),
        (("decision_maker", " ", "x"), "Write the text."),
        (("decision_maker", "Test", " "), "Say why"),
    ],
)
def test_what_makes_no_sense_is_refused(office, answers, given, words):
    field, text, why = given
    with pytest.raises(ConfigError) as refused:
        answers.allow(office.connection(), field, text, why=why, author="anna")
    assert words in str(refused.value)
