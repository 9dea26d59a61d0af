from collections.abc import Callable, Iterator

import pytest

from adapters.salesforce.token_endpoint import TokenEndpoint
from tests.fakes.clock import FrozenClock
from tests.salesforce.login import CLIENT_ID, ORGANIZATION, LoginServer, running


@pytest.fixture
def login() -> Iterator[LoginServer]:
    with running() as login:
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
