"""A quote makes a lead an account: who forgets it hears of it, once."""

import pytest
from redis import Redis

from connector.store import Store
from rules.model import EvidenceKind, Kind, RecordRef, StageId
from tests.fakes.clock import FrozenClock
from tests.services.office import DAY, Office

POLICY = """
version: 1
process: leads
sponsor: anna@example.com
connection: acme
record: lead
since: 2020-01-01
locale: en
enforcement: flag
goals:
  forecast: We see what becomes of a lead.
stages: {new: , working: , qualified: , unqualified: {from: any}}
conversion:
  seed: "quotes >= 1"
  late: {goal: forecast}
  early: {goal: forecast}
"""
CONVERTED = StageId("s-qualified")


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


@pytest.fixture
def lead(office: Office) -> RecordRef:
    ref = office.world.add_record(Kind.LEAD, owner=office.world.rep)
    office.look()
    office.clock.advance(DAY)
    return ref


def open_rules(office: Office) -> list[str]:
    with office.store.begin() as tx:
        return [one.rule for one in tx.violations.latest(only_open=True)]


def test_a_quote_on_a_lead_asks_once_to_convert_it(office: Office, lead: RecordRef):
    office.world.link(lead, EvidenceKind.QUOTES)
    office.look()
    [task] = office.world.tasks(lead)
    assert task.subject == "Acme: Convert the lead into an account with a contact"
    [note] = office.world.notes(lead)
    assert "What makes a lead an account is there: at least 1 quote." in note.html
    office.world.link(lead, EvidenceKind.CALLS)
    office.look()
    office.world.move(lead, StageId("s-working"))
    office.look()
    assert len(office.world.tasks(lead)) == 1
    assert open_rules(office) == ["conversion.late"]
    office.world.move(lead, CONVERTED)
    office.look()
    assert open_rules(office) == []


def test_a_conversion_without_a_quote_is_flagged_and_stays(
    office: Office, lead: RecordRef
):
    office.world.move(lead, StageId("s-working"))
    office.look()
    office.world.move(lead, CONVERTED)
    office.look()
    assert office.world.crm.read([lead], {})[lead].stage == CONVERTED
    [task] = office.world.tasks(lead)
    assert task.subject == "Acme: Still needed: at least 1 quote"
    assert open_rules(office) == ["conversion.early"]
    office.world.link(lead, EvidenceKind.QUOTES)
    office.look()
    assert open_rules(office) == []


def test_what_is_observed_asks_nobody(office: Office, lead: RecordRef):
    office.publish(POLICY.replace("enforcement: flag", "enforcement: observe"))
    office.world.link(lead, EvidenceKind.QUOTES)
    office.look()
    assert office.world.tasks(lead) == office.world.notes(lead) == []
    assert open_rules(office) == ["conversion.late"]
