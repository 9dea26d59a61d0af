"""Every CRM account that the contract suite of `Crm` runs on."""

from collections.abc import Callable, Iterator

import pytest

from adapters.sandbox import Sandbox, start
from tests.contract.hubspot import HubSpotWorld
from tests.contract.salesforce import SalesforceWorld
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


def _salesforce(*, has_feeds: bool, has_quotes: bool) -> Callable[..., World]:
    def make(request: pytest.FixtureRequest) -> World:
        return SalesforceWorld(
            request.getfixturevalue("sandbox"),
            request.getfixturevalue("control"),
            request.getfixturevalue("redis"),
            has_feeds=has_feeds,
            has_quotes=has_quotes,
        )

    return make


WORLDS = {
    "fake": _make_fake,
    "hubspot-2026-03": _hubspot("2026-03"),
    "hubspot-2026-09": _hubspot("2026-09"),
    "hubspot-v3-without-leads": _hubspot("v3", has_leads=False),
    "salesforce": _salesforce(has_feeds=True, has_quotes=True),
    "salesforce-without-feeds-and-quotes": _salesforce(
        has_feeds=False, has_quotes=False
    ),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param](request)
