"""The CRM answers later than anybody waits: this takes up to a minute and a half."""

from tests.e2e.installation import Installation
from tests.fakes.world import Door

LEASE_SECONDS = 300
"""Longer than an answer is waited for, so that nobody else goes on meanwhile."""


def test_an_answer_that_comes_too_late_leads_to_nothing_twice(room: Installation):
    # A worker for each, so that they wait at the same time.
    room.second.start()
    deals = []
    for door in (Door.WRITE, Door.NOTES):
        deal = room.add_deal("Late", "Lead", decision_maker="J. Smit", amount="12000")
        # Applied at once; only the answer comes too late.
        fault = room.plan_at(door, kind="linger", delay_ms=room.crm.too_late_ms)
        room.company.move(deal, "Negotiation")
        room.wait_until_struck(fault)
        deals.append(deal)
    room.wait_until_quiet(seconds=180)
    for deal in deals:
        assert room.company.stage_of(deal) == "Lead"
        assert len(room.company.notes_on(deal)) == 1
        assert room.open_rules(deal) == set()
