"""Planned misfortunes: what has become of the request when its client gives up."""

import pytest
import urllib3

from adapters.sandbox import Sandbox
from tests.sandbox.kit import Control

UPDATE = "/crm/objects/2026-03/deals/batch/update"


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


def test_a_fault_may_be_for_requests_with_this_content(
    sandbox: Sandbox, control: Control, deal: str
):
    for content in ('"amount": ?"3"', '"amount": ?"2"'):
        control.post("faults", kind="drop", path="batch/update", content=content)
    with pytest.raises(urllib3.exceptions.HTTPError):
        rename(sandbox, deal)
    faults = control.get("faults")["faults"]
    assert [fault["struck"] for fault in faults] == [0, 1]


def test_a_lingering_request_is_applied_long_before_it_is_answered(
    sandbox: Sandbox, control: Control, deal: str
):
    control.post("faults", kind="linger", path="batch/update", delay_ms=300)
    with pytest.raises(urllib3.exceptions.TimeoutError):
        rename(sandbox, deal)
    assert amount_of(control, deal) == "2"


def test_a_request_that_is_held_and_dropped_is_never_applied(
    sandbox: Sandbox, control: Control, deal: str
):
    control.post("faults", kind="delay", path="batch/update", delay_ms=300)
    control.post("faults", kind="drop", path="batch/update")
    with pytest.raises(urllib3.exceptions.TimeoutError):
        rename(sandbox, deal)
    assert amount_of(control, deal) == "1"
    faults = control.get("faults")["faults"]
    assert [fault["struck"] for fault in faults] == [1, 1]
