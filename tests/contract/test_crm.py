"""What every `Crm` keeps to, asked of the fake and of each adapter on the sandbox."""

from datetime import date, timedelta

import pytest

from adapters.errors import Exhausted, Transient, Unauthorized
from rules.model import (
    OWNER,
    PIPELINE,
    STAGE,
    ActorClass,
    FieldType,
    Kind,
    RecordId,
    RecordRef,
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
"""More than two batches of any vendor."""
MOVING = (Kind.DEAL, Kind.LEAD)
TYPES = {
    AMOUNT: FieldType.NUMBER,
    DECISION_MAKER: FieldType.TEXT,
    CONTRACT_DATE: FieldType.DATE,
    HAS_BUDGET: FieldType.BOOLEAN,
    DEMO_AT: FieldType.INSTANT,
}


def test_a_record_is_read_as_it_stands(world: World):
    created_at = world.now() - 3 * DAY
    ref = world.add_record(owner=world.rep, created_at=created_at, name="Acme renewal")
    record = world.crm.read([ref], world.fields)[ref]
    assert record.ref == ref
    assert record.name == "Acme renewal"
    assert record.stage == world.stages(Kind.DEAL)[0]
    assert record.pipeline
    assert record.owner == world.rep
    assert abs(record.created_at - created_at) < timedelta(seconds=1)
    assert record.modified_at >= record.created_at
    assert record.url.startswith("https://")
    assert ref.id in record.url
    assert record.modified_at.utcoffset() == timedelta(0)


def test_fields_have_the_type_of_their_property(world: World):
    demo_at = (world.now() + DAY).replace(microsecond=0)
    values = {
        AMOUNT: 1200.5,
        DECISION_MAKER: "Anna ❤ <b>",
        CONTRACT_DATE: date(2027, 1, 31),
        HAS_BUDGET: False,
        DEMO_AT: demo_at,
    }
    ref = world.add_record(values=values)
    asked = {name: world.fields[name] for name in values}
    assert world.crm.read([ref], asked)[ref].fields == values


def test_every_field_that_was_asked_for_is_there_and_empty_ones_are_none(world: World):
    ref = world.add_record()
    fields = world.crm.read([ref], world.fields)[ref].fields
    assert fields == {**dict.fromkeys(world.fields), **world.blank}


def test_fields_that_have_places_of_their_own_are_not_repeated(world: World):
    ref = world.add_record(owner=world.rep)
    asked = {**world.fields, STAGE: world.fields[AMOUNT], OWNER: world.fields[AMOUNT]}
    fields = world.crm.read([ref], asked)[ref].fields
    assert not {STAGE, PIPELINE, OWNER} & fields.keys()


def test_more_records_than_a_batch_holds_are_read_in_one_call(world: World):
    refs = world.add_many(MANY, created_at=world.now() - DAY)
    assert set(world.crm.read(refs, world.fields)) == set(refs)
    assert set(world.crm.trace(refs, world.fields)) == set(refs)


@pytest.mark.parametrize("kind", list(Kind))
def test_records_of_every_kind_are_read(world: World, kind: Kind):
    ref = world.add_record(kind, name="Bos")
    assert world.crm.read([ref], {})[ref].name == "Bos"
    assert ref in world.crm.trace([ref], {})


def test_records_of_several_kinds_are_read_together_and_twins_once(world: World):
    deal, lead = world.add_record(Kind.DEAL), world.add_record(Kind.LEAD)
    assert set(world.crm.read([deal, lead, deal], {})) == {deal, lead}


def test_asking_about_nothing_gives_nothing(world: World):
    crm, now = world.crm, world.now()
    assert crm.read([], world.fields) == {}
    assert crm.trace([], world.fields) == {}
    assert crm.evidence([], frozenset(), now) == {}
    assert crm.write([], world.fields) == {}
    assert crm.write_notes([]) == {}
    assert crm.create_tasks([]) == {}
    assert crm.find_notes({}) == {}
    assert crm.find_tasks({}) == {}
    assert crm.completed_tasks([]) == frozenset()


def test_what_is_gone_is_absent(world: World):
    here, gone = world.add_record(), world.add_record()
    never = RecordRef(Kind.DEAL, RecordId("987654321"))
    world.delete(gone)
    refs = [here, gone, never]
    assert set(world.crm.read(refs, world.fields)) == {here}
    assert set(world.crm.trace(refs, world.fields)) == {here}


def test_what_is_restored_stands_as_it_stood(world: World):
    ref = world.add_record(values={AMOUNT: 5.0}, created_at=world.now() - DAY)
    before = world.crm.trace([ref], world.fields)[ref]
    world.delete(ref)
    world.restore(ref)
    after = world.crm.trace([ref], world.fields)[ref]
    assert after.path == before.path
    assert after.record.fields == before.record.fields
    assert after.record.modified_at > before.record.modified_at


def test_merged_records_are_absent_and_what_they_became_is_there(world: World):
    one, other = (world.add_record(world.mergeable, name="Acme") for _ in range(2))
    into = world.merge(one, other)
    found = world.crm.read([one, other, into], {})
    assert set(found) == {into}
    assert found[into].name == "Acme"


@pytest.mark.parametrize("kind", MOVING)
def test_a_trace_tells_the_way_and_who_went_it(world: World, kind: Kind):
    now = world.now().replace(microsecond=0)
    first, second, third = world.stages(kind)[:3]
    ref = world.add_record(kind, created_at=now - 5 * DAY)
    world.move(ref, second, at=now - 4 * DAY)
    world.move(ref, third, by=ActorClass.WORKFLOW, at=now - 3 * DAY)
    world.move(ref, first, by=ActorClass.INTEGRATION, at=now - 2 * DAY)
    world.move(ref, third, by=ActorClass.IMPORT, at=now - DAY)
    traced = world.crm.trace([ref], {})[ref]
    assert traced.record == world.crm.read([ref], {})[ref]
    assert [(step.stage, step.entered_at, step.actor.kind) for step in traced.path] == [
        (first, now - 5 * DAY, world.told(ActorClass.PERSON)),
        (second, now - 4 * DAY, world.told(ActorClass.PERSON)),
        (third, now - 3 * DAY, world.told(ActorClass.WORKFLOW)),
        (first, now - 2 * DAY, world.told(ActorClass.INTEGRATION)),
        (third, now - DAY, world.told(ActorClass.IMPORT)),
    ]
    assert all(step.actor.name for step in traced.path)


def test_a_person_in_a_trace_has_an_id_and_edits_leave_no_trace(world: World):
    ref = world.add_record()
    world.edit(ref, AMOUNT, 5.0)
    [step] = world.crm.trace([ref], world.fields)[ref].path
    assert step.actor.user_id


def test_every_change_moves_the_stamp(world: World):
    ref = world.add_record(created_at=world.now() - DAY)
    stamps = [world.crm.read([ref], {})[ref].modified_at]
    world.advance(timedelta(seconds=1))
    world.edit(ref, AMOUNT, 5.0)
    stamps.append(world.crm.read([ref], {})[ref].modified_at)
    world.advance(timedelta(seconds=1))
    world.move(ref, world.stages(Kind.DEAL)[1])
    stamps.append(world.crm.read([ref], {})[ref].modified_at)
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize("kind", list(Kind))
def test_an_account_has_pipelines_with_stages_and_typed_properties(
    world: World, kind: Kind
):
    account = world.crm.account([kind])
    assert account.vendor
    assert account.asked_on
    assert set(account.kinds) == {kind}
    about = account.kinds[kind]
    if kind in MOVING:
        ids = [stage.id for stage in about.pipelines[0].stages]
        assert [one for one in ids if one in world.stages(kind)] == [
            *world.stages(kind)
        ]
    types = {one.name: one.type for one in about.properties}
    assert set(about.builtin.values()) <= types.keys()
    if kind is Kind.DEAL:
        assert {name: types[world.fields[name]] for name in TYPES} == TYPES


def test_closed_stages_are_known_and_only_some_are_won(world: World):
    [pipeline] = world.crm.account([Kind.DEAL]).kinds[Kind.DEAL].pipelines
    closed = {stage.id: stage.is_won for stage in pipeline.stages if stage.is_closed}
    *_, won, lost = world.stages(Kind.DEAL)
    assert closed == {won: True, lost: False}


def test_an_archived_stage_is_told_as_such_at_once(world: World):
    world.crm.account([Kind.DEAL])
    stage = world.stages(Kind.DEAL)[3]
    world.archive_stage(Kind.DEAL, stage)
    [pipeline] = world.crm.account([Kind.DEAL]).kinds[Kind.DEAL].pipelines
    assert [one.id for one in pipeline.stages if one.is_archived] == [stage]


def test_former_colleagues_are_people_too(world: World):
    people = {user.owner: user for user in world.crm.people()}
    assert people[world.rep].is_active
    assert people[world.rep].email == "rep@example.com"
    assert people[world.rep].name == "Robin Rep"
    assert not people[world.former].is_active
    assert people[world.former].email == "gone@example.com"


def test_a_probe_of_a_good_account_is_fine_and_changes_nothing(world: World):
    ref = world.add_record(created_at=world.now() - DAY)
    before = world.crm.read([ref], world.fields)
    probe = world.crm.probe()
    assert probe.is_ok
    assert probe.account
    assert probe.lines
    assert world.crm.read([ref], world.fields) == before


def test_a_probe_says_which_right_is_missing(world: World):
    world.withhold_writing(Kind.DEAL)
    probe = world.crm.probe()
    assert not probe.is_ok
    bad = [line for line in probe.lines if not line.is_ok]
    assert len(bad) == 1
    assert "deal" in bad[0].what
    assert "write" in bad[0].what
    assert bad[0].message


def test_a_probe_says_that_the_credential_is_bad(world: World):
    world.revoke()
    probe = world.crm.probe()
    assert not probe.is_ok
    assert "reconnect" in " ".join(line.message for line in probe.lines).lower()


def test_a_bad_credential_is_an_error_of_its_own(world: World):
    ref = world.add_record()
    world.revoke()
    with pytest.raises(Unauthorized):
        world.crm.read([ref], world.fields)
    with pytest.raises(Unauthorized):
        world.crm.people()


def test_an_account_that_is_used_up_is_left_alone_for_long(world: World):
    ref = world.add_record()
    world.trouble(Door.READ, Trouble.USED_UP)
    with pytest.raises(Exhausted) as refused:
        world.crm.read([ref], world.fields)
    assert refused.value.retry_after is not None
    assert refused.value.retry_after >= timedelta(minutes=5)


def test_an_account_that_turns_us_away_is_worth_another_try(world: World):
    ref = world.add_record()
    world.trouble(Door.READ, Trouble.BUSY)
    with pytest.raises(Transient):
        world.crm.read([ref], world.fields)
    world.recover()
    assert ref in world.crm.read([ref], world.fields)
