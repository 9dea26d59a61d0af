"""What each CRM tells is enough to judge by: who made a change, and what time does."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis

from connector.services.daily import Daily
from connector.store import Store, open_store
from rules.model import STAGE, ActorClass, EvidenceKind, Kind, RecordRef
from tests.fakes.world import CONTRACT_DATE, DECISION_MAKER, World
from tests.services.office import DAY, Office

POLICY = """
version: 1
process: new-business
connection: acme
pipeline: "{pipeline}"
sponsor: anna@example.com
since: 2020-01-01
enforcement: flag
fields:
  decision_maker: {decision_maker}
  contract_date: {contract_date}
stages:
  first: {{label: "{stages[0]}"}}
  second: {{label: "{stages[1]}", gate: "meetings >= 1"}}
  third: {{label: "{stages[2]}"}}
moves:
  skip: {{enforcement: enforce, actors: [person]}}
checks:
  ahead: {{check: "contract_date >= today"}}
"""


class _Clock:
    """The time of a world, for the services that work on it."""

    def __init__(self, world: World) -> None:
        self.now = world.now
        self.advance = world.advance


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def office(world: World, store: Store, redis: Redis) -> Office:
    account = world.crm.account((Kind.DEAL, Kind.LEAD))
    policy = POLICY.format(
        pipeline=account.kinds[Kind.DEAL].pipelines[0].id,
        stages=world.stages(Kind.DEAL),
        decision_maker=world.fields[DECISION_MAKER],
        contract_date=world.fields[CONTRACT_DATE],
    )
    return Office(store, _Clock(world), redis, policy, world=world)


def stage(office: Office, deal: RecordRef) -> int:
    """Return in which of its stages a deal stands, from 0."""
    found = office.crm.read([deal], {})[deal].stage
    return list(office.world.stages(Kind.DEAL)).index(found)


def move(office: Office, deal: RecordRef, to: int, by: ActorClass) -> None:
    office.world.advance(timedelta(minutes=1))
    office.world.move(deal, office.world.stages(Kind.DEAL)[to], by=by)
    office.look()


@pytest.mark.parametrize(
    ("by", "ends_in"), [(ActorClass.PERSON, 0), (ActorClass.WORKFLOW, 2)]
)
def test_a_rule_about_people_speaks_of_nobody_else(office: Office, by, ends_in):
    deal = office.add_deal()
    move(office, deal, 2, by)
    assert stage(office, deal) == ends_in


def test_a_day_that_passes_is_told_once(office: Office):
    tomorrow = (office.world.now() + DAY).date()
    deal = office.world.add_record(values={CONTRACT_DATE: tomorrow})
    office.look()
    for _ in range(3):
        office.world.advance(DAY)
        Daily(office.store, office.policies, office.clock).run()
        office.look()
    assert [one.rule for one in office.violations()] == ["check.ahead"]
    assert len(office.world.notes(deal)) == 1


def test_a_flagged_gate_is_over_when_a_meeting_is_linked(office: Office):
    deal = office.add_deal()
    move(office, deal, 1, ActorClass.PERSON)
    assert [one.rule for one in office.violations()] == ["stage.second.gate"]
    office.world.advance(timedelta(minutes=1))
    office.world.link(deal, EvidenceKind.MEETINGS)
    office.look()
    assert office.violations() == []


def test_the_account_says_in_which_property_a_stage_is_told_of(office: Office):
    with office.store.begin() as tx:
        [active] = office.policies.active(tx, office.id)
    assert active.policy.places[STAGE]
    assert STAGE not in active.policy.fields
