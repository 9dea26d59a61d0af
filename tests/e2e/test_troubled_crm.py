"""The CRM refuses, stalls, forgets to answer, or is used by somebody else as well."""

from contextlib import ExitStack

import pytest

from tests.e2e.installation import Installation
from tests.fakes.world import Door
from tests.waiting import wait_for

DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}


def check_back(room: Installation, deal: str) -> None:
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()


@pytest.mark.parametrize("door", [Door.READ, Door.WRITE, Door.NOTES])
def test_a_crm_that_is_busy_is_asked_again(room: Installation, door: Door):
    deal = room.add_deal("Busy", "Lead", **DECIDED)
    fault = room.plan_at(door, **room.crm.busy, count=2)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault, 2)
    check_back(room, deal)


@pytest.mark.parametrize(
    ("door", "status"), [(Door.READ, 500), (Door.WRITE, 503), (Door.NOTES, 500)]
)
def test_a_crm_that_fails_for_a_while_is_asked_again(
    room: Installation, door: Door, status: int
):
    deal = room.add_deal("Failing", "Lead", **DECIDED)
    fault = room.plan_at(door, kind="status", status=status, count=2)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault, 2)
    check_back(room, deal)


@pytest.mark.parametrize("door", [Door.WRITE, Door.NOTES])
@pytest.mark.parametrize("kind", ["lose", "drop"])
def test_a_lost_answer_leads_to_nothing_twice(
    room: Installation, door: Door, kind: str
):
    deal = room.add_deal("Lost answer", "Lead", **DECIDED)
    fault = room.plan_at(door, kind=kind)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault)
    check_back(room, deal)


@pytest.mark.parametrize("door", [Door.NOTES, Door.TASKS])
def test_rows_that_fail_for_a_while_are_made_once(room: Installation, door: Door):
    deals = list(room.add_burst(10))
    fault = room.plan_at(door, **room.crm.row_trouble, rows=[1, 4, 7], count=2)
    room.company.move_all(deals, "Quote sent")
    room.wait_until_struck(fault)
    room.wait_until_quiet()
    assert room.stages(deals) == {"Lead"}
    assert [len(room.company.notes_on(deal)) for deal in deals] == [1] * 10
    assert [len(room.company.tasks_on_deal(deal)) for deal in deals] == [1] * 10


def test_an_account_that_is_used_up_is_left_alone_and_the_admin_told(
    room: Installation,
):
    deal = room.add_deal("Used up", "Lead", **DECIDED)
    room.crm.use_up()
    room.company.move(deal, "Negotiation")
    wait_for(lambda: "crm_exhausted" in room.notices(), "the notice")
    assert room.company.stage_of(deal) == "Negotiation"
    room.begin_another_day()
    check_back(room, deal)
    assert "crm_exhausted" not in room.notices()


def test_rows_that_the_crm_refuses_are_flagged_and_the_others_go_back(
    room: Installation,
):
    deals = list(room.add_burst(60))
    refused = deals[:3]
    room.plan(**room.crm.refuse(refused), count=None)
    room.company.move_all(deals, "Negotiation")
    room.wait_until_quiet()
    assert room.stages(deals[3:]) == {"Lead"}
    assert room.stages(refused) == {"Negotiation"}
    for deal in refused:
        assert len(room.company.notes_on(deal)) == 1
        assert len(room.company.tasks_on_deal(deal)) == 1
        assert room.open_rules(deal)
    assert "write_refused" in room.notices()


def test_what_stands_in_the_way_of_a_return_makes_it_a_flag(room: Installation):
    for obstacle in room.crm.obstacles():
        deal = room.add_deal("Obstructed", "Lead", **DECIDED)
        with ExitStack() as meanwhile:
            with room.crm.held():
                room.company.move(deal, "Negotiation")
                meanwhile.enter_context(obstacle(deal))
            room.wait_until_quiet()
            assert room.company.stage_of(deal) == "Negotiation"
        assert len(room.company.notes_on(deal)) == 1
        assert len(room.company.tasks_on_deal(deal)) == 1
        assert room.open_rules(deal)
        assert "write_refused" in room.notices()


def test_a_deal_in_a_stage_that_the_policy_does_not_name_is_left_alone(
    room: Installation,
):
    deal = room.add_deal("Unnamed", "Lead", **DECIDED)
    room.company.add_stage("Limbo")
    room.company.move(deal, "Limbo")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Limbo"
    assert room.company.notes_on(deal) == []
    assert "stage_unknown" in room.notices()


def test_a_refused_credential_stops_the_work_until_there_is_another(
    room: Installation,
):
    deal = room.add_deal("Expired", "Lead", **DECIDED)
    room.crm.shut_out()
    room.company.move(deal, "Negotiation")
    wait_for(lambda: "crm_refuses" in room.notices(), "the notice")
    assert room.company.stage_of(deal) == "Negotiation"
    room.reconnect(room.crm.let_in())
    check_back(room, deal)
    assert "crm_refuses" not in room.notices()


def test_the_webhooks_of_another_account_are_refused(room: Installation):
    deal = room.add_deal("Other portal", "Lead", **DECIDED)
    room.wait_until_quiet()
    changes = len(room.rows("SELECT 1 FROM changes"))
    room.crm.clear()
    with room.crm.as_another_account():
        room.company.move(deal, "Negotiation")
        answers = wait_for(room.crm.attempts, "the delivery")
        room.crm.clear()
    assert {one["status"] for one in answers} == {403}
    room.wait_until_quiet()
    assert len(room.rows("SELECT 1 FROM changes")) == changes
    assert room.company.notes_on(deal) == []


def test_a_return_to_a_stage_that_is_gone_becomes_a_flag(room: Installation):
    deal = room.add_deal("Archived", "Lead", "Qualification", "Demo", **DECIDED)
    with room.crm.held():
        room.company.move(deal, "Quote sent")
        room.company.retire_stage("Demo")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Quote sent"
    assert len(room.company.notes_on(deal)) == 1
    assert len(room.company.tasks_on_deal(deal)) == 1
    assert "write_refused" in room.notices()
