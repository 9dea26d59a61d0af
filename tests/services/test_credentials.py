"""Secrets that are renewed while several processes work."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.crypto import Vault
from connector.errors import KeyMissing
from connector.services.credentials import Credentials
from connector.store import Store
from tests.fakes.clock import FrozenClock

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_KEY = "MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

Connect = Callable[..., None]


@pytest.fixture
def connect(store: Store, clock: FrozenClock) -> Connect:
    """Connects acme with these secrets."""

    def connect(**secrets: str) -> None:
        with store.begin() as tx:
            tx.connections.save(
                "acme",
                vendor="fake",
                settings={},
                secrets=Vault([KEY]).seal(secrets),
                now=clock.now(),
            )

    return connect


@pytest.fixture
def credentials(store: Store) -> Credentials:
    return Credentials(store, Vault([KEY]))


def test_a_renewed_secret_takes_the_place_of_its_predecessor(
    credentials: Credentials, connect: Connect, store: Store
):
    connect(refresh="first", webhook="hook")
    assert credentials.replace("acme", "refresh", former="first", heir="second")
    for reader in (credentials, Credentials(store, Vault([KEY]))):
        assert reader.load("acme") == {"refresh": "second", "webhook": "hook"}


def test_what_a_person_gave_meanwhile_is_not_overwritten(
    credentials: Credentials, connect: Connect
):
    connect(refresh="first")
    connect(refresh="from a person")
    assert not credentials.replace("acme", "refresh", former="first", heir="second")
    assert credentials.load("acme") == {"refresh": "from a person"}
    connect(other="way in")
    assert not credentials.replace("acme", "refresh", former="first", heir="second")
    assert credentials.load("acme") == {"other": "way in"}


def test_two_that_are_renewed_at_once_are_both_kept(
    credentials: Credentials, connect: Connect
):
    connect(**{f"secret{number}": "first" for number in range(8)})

    def renew(number: int) -> bool:
        return credentials.replace(
            "acme", f"secret{number}", former="first", heir="second"
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(renew, range(8)))
    assert set(credentials.load("acme").values()) == {"second"}


def test_a_connection_that_is_not_there_has_no_secrets(credentials: Credentials):
    assert credentials.load("acme") == {}
    assert not credentials.replace("acme", "refresh", former="first", heir="second")


def test_without_the_key_nothing_is_replaced(
    credentials: Credentials, connect: Connect, store: Store
):
    connect(refresh="first")
    keyless = Credentials(store, Vault([OTHER_KEY]))
    with pytest.raises(KeyMissing):
        keyless.replace("acme", "refresh", former="first", heir="second")
    assert credentials.load("acme") == {"refresh": "first"}
