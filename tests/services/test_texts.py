"""The same text in many records is no answer, where a policy counts."""

import pytest
from redis import Redis

from connector.services.daily import Daily
from connector.services.explaining import Explaining
from connector.services.texts import counted_fields
from connector.store import Store
from connector.store.texts import HeldText
from rules.model import Actor, ActorClass, FieldName, Kind, OwnerId, RecordRef
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
  qualification: {requires: [decision_maker, amount, currency]}
  demo:
  won:
  lost: {from: any}
placeholders: {repeated: 3}
"""
REP, OTHER = OwnerId("71"), OwnerId("72")
FULL = {FieldName("amount"): 5.0, FieldName("currency"): "EUR"}


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


def add(office: Office, text: str | None, owner: OwnerId | None = REP) -> RecordRef:
    deal = office.world.add_record(
        values={**FULL, DECISION_MAKER: text} if text else FULL, owner=owner
    )
    office.clock.advance(DAY / 24 / 60)
    return deal


def move(office: Office, deal: RecordRef) -> str | None:
    """Move a deal on, and return where it then stands."""
    office.look()
    office.clock.advance(DAY / 24 / 60)
    office.world.move(deal, office.world.stages(Kind.DEAL)[1])
    office.look()
    return office.crm.read([deal], {})[deal].stage


def go_round(office: Office) -> None:
    office.clock.advance(DAY)
    Daily(office.store, office.policies, office.clock).run()


def test_the_same_text_by_the_same_author_is_no_answer_from_so_many_records_on(office):
    first, second = add(office, "Reception"), add(office, "RECEPTION.")
    assert move(office, first) == "s-qualification"
    assert move(office, second) == "s-qualification"
    third = add(office, "reception")
    assert move(office, third) == "s-lead"
    [note] = office.world.notes(third)
    assert "the same author wrote this in 3 records" in note.html


def test_the_same_text_by_others_counts_for_them(office):
    deals = [add(office, "Reception", owner) for owner in (REP, OTHER, OTHER, REP)]
    assert [move(office, deal) for deal in deals] == ["s-qualification"] * 4


def test_who_made_an_edit_is_its_author_whoever_owns_the_record(office):
    robin = Actor(ActorClass.PERSON, "Robin", "9")
    for owner in (REP, OTHER):
        deal = add(office, None, owner)
        office.look()
        office.world.edit(deal, DECISION_MAKER, "Reception")
        office.hear(deal, robin)
    deal = add(office, None, None)
    office.look()
    office.world.edit(deal, DECISION_MAKER, "Reception")
    office.hear(deal, robin)
    assert move(office, deal) == "s-lead"


def test_what_was_known_before_anybody_counted_is_counted_by_the_round(office):
    for _ in range(2):
        add(office, "Reception")
    office.reconcile.import_(office.connection())
    third = add(office, "Reception")
    assert move(office, third) == "s-qualification"
    go_round(office)
    assert move(office, add(office, "Reception")) == "s-lead"


def test_what_is_gone_or_says_something_else_by_now_counts_no_more(office):
    gone, changed = add(office, "Reception"), add(office, "Reception")
    office.look()
    office.world.delete(gone)
    office.world.edit(changed, DECISION_MAKER, "Jan de Vries")
    office.hear(gone, Actor(ActorClass.PERSON))
    for text in ("Reception", "Reception"):
        assert move(office, add(office, text)) == "s-qualification"


def test_a_text_that_fills_itself_in_is_no_answer_whoever_owns_the_record(office):
    office.publish(POLICY.replace("repeated: 3", "share: 40%"))
    for number in range(4):
        add(office, "Unassigned buyer", OwnerId(str(number)))
        add(office, f"Buyer {number}")
    office.look()
    go_round(office)
    deal = add(office, "Unassigned buyer", OTHER)
    assert move(office, deal) == "s-lead"
    assert "50% of all records say this" in office.world.notes(deal)[0].html
    assert move(office, add(office, "Buyer 1")) == "s-qualification"


def test_what_is_chosen_from_a_list_is_not_counted(office):
    with office.store.begin() as tx:
        [active] = office.policies.active(tx, office.id)
    assert counted_fields([active.policy]) == {DECISION_MAKER}


def test_a_policy_that_does_not_count_keeps_no_texts(office):
    office.publish(POLICY.replace("placeholders: {repeated: 3}", ""))
    deals = [add(office, "Reception") for _ in range(4)]
    assert [move(office, deal) for deal in deals] == ["s-qualification"] * 4


def test_others_are_counted_no_further_than_makes_a_difference(office):
    add(office, "Reception")
    office.look()
    with office.store.begin() as tx:
        rows = tx.records.ensure(
            office.id, [add(office, f"deal {number}") for number in range(5)]
        )
        held = [
            HeldText(row, Kind.DEAL, DECISION_MAKER, "reception", "owner:71")
            for row in rows.values()
        ]
        tx.texts.keep(office.id, held)
        [use] = tx.texts.uses(office.id, held[:1], most=2).values()
    assert (use.others, use.share) == (2, 0)


def test_what_is_explained_counts_as_what_is_judged(office):
    for _ in range(2):
        assert move(office, add(office, "Reception")) == "s-qualification"
    third = add(office, "Reception")
    office.look()
    explaining = Explaining(
        office.store,
        crm_for=lambda _: office.crm,
        policies=office.policies,
        clock=office.clock,
    )
    prospect = explaining.explain(f"deal:{third.id}").prospect
    assert prospect is not None
    assert [one.rule for one in prospect.wanting] == [
        "stage.qualification.requires.decision_maker"
    ]
