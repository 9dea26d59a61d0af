"""The CRM answers later than anybody waits: each of these takes up to a minute."""

import pytest

from tests.e2e.installation import Installation
from tests.fakes.world import Door


@pytest.mark.parametrize("door", [Door.WRITE, Door.NOTES])
def test_an_answer_that_comes_too_late_leads_to_nothing_twice(
    room: Installation, door: Door
):
    deal = room.add_deal("Late", "Lead", decision_maker="J. Smit", amount="12000")
    # Applied at once; only the answer comes too late.
    fault = room.plan_at(door, kind="linger", delay_ms=room.crm.too_late_ms)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault)
    room.wait_until_quiet(seconds=120)
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()
