from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from adapters.budget import LocalBudget
from adapters.ports import Crm
from adapters.salesforce import open_crm
from adapters.salesforce.token_endpoint import TokenEndpoint
from adapters.sandbox import Sandbox
from tests.fakes.clock import FrozenClock
from tests.hubspot.kit import Night, Requests
from tests.salesforce import login as served
from tests.salesforce.kit import SITE, Ahead, keeper_of
from tests.salesforce.login import CLIENT_ID, ORGANIZATION, LoginServer
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control

__all__ = ["control", "running", "sandbox"]


@pytest.fixture
def login() -> Iterator[LoginServer]:
    with served.running() as login:
        yield login


@pytest.fixture
def naps() -> list[float]:
    """The waits that were asked for; none of them is waited."""
    return []


@pytest.fixture
def endpoint(
    login: LoginServer, naps: list[float], clock: FrozenClock
) -> Callable[..., TokenEndpoint]:
    """Makes the place to sign in at; a word may be another than usual."""

    def endpoint(**other: object) -> TokenEndpoint:
        words = {
            "login_url": login.url,
            "client_id": CLIENT_ID,
            "organization_id": ORGANIZATION,
            "clock": clock,
            "allow_private": True,
            "sleep": naps.append,
        }
        return TokenEndpoint(**(words | other))

    return endpoint


@pytest.fixture
def requests(control: Control) -> Requests:
    return Requests(control)


@pytest.fixture
def ahead(control: Control) -> Ahead:
    """The time, which passes by sleeping as well, here and in the organisation."""
    return Ahead(control)


@pytest.fixture
def connect(sandbox: Sandbox, redis: Redis, ahead: Ahead) -> Callable[..., Crm]:
    """Opens the organisation; a word may be another than usual."""

    def connect(**other: object) -> Crm:
        night = Night()
        words = {
            "keeper": keeper_of(sandbox, redis, clock=ahead, sleep=ahead.sleep),
            "organization_id": sandbox.salesforce.id,
            "site_url": SITE,
            "budget": LocalBudget(sleep=night.sleep, monotonic=night.monotonic),
            "clock": ahead,
            "allow_private": True,
            "sleep": ahead.sleep,
        }
        return open_crm(**(words | other))

    return connect


@pytest.fixture
def crm(connect: Callable[..., Crm]) -> Crm:
    return connect()
