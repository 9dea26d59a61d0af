"""Facts move a record on: a quote that was made, an e-mail that went out."""

import pytest
from redis import Redis

from connector.store import Store
from rules.model import AMOUNT, EvidenceKind, Kind, RecordRef, StageId
from tests.fakes.clock import FrozenClock
from tests.services.office import DAY, Office

POLICY = """
version: 1
process: new-business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
enforcement: enforce
goals:
  forecast: We see where deals really stall.
stages:
  lead:
  qualification:
  demo:
  quote_sent: {requires: [amount], gate: "quotes >= 1", goal: forecast}
  negotiation:
  won:
  lost: {from: any}
auto_moves:
  first-contact:
    goal: forecast
    when: {activity: email, direction: outgoing}
    from: lead
    to: qualification
  quote-made: {goal: forecast, when: "quotes >= 1", from: demo, to: quote_sent}
"""


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


def happen(office: Office, deal: RecordRef, kind: EvidenceKind) -> None:
    office.world.link(deal, kind)
    office.clock.advance(DAY / 24)
    office.look()


def test_a_quote_moves_the_deal_on_and_a_note_says_why(office: Office):
    deal = office.add_at("demo")
    happen(office, deal, EvidenceKind.QUOTES)
    assert office.stage_of(deal) == "quote_sent"
    [note] = office.world.notes(deal)
    assert "what Quote sent waits for is there: at least 1 quote." in note.html
    assert "Slagboom moved the deal from Demo to Quote sent." in note.html
    assert "move the deal back" in note.html
    assert office.world.tasks(deal) == []
    with office.store.begin() as tx:
        [violation] = tx.violations.latest(only_open=False)
    assert (violation.rule, violation.closed_by) == ("auto.quote-made", "moved")


def test_an_email_to_the_customer_is_first_contact_and_one_from_them_is_not(
    office: Office,
):
    deal = office.add_at("lead")
    happen(office, deal, EvidenceKind.EMAILS)
    assert office.stage_of(deal) == "lead"
    happen(office, deal, EvidenceKind.EMAILS_SENT)
    assert office.stage_of(deal) == "qualification"


def test_a_quote_that_left_the_deal_unchanged_is_found_by_the_sweep(office: Office):
    deal = office.add_at("demo")
    before = office.world.records[deal].modified_at
    office.world.link(deal, EvidenceKind.QUOTES)
    office.world.records[deal].modified_at = before
    office.look()
    assert office.stage_of(deal) == "quote_sent"


def test_a_rep_who_moves_it_back_is_not_contradicted(office: Office):
    deal = office.add_at("demo")
    happen(office, deal, EvidenceKind.QUOTES)
    office.world.move(deal, StageId("s-demo"))
    office.look()
    office.clock.advance(DAY)
    office.look()
    assert office.stage_of(deal) == "demo"
    assert len(office.world.notes(deal)) == 1
    happen(office, deal, EvidenceKind.QUOTES)
    assert office.stage_of(deal) == "quote_sent"


def test_what_a_rep_could_not_do_waits_until_it_is_possible(office: Office):
    deal = office.add_at("demo", None)
    happen(office, deal, EvidenceKind.QUOTES)
    assert office.stage_of(deal) == "demo"
    office.world.edit(deal, AMOUNT, 7.0)
    office.look()
    assert office.stage_of(deal) == "quote_sent"


def test_a_flag_asks_the_owner_once(office: Office):
    office.publish(POLICY.replace("enforcement: enforce", "enforcement: flag"))
    deal = office.add_at("demo")
    happen(office, deal, EvidenceKind.QUOTES)
    happen(office, deal, EvidenceKind.CALLS)
    assert office.stage_of(deal) == "demo"
    [task] = office.world.tasks(deal)
    assert task.subject == "Acme: Move the deal to Quote sent"
    assert len(office.world.notes(deal)) == 1
    office.world.move(deal, StageId("s-quote_sent"))
    office.look()
    with office.store.begin() as tx:
        assert tx.violations.latest(only_open=True) == []


@pytest.mark.parametrize("is_paused", [True, False])
def test_what_is_observed_is_recorded_and_touches_nothing(
    office: Office, *, is_paused: bool
):
    if is_paused:
        office.set_paused(is_paused=True)
    else:
        office.publish(POLICY.replace("enforcement: enforce", "enforcement: observe"))
    deal = office.add_at("demo")
    happen(office, deal, EvidenceKind.QUOTES)
    assert office.stage_of(deal) == "demo"
    assert office.world.notes(deal) == office.world.tasks(deal) == []
    with office.store.begin() as tx:
        [violation] = tx.violations.latest(only_open=True)
    assert (violation.rule, violation.enforcement) == ("auto.quote-made", "observe")


def test_what_was_before_the_first_look_is_history(store: Store, clock, redis: Redis):
    office = Office(store, clock, redis, POLICY)
    old = office.world.add_record(
        Kind.DEAL,
        stage=StageId("s-demo"),
        values={AMOUNT: 5.0},
        created_at=clock.now() - 30 * DAY,
    )
    office.world.link(old, EvidenceKind.QUOTES, at=clock.now() - 20 * DAY)
    office.reconcile.import_(office.connection())
    office.clock.advance(DAY)
    office.world.edit(old, AMOUNT, 6.0)
    office.look()
    assert office.stage_of(old) == "demo"
