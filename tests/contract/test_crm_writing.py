"""How writes end, as every `Crm` has to tell it."""

from datetime import date, timedelta

import pytest

from adapters.errors import Forbidden, Unauthorized
from adapters.ports import FieldWrite, Note, Outcome, OutcomeKind, Task
from rules.model import (
    OWNER,
    STAGE,
    ActorClass,
    FieldName,
    Kind,
    RecordId,
    RecordRef,
    Value,
)
from tests.fakes.world import (
    AMOUNT,
    CONTRACT_DATE,
    DECISION_MAKER,
    DEMO_AT,
    HAS_BUDGET,
    Door,
    Trouble,
    World,
)

DAY = timedelta(days=1)
MANY = 250


def setting(
    world: World, ref: RecordRef, values: dict[FieldName, Value], key: str = ""
) -> FieldWrite:
    return FieldWrite(key or ref.id, world.crm.read([ref], world.fields)[ref], values)


def note(world: World, ref: RecordRef, key: str = "n1") -> Note:
    return Note(key=key, on=ref, at=world.now(), html="<p>Put back.</p>")


def task(world: World, ref: RecordRef, key: str = "t1") -> Task:
    return Task(
        key=key,
        on=ref,
        subject="Call Acme",
        html="<p>Call.</p>",
        due_at=(world.now() + DAY).replace(microsecond=0),
        owner=world.rep,
        is_urgent=True,
    )


def kinds(outcomes: dict[str, Outcome]) -> dict[str, OutcomeKind]:
    return {key: outcome.kind for key, outcome in outcomes.items()}


def test_fields_are_set_and_cleared_and_stage_and_owner_set(world: World):
    ref = world.add_record(values={DECISION_MAKER: "Anna"}, owner=world.rep)
    demo_at = (world.now() + DAY).replace(microsecond=0)
    values = {
        AMOUNT: 1200.5,
        DECISION_MAKER: None,
        CONTRACT_DATE: date(2027, 1, 31),
        HAS_BUDGET: True,
        DEMO_AT: demo_at,
    }
    stage = world.stages(Kind.DEAL)[2]
    write = setting(world, ref, {STAGE: stage, OWNER: world.other, **values}, "w1")
    outcomes = world.crm.write([write], world.fields)
    assert kinds(outcomes) == {"w1": OutcomeKind.DONE}
    asked = {name: world.fields[name] for name in values}
    after = world.crm.read([ref], asked)[ref]
    assert (after.stage, after.owner, after.fields) == (stage, world.other, values)


@pytest.mark.parametrize("kind", [Kind.DEAL, Kind.LEAD])
def test_our_own_return_is_known_as_our_own(world: World, kind: Kind):
    first, second = world.stages(kind)[:2]
    ref = world.add_record(kind, created_at=world.now() - DAY)
    world.move(ref, second, at=world.now() - DAY / 2)
    expected = world.crm.read([ref], {})[ref]
    outcomes = world.crm.write([FieldWrite("w", expected, {STAGE: first})], {})
    assert kinds(outcomes) == {"w": OutcomeKind.DONE}
    path = world.crm.trace([ref], {})[ref].path
    assert [step.stage for step in path] == [first, second, first]
    assert path[-1].actor.kind is ActorClass.OURSELVES


def test_what_was_read_can_be_put_back_unchanged(world: World):
    values = {AMOUNT: 99.95, CONTRACT_DATE: date(2027, 1, 31), DECISION_MAKER: "Anna"}
    ref = world.add_record(values=values)
    before = world.crm.read([ref], world.fields)[ref]
    world.edit(ref, AMOUNT, 1.0)
    world.edit(ref, DECISION_MAKER, None)
    world.move(ref, world.stages(Kind.DEAL)[-2])
    write = setting(world, ref, {STAGE: before.stage, **before.fields})
    world.crm.write([write], world.fields)
    after = world.crm.read([ref], world.fields)[ref]
    assert (after.stage, after.fields) == (before.stage, before.fields)


def test_each_write_of_a_batch_ends_in_its_own_way(world: World):
    good, bad, gone, forbidden = (world.add_record() for _ in range(4))
    writes = [
        setting(world, good, {AMOUNT: 5.0}, "good"),
        setting(world, bad, {STAGE: "no-such-stage"}, "bad"),
        setting(world, gone, {AMOUNT: 5.0}, "gone"),
        setting(world, forbidden, {AMOUNT: 5.0}, "forbidden"),
    ]
    world.delete(gone)
    world.refuse(forbidden, "Ask the director first.")
    outcomes = world.crm.write(writes, world.fields)
    assert kinds(outcomes) == {
        "good": OutcomeKind.DONE,
        "bad": OutcomeKind.REFUSED,
        "gone": OutcomeKind.GONE,
        "forbidden": OutcomeKind.REFUSED,
    }
    assert outcomes["bad"].reason
    assert "Ask the director first." in outcomes["forbidden"].reason
    assert world.crm.read([good], world.fields)[good].fields[AMOUNT] == 5.0
    assert world.crm.read([forbidden], world.fields)[forbidden].fields[AMOUNT] is None


def test_a_field_that_nobody_mapped_refuses_its_own_write_only(world: World):
    good, bad = world.add_record(), world.add_record()
    writes = [
        setting(world, good, {AMOUNT: 5.0}, "good"),
        setting(world, bad, {FieldName("nobody"): 5.0}, "bad"),
    ]
    outcomes = world.crm.write(writes, world.fields)
    assert kinds(outcomes) == {"good": OutcomeKind.DONE, "bad": OutcomeKind.REFUSED}


def test_two_writes_to_one_record_are_both_made_in_order(world: World):
    ref = world.add_record()
    writes = [
        setting(world, ref, {AMOUNT: 1.0}, "one"),
        setting(world, ref, {AMOUNT: 2.0}, "two"),
    ]
    outcomes = world.crm.write(writes, world.fields)
    assert kinds(outcomes) == {"one": OutcomeKind.DONE, "two": OutcomeKind.DONE}
    assert world.crm.read([ref], world.fields)[ref].fields[AMOUNT] == 2.0


def test_more_than_a_batch_holds_is_written_noted_and_tasked_in_one_call(world: World):
    refs = world.add_many(MANY, created_at=world.now() - DAY)
    stage = world.stages(Kind.DEAL)[1]
    records = world.crm.read(refs, world.fields)
    writes = [FieldWrite(ref.id, records[ref], {STAGE: stage}) for ref in refs]
    done = dict.fromkeys((ref.id for ref in refs), OutcomeKind.DONE)
    assert kinds(world.crm.write(writes, world.fields)) == done
    notes = world.crm.write_notes([note(world, ref, ref.id) for ref in refs])
    tasks = world.crm.create_tasks([task(world, ref, ref.id) for ref in refs])
    assert kinds(notes) == done
    assert kinds(tasks) == done
    wanted = {ref.id: ref for ref in refs}
    made = {key: outcome.external_id for key, outcome in notes.items()}
    assert len(set(made.values())) == MANY
    assert world.crm.find_notes(wanted) == made
    assert set(world.crm.find_tasks(wanted)) == set(wanted)
    assert [one.id for one in world.notes(refs[137])] == [made[refs[137].id]]


@pytest.mark.parametrize("kind", list(Kind))
def test_notes_and_tasks_hang_on_records_of_every_kind(world: World, kind: Kind):
    ref, other = world.add_record(kind), world.add_record(kind)
    n1, n2 = note(world, ref, "n1"), note(world, ref, "n2")
    noted = world.crm.write_notes([n1, n2])
    to_call = task(world, ref)
    tasked = world.crm.create_tasks([to_call])
    found = {one.id: one for one in world.notes(ref)}
    assert found.keys() == {noted["n1"].external_id, noted["n2"].external_id}
    assert {one.html for one in found.values()} == {"<p>Put back.</p>"}
    assert world.notes(other) == []
    [pinned] = world.tasks(ref)
    assert pinned.id == tasked["t1"].external_id
    assert (pinned.subject, pinned.html) == ("Call Acme", "<p>Call.</p>")
    assert pinned.at == to_call.due_at
    assert pinned.owner == world.rep
    assert pinned.is_urgent
    wanted = {"n1": ref, "n2": ref, "n3": ref}
    assert world.crm.find_notes(wanted) == {
        key: outcome.external_id for key, outcome in noted.items()
    }
    assert world.crm.find_notes({"n1": other}) == {}
    assert world.crm.find_tasks({"t1": ref, "n1": ref}) == {"t1": pinned.id}


def test_a_note_on_a_record_that_is_gone_says_so_and_the_others_are_made(world: World):
    here, gone = world.add_record(), world.add_record()
    world.delete(gone)
    never = RecordRef(Kind.DEAL, RecordId("987654321"))
    expected = {
        "here": OutcomeKind.DONE,
        "gone": OutcomeKind.GONE,
        "never": OutcomeKind.GONE,
    }
    refs = {"here": here, "gone": gone, "never": never}
    notes = [note(world, ref, key) for key, ref in refs.items()]
    tasks = [task(world, ref, key) for key, ref in refs.items()]
    assert kinds(world.crm.write_notes(notes)) == expected
    assert kinds(world.crm.create_tasks(tasks)) == expected
    assert set(world.crm.find_notes(refs)) == {"here"}


def test_a_completed_task_is_known(world: World):
    ref = world.add_record()
    outcomes = world.crm.create_tasks([task(world, ref, "a"), task(world, ref, "b")])
    a, b = outcomes["a"].external_id, outcomes["b"].external_id
    assert world.crm.completed_tasks([a, b, "987654321"]) == frozenset()
    world.complete_task(b)
    assert world.crm.completed_tasks([a, b, "987654321"]) == {b}


def test_a_lost_answer_is_unknown_and_looking_tells_that_it_was_made(world: World):
    ref = world.add_record()
    world.trouble(Door.NOTES, Trouble.LOST)
    world.trouble(Door.TASKS, Trouble.LOST)
    assert kinds(world.crm.write_notes([note(world, ref)])) == {
        "n1": OutcomeKind.UNKNOWN
    }
    assert kinds(world.crm.create_tasks([task(world, ref)])) == {
        "t1": OutcomeKind.UNKNOWN
    }
    assert set(world.crm.find_notes({"n1": ref})) == {"n1"}
    assert set(world.crm.find_tasks({"t1": ref})) == {"t1"}
    assert len(world.notes(ref)) == 1


def test_a_lost_request_is_unknown_and_looking_tells_that_nothing_was_made(
    world: World,
):
    ref = world.add_record()
    world.trouble(Door.NOTES, Trouble.DROPPED)
    world.trouble(Door.TASKS, Trouble.DROPPED)
    assert kinds(world.crm.write_notes([note(world, ref)])) == {
        "n1": OutcomeKind.UNKNOWN
    }
    assert kinds(world.crm.create_tasks([task(world, ref)])) == {
        "t1": OutcomeKind.UNKNOWN
    }
    assert world.crm.find_notes({"n1": ref}) == {}
    assert world.crm.find_tasks({"t1": ref}) == {}


@pytest.mark.parametrize(
    ("trouble", "amount"), [(Trouble.LOST, 5.0), (Trouble.DROPPED, None)]
)
def test_a_write_without_an_answer_is_unknown_and_not_repeated(
    world: World, trouble: Trouble, amount: float | None
):
    ref = world.add_record()
    write = setting(world, ref, {AMOUNT: 5.0}, "w")
    world.trouble(Door.WRITE, trouble)
    outcomes = world.crm.write([write], world.fields)
    assert kinds(outcomes) == {"w": OutcomeKind.UNKNOWN}
    assert world.crm.read([ref], world.fields)[ref].fields[AMOUNT] == amount


def test_what_is_turned_away_has_failed_and_goes_well_later(world: World):
    ref = world.add_record()
    write = setting(world, ref, {AMOUNT: 5.0}, "w")
    for door in (Door.WRITE, Door.NOTES, Door.TASKS):
        world.trouble(door, Trouble.BUSY)
    outcomes = [
        *world.crm.write([write], world.fields).values(),
        *world.crm.write_notes([note(world, ref)]).values(),
        *world.crm.create_tasks([task(world, ref)]).values(),
    ]
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.FAILED}
    world.recover()
    assert world.notes(ref) == []
    outcomes = [
        *world.crm.write([write], world.fields).values(),
        *world.crm.write_notes([note(world, ref)]).values(),
        *world.crm.create_tasks([task(world, ref)]).values(),
    ]
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.DONE}


@pytest.mark.parametrize("door", [Door.WRITE, Door.NOTES, Door.TASKS])
def test_an_account_that_is_used_up_says_how_long_to_leave_it_alone(
    world: World, door: Door
):
    ref = world.add_record()
    write = setting(world, ref, {AMOUNT: 5.0}, "w")
    world.trouble(door, Trouble.USED_UP)
    match door:
        case Door.WRITE:
            outcomes = world.crm.write([write], world.fields)
        case Door.NOTES:
            outcomes = world.crm.write_notes([note(world, ref)])
        case _:
            outcomes = world.crm.create_tasks([task(world, ref)])
    [outcome] = outcomes.values()
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.reason
    assert outcome.is_used_up
    assert outcome.retry_after is not None
    assert outcome.retry_after >= timedelta(minutes=5)


@pytest.mark.parametrize("door", [Door.WRITE, Door.NOTES, Door.TASKS])
def test_an_account_that_asks_for_a_pause_says_how_long_and_is_not_used_up(
    world: World, door: Door
):
    refs = [world.add_record() for _ in range(20)]
    writes = [setting(world, ref, {AMOUNT: 5.0}, ref.id) for ref in refs]
    world.trouble(door, Trouble.PAUSED)
    match door:
        case Door.WRITE:
            outcomes = world.crm.write(writes, world.fields)
        case Door.NOTES:
            outcomes = world.crm.write_notes([note(world, refs[0])])
        case _:
            outcomes = world.crm.create_tasks([task(world, refs[0])])
    assert len(outcomes) == (len(writes) if door is Door.WRITE else 1)
    for outcome in outcomes.values():
        assert outcome.kind is OutcomeKind.FAILED
        assert not outcome.is_used_up
        assert outcome.retry_after is not None
        assert outcome.retry_after >= timedelta(seconds=45)


def test_a_missing_right_is_told_and_not_taken_for_a_refusal(world: World):
    ref = world.add_record()
    write = setting(world, ref, {AMOUNT: 5.0})
    world.withhold_writing(Kind.DEAL)
    with pytest.raises(Forbidden) as refused:
        world.crm.write([write], world.fields)
    assert refused.value.missing


def test_a_bad_credential_is_told_and_not_taken_for_a_refusal(world: World):
    ref = world.add_record()
    write = setting(world, ref, {AMOUNT: 5.0})
    world.revoke()
    with pytest.raises(Unauthorized):
        world.crm.write([write], world.fields)
    with pytest.raises(Unauthorized):
        world.crm.write_notes([note(world, ref)])
