from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.budget import LocalBudget
from adapters.hubspot import open_crm
from adapters.ports import Crm
from adapters.sandbox import Sandbox
from adapters.sandbox.hubspot.account import DEFAULT_APP
from connector.clock import SystemClock
from tests.hubspot.kit import PORTAL, Night, Requests
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control

__all__ = ["control", "running", "sandbox"]


@pytest.fixture
def requests(control: Control) -> Requests:
    return Requests(control)


@pytest.fixture
def night() -> Night:
    """The waits that were asked for; none of them is waited."""
    return Night()


@pytest.fixture
def connect(sandbox: Sandbox, night: Night) -> Callable[..., Crm]:
    """Opens the account; a word may be another than usual."""

    def connect(**other: object) -> Crm:
        words = {
            "token": sandbox.hubspot_token,
            "portal_id": PORTAL,
            "app_id": DEFAULT_APP,
            "api_url": sandbox.hubspot_url,
            "budget": LocalBudget(
                limit=100_000,
                window=timedelta(seconds=1),
                sleep=night.sleep,
                monotonic=night.monotonic,
            ),
            "clock": SystemClock(),
            "allow_private": True,
            "sleep": night.sleep,
        }
        return open_crm(**(words | other))

    return connect


@pytest.fixture
def crm(connect: Callable[..., Crm]) -> Crm:
    return connect()
