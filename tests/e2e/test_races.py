"""Somebody writes between our look and our return: nothing of theirs is overwritten."""

from tests.e2e.installation import Installation
from tests.fakes.world import Door

CRMS = ("salesforce",)
"""Where a write can say that it expects the record as it was read."""

DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}


def begin_return(room: Installation, name: str) -> str:
    """Have a deal jump, and our return be on its way for three seconds."""
    deal = room.add_deal(name, "Lead", **DECIDED)
    room.control.post("requests/clear")
    held = room.plan_at(Door.WRITE, kind="delay", delay_ms=3000)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(held)
    return deal


def answers(room: Installation) -> list[int]:
    """Return what our returns were answered."""
    asked = room.control.get("requests", system=room.crm.system)["requests"]
    doors = room.crm.operations
    return [one["status"] for one in asked if doors.get(one["operation"]) is Door.WRITE]


def test_a_move_that_was_made_meanwhile_stands(room: Installation):
    deal = begin_return(room, "Overtaken")
    room.company.move(deal, "Lost", lost_reason="Price")
    room.wait_until_quiet()
    assert answers(room) == [412]
    assert room.company.stage_of(deal) == "Lost"
    assert room.company.notes_on(deal) == []
    assert room.open_rules(deal) == set()


def test_what_was_filled_in_meanwhile_stays_and_the_deal_goes_back(room: Installation):
    deal = begin_return(room, "Edited")
    room.company.fill(deal, amount="777")
    room.wait_until_quiet()
    assert answers(room) == [412, 204]
    assert room.company.stage_of(deal) == "Lead"
    assert room.company.amount_of(deal) == 777
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()


def test_who_puts_a_deal_back_is_not_told_to(room: Installation):
    deal = begin_return(room, "Repented")
    room.company.move(deal, "Lead")
    room.wait_until_quiet()
    assert answers(room) == [412]
    assert room.company.stage_of(deal) == "Lead"
    assert room.company.notes_on(deal) == []
    assert room.open_rules(deal) == set()
