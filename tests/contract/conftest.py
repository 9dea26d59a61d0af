"""Every CRM account that the contract suite of `Crm` runs on."""

from collections.abc import Callable, Iterator

import pytest

from adapters.sandbox import Sandbox, start
from tests.contract.hubspot import HubSpotWorld
from tests.fakes.account import FakeWorld
from tests.fakes.world import World
from tests.sandbox.kit import Control


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    running = start()
    yield running
    running.stop()


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    made = Control(sandbox.url)
    yield made
    made.close()


def _make_fake(_request: pytest.FixtureRequest) -> World:
    return FakeWorld()


def _hubspot(version: str, *, has_leads: bool = True) -> Callable[..., World]:
    def make(request: pytest.FixtureRequest) -> World:
        return HubSpotWorld(
            request.getfixturevalue("sandbox"),
            request.getfixturevalue("control"),
            version=version,
            has_leads=has_leads,
        )

    return make


WORLDS = {
    "fake": _make_fake,
    "hubspot-2026-03": _hubspot("2026-03"),
    "hubspot-2026-09": _hubspot("2026-09"),
    "hubspot-v3-without-leads": _hubspot("v3", has_leads=False),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param](request)
