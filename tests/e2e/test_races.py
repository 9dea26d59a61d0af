"""Somebody writes between our look and our return: nothing of theirs is overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.installation import Installation
from tests.fakes.world import Door

CRMS = ("salesforce",)
"""Where a write can say that it expects the record as it was read."""

DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}


@contextmanager
def amid_return(room: Installation, name: str) -> Iterator[str]:
    """Have a deal jump, and our return be on its way meanwhile."""
    deal = room.add_deal(name, "Lead", **DECIDED)
    room.control.post("requests/clear")
    held = room.hold(Door.WRITE)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(held)
    yield deal
    room.let_go(held)
    room.wait_until_quiet()


def answers(room: Installation) -> list[int]:
    """Return what our returns were answered."""
    asked = room.control.get("requests", system=room.crm.system)["requests"]
    doors = room.crm.operations
    return [one["status"] for one in asked if doors.get(one["operation"]) is Door.WRITE]


def test_a_move_that_was_made_meanwhile_stands(room: Installation):
    with amid_return(room, "Overtaken") as deal:
        room.company.move(deal, "Lost", lost_reason="Price")
    assert answers(room) == [412]
    assert room.company.stage_of(deal) == "Lost"
    assert room.company.notes_on(deal) == []
    assert room.open_rules(deal) == set()


def test_what_was_filled_in_meanwhile_stays_and_the_deal_goes_back(room: Installation):
    with amid_return(room, "Edited") as deal:
        room.company.fill(deal, amount="777")
    assert answers(room) == [412, 204]
    assert room.company.stage_of(deal) == "Lead"
    assert room.company.amount_of(deal) == 777
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()


def test_who_puts_a_deal_back_is_not_told_to(room: Installation):
    with amid_return(room, "Repented") as deal:
        room.company.move(deal, "Lead")
    assert answers(room) == [412]
    assert room.company.stage_of(deal) == "Lead"
    assert room.company.notes_on(deal) == []
    assert room.open_rules(deal) == set()
