from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from adapters.budget import LocalBudget
from adapters.hubspot import open_crm
from adapters.ports import Crm
from adapters.sandbox import Sandbox, start
from adapters.sandbox.hubspot.account import DEFAULT_APP
from connector.clock import SystemClock
from tests.hubspot.kit import PORTAL, Night, Requests
from tests.sandbox.kit import MANAGER, REP, Control


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """A fresh account with two people in it and no rate limit."""
    control = Control(running.url)
    control.post("reset")
    control.post(
        "hubspot/seed",
        settings={"burst_limit": 0, "search_limit": 0},
        users=[
            {"email": REP, "name": "Robin Rep"},
            {"email": MANAGER, "name": "Marit Manager"},
        ],
    )
    control.close()
    return running


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    made = Control(sandbox.url)
    yield made
    made.close()


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
