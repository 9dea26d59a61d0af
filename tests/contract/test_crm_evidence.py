"""What is linked to a record, as every `Crm` has to count it."""

from datetime import timedelta

import pytest

from adapters.ports import Task
from rules.model import EvidenceKind, Kind, Tally
from tests.fakes.world import World

DAY = timedelta(days=1)
ALL = frozenset(EvidenceKind)
PEOPLE = frozenset({EvidenceKind.CONTACTS, EvidenceKind.ACCOUNT_CONTACTS})
DATED = ALL - PEOPLE - {EvidenceKind.TASKS}


@pytest.mark.parametrize("kind", sorted(DATED))
def test_evidence_is_counted_and_dated(world: World, kind: EvidenceKind):
    now = world.now().replace(microsecond=0)
    ref = world.add_record(created_at=now - 9 * DAY)
    world.link(ref, kind, at=now - 5 * DAY)
    world.link(ref, kind, at=now - 2 * DAY)
    found = world.crm.evidence([ref], frozenset({kind}), now)[ref]
    assert found.tallies == {kind: Tally(2, now - 2 * DAY, None)}


@pytest.mark.parametrize("kind", sorted(DATED))
def test_what_was_void_or_a_draft_does_not_count(world: World, kind: EvidenceKind):
    now = world.now().replace(microsecond=0)
    ref = world.add_record(created_at=now - 9 * DAY)
    world.link(ref, kind, at=now - DAY, counts=False)
    assert world.crm.evidence([ref], ALL, now)[ref].tallies[kind] == Tally()


def test_what_is_planned_lies_ahead_until_its_time_has_come(world: World):
    now = world.now().replace(microsecond=0)
    ref = world.add_record()
    world.link(ref, EvidenceKind.MEETINGS, at=now - DAY)
    world.link(ref, EvidenceKind.MEETINGS, at=now + DAY)
    world.link(ref, EvidenceKind.MEETINGS, at=now + 3 * DAY)
    kinds = frozenset({EvidenceKind.MEETINGS})
    before = world.crm.evidence([ref], kinds, now)[ref]
    after = world.crm.evidence([ref], kinds, now + 2 * DAY)[ref]
    assert before.tallies[EvidenceKind.MEETINGS] == Tally(3, now - DAY, now + DAY)
    assert after.tallies[EvidenceKind.MEETINGS] == Tally(3, now + DAY, now + 3 * DAY)


def test_an_email_from_the_customer_was_not_sent_by_us(world: World):
    now = world.now().replace(microsecond=0)
    ref = world.add_record(created_at=now - 9 * DAY)
    world.link(ref, EvidenceKind.EMAILS, at=now - 2 * DAY)
    world.link(ref, EvidenceKind.EMAILS_SENT, at=now - DAY)
    found = world.crm.evidence([ref], ALL, now)[ref].tallies
    assert found[EvidenceKind.EMAILS] == Tally(2, now - DAY, None)
    assert found[EvidenceKind.EMAILS_SENT] == Tally(1, now - DAY, None)


@pytest.mark.parametrize("kind", sorted(PEOPLE))
def test_people_are_counted(world: World, kind: EvidenceKind):
    ref, other = world.add_record(), world.add_record()
    world.link(ref, kind)
    world.link(ref, kind)
    found = world.crm.evidence([ref, other], ALL, world.now())
    assert found[ref].tallies[kind] == Tally(2)
    assert found[other].tallies[kind] == Tally(0)


def test_a_quote_to_a_lead_is_told(world: World):
    lead, other = world.add_record(Kind.LEAD), world.add_record(Kind.LEAD)
    world.advance(DAY)
    since = world.now().replace(microsecond=0)
    world.link(lead, EvidenceKind.QUOTES, at=since)
    kinds = frozenset({EvidenceKind.QUOTES})
    found = world.crm.evidence([lead, other], kinds, since + DAY)
    assert found[lead].tallies[EvidenceKind.QUOTES] == Tally(1, since, None)
    assert found[other].tallies[EvidenceKind.QUOTES] == Tally()
    told = world.crm.touched(Kind.LEAD, kinds, since=since)
    assert {ref for batch in told for ref in batch} == {lead}


def test_every_kind_that_was_asked_for_is_there_and_no_other(world: World):
    ref = world.add_record()
    world.link(ref, EvidenceKind.CALLS)
    asked = frozenset({EvidenceKind.QUOTES, EvidenceKind.EMAILS})
    found = world.crm.evidence([ref], asked, world.now())[ref]
    assert found.tallies == dict.fromkeys(asked, Tally())
    assert world.crm.evidence([ref], frozenset(), world.now())[ref].tallies == {}


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_record_can_have_a_call(world: World, kind: Kind):
    now = world.now().replace(microsecond=0)
    ref = world.add_record(kind, created_at=now - 9 * DAY)
    world.link(ref, EvidenceKind.CALLS, at=now - DAY)
    found = world.crm.evidence([ref], ALL, now)[ref]
    assert found.tallies[EvidenceKind.CALLS] == Tally(1, now - DAY, None)
    assert found.tallies.keys() == ALL


def test_evidence_belongs_to_its_own_record_among_many(world: World):
    now = world.now().replace(microsecond=0)
    refs = world.add_many(250, created_at=now - 9 * DAY)
    for ref in refs[::50]:
        world.link(ref, EvidenceKind.CALLS, at=now - DAY)
    found = world.crm.evidence(refs, frozenset({EvidenceKind.CALLS}), now)
    assert set(found) == set(refs)
    counts = {ref: one.tallies[EvidenceKind.CALLS].count for ref, one in found.items()}
    assert [ref for ref, count in counts.items() if count] == refs[::50]


def test_a_record_that_is_gone_spoils_nothing(world: World):
    here, gone = world.add_record(), world.add_record()
    world.link(here, EvidenceKind.CALLS)
    world.link(gone, EvidenceKind.CALLS)
    world.delete(gone)
    kinds = frozenset({EvidenceKind.CALLS})
    found = world.crm.evidence([here, gone], kinds, world.now() + DAY)
    assert found[here].tallies[EvidenceKind.CALLS].count == 1
    assert found[gone].tallies.keys() == kinds


@pytest.mark.parametrize("kind", sorted(DATED))
def test_what_something_was_linked_to_is_told(world: World, kind: EvidenceKind):
    linked, _other = world.add_record(), world.add_record()
    world.advance(DAY)
    since = world.now()
    world.link(linked, kind)
    told = world.crm.touched(Kind.DEAL, frozenset({kind}), since=since)
    assert {ref for batch in told for ref in batch} == {linked}
    world.advance(DAY)
    later = world.crm.touched(Kind.DEAL, ALL, since=world.now())
    assert list(later) == []


def test_what_was_not_asked_for_is_not_told(world: World):
    deal, lead = world.add_record(), world.add_record(Kind.LEAD)
    since = world.now()
    world.link(deal, EvidenceKind.CALLS)
    world.link(lead, EvidenceKind.MEETINGS)
    asked = frozenset({EvidenceKind.MEETINGS})
    assert list(world.crm.touched(Kind.DEAL, asked, since=since)) == []
    told = world.crm.touched(Kind.LEAD, asked, since=since)
    assert {ref for batch in told for ref in batch} == {lead}
    assert list(world.crm.touched(Kind.DEAL, frozenset(), since=since)) == []


def test_a_task_is_a_plan_until_it_is_done(world: World):
    now = world.now().replace(microsecond=0)
    ref = world.add_record(created_at=now - 9 * DAY)
    kinds = frozenset({EvidenceKind.TASKS})
    world.link(ref, EvidenceKind.TASKS, at=now - 3 * DAY)
    world.link(ref, EvidenceKind.TASKS, at=now + 3 * DAY)
    world.link(ref, EvidenceKind.TASKS, at=now + DAY, counts=False)
    found = world.crm.evidence([ref], kinds, now)[ref].tallies[EvidenceKind.TASKS]
    assert found.count == 2
    assert found.last_at is not None
    assert found.next_at is not None
    # Where a task has a day only, it is late when that day is over.
    assert timedelta() <= found.last_at - (now - 3 * DAY) <= DAY
    assert timedelta() <= found.next_at - (now + 3 * DAY) <= DAY


def test_a_task_of_our_own_is_nobodys_plan(world: World):
    now = world.now().replace(microsecond=0)
    ref = world.add_record()
    task = Task(key="t", on=ref, subject="Plan", html="<p>Plan.</p>", due_at=now + DAY)
    world.crm.create_tasks([task])
    found = world.crm.evidence([ref], frozenset({EvidenceKind.TASKS}), now)[ref]
    assert found.tallies[EvidenceKind.TASKS] == Tally()
