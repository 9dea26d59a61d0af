"""Rules that mean some actors only, and the end of a duel with another automation."""

from datetime import timedelta

import pytest
from redis import Redis

from adapters.ports import HeardKind
from connector.store import Store
from rules.model import Actor, ActorClass, Kind, RecordRef
from tests.fakes.clock import FrozenClock
from tests.fakes.world import AMOUNT
from tests.services.office import Office

POLICY = """
version: 1
process: new-business
connection: acme
pipeline: sales
sponsor: anna@example.com
since: 2020-01-01
locale: nl
enforcement: enforce
stages: {lead: , qualification: , demo: , quote_sent: , won: , lost: {from: any}}
moves:
  skip: {actors: [person]}
  returns_per_day: 2
"""
ROBIN = Actor(ActorClass.PERSON, "Robin")
NIGHTLY = Actor(ActorClass.WORKFLOW, "Nightly update")


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


def skip(office: Office, deal: RecordRef, by: ActorClass) -> None:
    office.world.advance(timedelta(minutes=1))
    office.world.move(deal, office.world.stages(Kind.DEAL)[2], by=by)


def look(office: Office, deal: RecordRef, told: Actor | None) -> None:
    if told is None:
        office.look()
    else:
        office.hear(deal, told)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_rule_about_people_lets_a_workflow_pass_whether_a_hint_told_of_it_or_not(
    office, is_told
):
    deal = office.add_deal()
    skip(office, deal, ActorClass.WORKFLOW)
    look(office, deal, NIGHTLY if is_told else None)
    assert office.stage_of(deal) == "demo"
    assert office.violations() == []


@pytest.mark.parametrize("is_told", [True, False])
def test_a_rule_about_people_holds_a_person_whether_a_hint_told_of_it_or_not(
    office, is_told
):
    deal = office.add_deal()
    skip(office, deal, ActorClass.PERSON)
    look(office, deal, ROBIN if is_told else None)
    assert office.stage_of(deal) == "lead"


def test_one_who_cannot_be_told_is_not_taken_for_a_person(office):
    deal = office.add_deal()
    skip(office, deal, ActorClass.UNKNOWN)
    office.look()
    assert office.stage_of(deal) == "demo"


def test_nobody_is_asked_who_moved_a_record_if_no_rule_asks(office):
    office.publish(POLICY.replace("actors: [person]", ""))
    deal = office.add_deal()
    office.world.move(deal, office.world.stages(Kind.DEAL)[1], by=ActorClass.WORKFLOW)
    office.crm.requests.clear()
    office.look()
    assert "trace" not in {method for method, _ in office.crm.requests}


def test_a_duel_ends_after_as_many_returns_as_the_policy_says_and_the_admin_hears_of_it(
    office,
):
    office.publish(POLICY.replace("actors: [person]", ""))
    deal = office.add_deal()
    for _ in range(3):
        skip(office, deal, ActorClass.WORKFLOW)
        office.hear(deal, NIGHTLY)
    assert office.stage_of(deal) == "demo"
    with office.store.begin() as tx:
        [notice] = tx.notices.open()
    assert notice.code == "duel"
    assert "door een workflow (Nightly update), tegen het beleid" in notice.message
    assert "op één dag 2 keer teruggezet" in notice.message
    newest = office.world.notes(deal)[-1]
    assert "een workflow (Nightly update)" in newest.html


def test_who_moved_a_record_counts_though_a_workflow_edited_it_right_after(office):
    deal = office.add_deal()
    skip(office, deal, ActorClass.PERSON)
    office.world.edit(deal, AMOUNT, 5.0)
    office.hear(deal, ROBIN, "stage", more=True)
    office.hear(deal, NIGHTLY, "amount, close_date")
    assert office.stage_of(deal) == "lead"


def test_who_only_linked_something_is_not_taken_for_who_moved_it(office):
    deal = office.add_deal()
    skip(office, deal, ActorClass.PERSON)
    office.hear(deal, ROBIN, "stage", more=True)
    office.hear(deal, NIGHTLY, kind=HeardKind.LINKED)
    assert office.stage_of(deal) == "lead"


def test_who_only_edited_is_not_taken_for_who_moved_it(office):
    deal = office.add_deal()
    skip(office, deal, ActorClass.PERSON)
    office.world.edit(deal, AMOUNT, 5.0)
    # Of the move itself nobody told; the CRM's history does.
    office.hear(deal, NIGHTLY, "amount")
    assert office.stage_of(deal) == "lead"


def test_who_edited_a_field_counts_though_somebody_edited_another_right_after(office):
    office.publish(
        POLICY + "checks: {positive: {check: amount >= 0, actors: [workflow]}}\n"
    )
    deal = office.add_deal()
    office.world.edit(deal, AMOUNT, -5.0)
    office.hear(deal, NIGHTLY, "amount, close_date", more=True)
    office.hear(deal, ROBIN, "description")
    assert [one.rule for one in office.violations()] == ["check.positive"]


def test_the_note_has_the_name_that_the_history_knows(office):
    office.publish(POLICY.replace("actors: [person]", ""))
    deal = office.add_deal()
    skip(office, deal, ActorClass.WORKFLOW)
    office.hear(deal, Actor(ActorClass.WORKFLOW, "AUTOMATION_PLATFORM"))
    assert "een workflow (workflow)" in office.world.notes(deal)[-1].html


def test_a_skip_goes_back_though_a_workflow_went_on_before_anybody_looked(office):
    deal = office.add_deal()
    skip(office, deal, ActorClass.PERSON)
    office.hear(deal, ROBIN, "stage", more=True)
    office.world.advance(timedelta(seconds=1))
    office.world.move(deal, office.world.stages(Kind.DEAL)[3], by=ActorClass.WORKFLOW)
    office.hear(deal, NIGHTLY, "stage")
    assert office.stage_of(deal) == "lead"
    [note] = office.world.notes(deal)
    assert "workflow" not in note.html
