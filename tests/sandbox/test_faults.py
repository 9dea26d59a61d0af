"""Planned misfortunes: what has become of the request when its client gives up."""

from typing import Any

import pytest
import urllib3

from adapters.sandbox import Sandbox
from tests.sandbox.kit import Control
from tests.waiting import wait_for

UPDATE = "/crm/objects/2026-03/deals/batch/update"
LONG_MS = 60_000


@pytest.fixture
def deal(control: Control) -> str:
    made = control.post("hubspot/create", object="deals", properties={"amount": "1"})
    return str(made["id"])


def rename(sandbox: Sandbox, deal: str) -> None:
    """Write, and wait a tenth of a second for the answer."""
    urllib3.request(
        "POST",
        f"{sandbox.url}{UPDATE}",
        json={"inputs": [{"id": deal, "properties": {"amount": "2"}}]},
        headers={"Authorization": f"Bearer {sandbox.hubspot_token}"},
        timeout=0.1,
        retries=False,
    )


def amount_of(control: Control, deal: str) -> str:
    return str(
        control.get(f"hubspot/objects/deals/{deal}")["properties"]["amount"],
    )


def struck(control: Control) -> list[int]:
    return [fault["struck"] for fault in control.get("faults")["faults"]]


def ended(control: Control) -> list[dict[str, Any]]:
    asked = control.get("requests")["requests"]
    return [one for one in asked if one["path"] == UPDATE]


def test_a_fault_may_be_for_requests_with_this_content(
    sandbox: Sandbox, control: Control, deal: str
):
    for content in ('"amount": ?"3"', '"amount": ?"2"'):
        control.post("faults", kind="drop", path="batch/update", content=content)
    with pytest.raises(urllib3.exceptions.HTTPError):
        rename(sandbox, deal)
    wait_for(lambda: struck(control) == [0, 1], "the second fault")


def test_a_lingering_request_is_applied_long_before_it_is_answered(
    sandbox: Sandbox, control: Control, deal: str
):
    control.post("faults", kind="linger", path="batch/update", delay_ms=LONG_MS)
    with pytest.raises(urllib3.exceptions.TimeoutError):
        rename(sandbox, deal)
    wait_for(lambda: amount_of(control, deal) == "2", "the new amount")
    assert ended(control) == []
    control.post("faults/clear")
    wait_for(lambda: ended(control), "the answer")


def test_a_request_that_is_held_and_dropped_is_never_applied(
    sandbox: Sandbox, control: Control, deal: str
):
    held = control.post("faults", kind="delay", path="batch/update", delay_ms=LONG_MS)
    control.post("faults", kind="drop", path="batch/update")
    with pytest.raises(urllib3.exceptions.TimeoutError):
        rename(sandbox, deal)
    wait_for(lambda: struck(control) == [1, 1], "both faults")
    assert ended(control) == []
    control.post("faults/clear", id=held["id"])
    [dropped] = wait_for(lambda: ended(control), "the end of the request")
    assert dropped["status"] == 0
    assert amount_of(control, deal) == "1"


def test_what_waits_goes_on_when_its_fault_is_taken_back(
    sandbox: Sandbox, control: Control, deal: str
):
    control.post("faults", kind="delay", path="batch/update", delay_ms=LONG_MS)
    with pytest.raises(urllib3.exceptions.TimeoutError):
        rename(sandbox, deal)
    wait_for(lambda: struck(control) == [1], "the fault")
    assert amount_of(control, deal) == "1"
    control.post("faults/clear")
    wait_for(lambda: ended(control), "the answer")
    assert amount_of(control, deal) == "2"
