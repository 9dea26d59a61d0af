"""The CRM answers later than anybody waits: each of these takes half a minute."""

import pytest

from adapters.hubspot.client import READ_TIMEOUT_S
from tests.e2e.installation import Installation

TOO_LATE_MS = (READ_TIMEOUT_S + 2) * 1000


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("delay", "deals/batch/read"),
        # Applied at once; only the answer comes too late.
        ("linger", "deals/batch/update"),
        ("linger", "notes/batch/create"),
    ],
)
def test_an_answer_that_comes_too_late_leads_to_nothing_twice(
    room: Installation, kind: str, path: str
):
    deal = room.add_deal("Late", "Lead", decision_maker="J. Smit", amount="12000")
    fault = room.plan(kind=kind, path=path, delay_ms=TOO_LATE_MS)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault)
    room.wait_until_quiet(seconds=120)
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()
