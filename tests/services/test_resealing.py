"""An old key may be taken away once every secret is sealed with the newest one."""

import base64

import pytest

from connector.crypto import Vault
from connector.errors import KeyMissing
from connector.services.resealing import Resealing
from connector.store import Store
from tests.fakes.clock import FrozenClock

OLD, NEW = (base64.urlsafe_b64encode(bytes([one] * 32)).decode() for one in (1, 2))
CRM, POST = {"token": "crm"}, {"token": "post"}


@pytest.fixture
def kept(store: Store, clock: FrozenClock) -> Store:
    """A store with an account and a channel that the old key sealed."""
    vault, now = Vault([OLD]), clock.now()
    with store.begin() as tx:
        tx.connections.save(
            "acme", vendor="fake", settings={}, secrets=vault.seal(CRM), now=now
        )
        tx.channels.add(
            "post", kind="k", settings={}, secrets=vault.seal(POST), rank=0, now=now
        )
    return store


def reseal(store: Store, clock: FrozenClock, *keys: str) -> int:
    return Resealing(store, Vault(keys), clock).run(author="anna")


def test_the_newest_key_alone_opens_everything_afterwards(
    kept: Store, clock: FrozenClock
):
    assert reseal(kept, clock, NEW, OLD) == 2
    with kept.begin() as tx:
        [account], [channel] = tx.connections.all(), tx.channels.all()
        [entry] = tx.audit.latest()
    assert Vault([NEW]).open(account.secrets) == CRM
    assert Vault([NEW]).open(channel.secrets) == POST
    assert (entry.action, entry.actor) == ("secrets.resealed", "anna")
    assert entry.after == {"names": ["acme", "post"]}


def test_what_has_the_newest_key_is_left_alone(kept: Store, clock: FrozenClock):
    reseal(kept, clock, NEW, OLD)
    with kept.begin() as tx:
        before = [one.secrets for one in (*tx.connections.all(), *tx.channels.all())]
    assert reseal(kept, clock, NEW, OLD) == 0
    with kept.begin() as tx:
        after = [one.secrets for one in (*tx.connections.all(), *tx.channels.all())]
        assert len(tx.audit.latest()) == 1
    assert after == before


def test_without_the_old_key_nothing_is_changed(kept: Store, clock: FrozenClock):
    vault = Vault([NEW])
    with kept.begin() as tx:
        tx.connections.save(
            "aaa", vendor="fake", settings={}, secrets=vault.seal({}), now=clock.now()
        )
        before = [one.secrets for one in (*tx.connections.all(), *tx.channels.all())]
    with pytest.raises(KeyMissing, match="SLAGBOOM_KEYS"):
        reseal(kept, clock, NEW)
    with kept.begin() as tx:
        after = [one.secrets for one in (*tx.connections.all(), *tx.channels.all())]
    assert after == before
