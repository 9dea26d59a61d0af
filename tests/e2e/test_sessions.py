"""Sessions end when they like: nobody hears of it, and what was asked stays guarded."""

from tests.e2e.installation import Installation
from tests.fakes.world import Door

CRMS = ("salesforce",)
"""Where we work in sessions that end."""

DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}


def check_back(room: Installation, deal: str) -> None:
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1
    assert "crm_refuses" not in room.notices()


def test_a_session_that_has_ended_is_begun_again(room: Installation):
    deal = room.add_deal("Ended", "Lead", **DECIDED)
    room.control.post("salesforce/sessions/expire")
    room.company.move(deal, "Negotiation")
    check_back(room, deal)


def test_a_session_that_ends_with_many_requests_on_their_way_is_begun_once(
    room: Installation,
):
    deals = room.add_burst(60)
    room.control.post("requests/clear")
    fault = room.plan_at(Door.WRITE, kind="status", status=401, count=5)
    room.company.move_all(deals, "Negotiation")
    room.wait_until_struck(fault, 5)
    room.check_burst(deals)
    asked = room.control.get("requests", operation="oauth.token")["requests"]
    assert len(asked) == 1
