"""What the CRM in memory does beside its contract, for the tests of services."""

from datetime import timedelta

import pytest

from adapters.errors import Transient
from adapters.ports import FieldWrite, Note, OutcomeKind
from rules.model import CLOSE_DATE, STAGE, Kind
from tests.fakes.account import FakeWorld
from tests.fakes.world import AMOUNT, Door, Trouble


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


def test_it_keeps_what_it_was_asked(world: FakeWorld):
    refs = world.add_many(3, created_at=world.now())
    world.crm.read(refs, {})
    world.crm.write_notes([])
    assert world.crm.requests == [("read", 3), ("write_notes", 0)]


def test_it_can_be_busy_for_some_calls(world: FakeWorld):
    ref = world.add_record()
    world.trouble(Door.READ, Trouble.BUSY, calls=2)
    for _ in range(2):
        with pytest.raises(Transient):
            world.crm.read([ref], {})
    assert ref in world.crm.read([ref], {})


def test_every_change_has_a_stamp_of_its_own_although_the_clock_stands(
    world: FakeWorld,
):
    ref = world.add_record()
    stamps = {world.crm.read([ref], {})[ref].modified_at}
    world.edit(ref, AMOUNT, 5.0)
    stamps.add(world.crm.read([ref], {})[ref].modified_at)
    world.crm.write_notes([Note("n", ref, world.now(), "<p>Back.</p>")])
    stamps.add(world.crm.read([ref], {})[ref].modified_at)
    assert len(stamps) == 3


def test_conditional_writes_conflict_with_a_change_since_the_reading(world: FakeWorld):
    ref = world.add_record()
    write = FieldWrite("w", world.crm.read([ref], {})[ref], {AMOUNT: 5.0})
    world.edit(ref, AMOUNT, 7.0)
    world.crm.has_conditional_writes = True
    outcome = world.crm.write([write], world.fields)["w"]
    assert outcome.kind is OutcomeKind.CONFLICT
    assert world.crm.read([ref], world.fields)[ref].fields[AMOUNT] == 7.0
    world.crm.has_conditional_writes = False
    assert world.crm.write([write], world.fields)["w"].kind is OutcomeKind.DONE


def test_a_deal_that_is_closed_gets_a_close_date_which_a_return_can_take_back(
    world: FakeWorld,
):
    ref = world.add_record()
    before = world.crm.read([ref], world.fields)[ref]
    world.advance(timedelta(days=1))
    world.move(ref, world.stages(Kind.DEAL)[-2])
    assert world.crm.read([ref], world.fields)[ref].fields[CLOSE_DATE]
    values = {STAGE: before.stage, CLOSE_DATE: None}
    world.crm.write([FieldWrite("w", before, values)], world.fields)
    assert world.crm.read([ref], world.fields)[ref].fields == before.fields
