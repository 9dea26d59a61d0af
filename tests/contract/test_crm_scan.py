"""What has changed, as every `Crm` has to tell it."""

from datetime import datetime, timedelta

import pytest

from rules.model import Kind, Record
from tests.fakes.world import AMOUNT, World

DAY = timedelta(days=1)


def scanned(
    world: World, kind: Kind = Kind.DEAL, *, since: datetime | None = None
) -> list[Record]:
    fields = world.fields if kind is Kind.DEAL else {}
    batches = world.crm.scan(kind, fields, since=since)
    return [record for batch in batches for record in batch]


def test_everything_comes_with_its_fields_the_oldest_change_first(world: World):
    now = world.now()
    old = world.add_record(created_at=now - 9 * DAY)
    young = world.add_record(created_at=now - 2 * DAY)
    touched = world.add_record(created_at=now - 20 * DAY)
    world.edit(touched, AMOUNT, 5.0)
    found = scanned(world)
    assert [record.ref for record in found] == [old, young, touched]
    assert found == [world.crm.read([one.ref], world.fields)[one.ref] for one in found]
    assert found[2].fields[AMOUNT] == 5.0


def test_an_empty_account_yields_nothing(world: World):
    assert scanned(world) == []
    assert world.crm.count(Kind.DEAL) in {0, None}


def test_a_scan_tells_of_its_own_kind_only(world: World):
    world.add_record(Kind.DEAL)
    lead = world.add_record(Kind.LEAD)
    assert [record.ref for record in scanned(world, Kind.LEAD)] == [lead]


def test_the_last_stamp_is_a_cursor(world: World):
    now = world.now()
    old = world.add_record(created_at=now - 9 * DAY)
    middle = world.add_record(created_at=now - 5 * DAY)
    young = world.add_record(created_at=now - DAY)
    assert len(scanned(world)) == 3
    cursor = scanned(world)[1].modified_at
    assert [record.ref for record in scanned(world, since=cursor)] == [middle, young]
    world.edit(old, AMOUNT, 5.0)
    assert {record.ref for record in scanned(world, since=cursor)} == {
        old,
        middle,
        young,
    }


@pytest.mark.parametrize("since", [None, 30 * DAY])
def test_more_records_of_one_moment_than_a_batch_holds_come_all(
    world: World, since: timedelta | None
):
    many = world.add_many(world.page + 50, created_at=world.now() - 5 * DAY)
    late = world.add_record(created_at=world.now() - DAY)
    at = None if since is None else world.now() - since
    found = [record.ref for record in scanned(world, since=at)]
    assert set(found) == {*many, late}
    assert found[-1] == late
    assert world.crm.count(Kind.DEAL, since=at) in {len(many) + 1, None}


def test_what_changes_meanwhile_comes_too(world: World):
    many = world.add_many(world.page + 50, created_at=world.now() - 5 * DAY)
    batches = world.crm.scan(Kind.DEAL, world.fields)
    first = next(batches)
    changed = next(ref for ref in many if ref not in {one.ref for one in first})
    world.edit(changed, AMOUNT, 7.0)
    rest = [record for batch in batches for record in batch]
    stamps = [record.modified_at for record in (*first, *rest)]
    assert {record.ref for record in (*first, *rest)} == set(many)
    assert [one.fields[AMOUNT] for one in rest if one.ref == changed][-1] == 7.0
    assert stamps == sorted(stamps)


def test_what_is_gone_is_not_scanned(world: World):
    here, gone = world.add_record(), world.add_record()
    world.delete(gone)
    assert [record.ref for record in scanned(world)] == [here]
