"""A sandbox for each test, and the control paths by which a test moves it."""

from collections.abc import Iterator

import pytest

from adapters.sandbox import Sandbox, start
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
