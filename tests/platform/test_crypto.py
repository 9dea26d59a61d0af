"""Sealed secrets: opened by any known key, sealed by the newest."""

import pytest
from cryptography.fernet import Fernet

from connector.crypto import Vault
from connector.errors import KeyMissing

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRETS = {"token": "pat-eu1-abc", "client_secret": "geheim é"}


def test_what_is_sealed_opens_again():
    assert Vault([NEW]).open(Vault([NEW]).seal(SECRETS)) == SECRETS


def test_a_seal_shows_nothing():
    assert b"pat-eu1" not in Vault([NEW]).seal(SECRETS)


def test_an_older_key_still_opens_and_can_be_replaced():
    sealed = Vault([OLD]).seal(SECRETS)
    rotating = Vault([NEW, OLD])
    assert rotating.is_stale(sealed)
    resealed = rotating.reseal(sealed)
    assert not rotating.is_stale(resealed)
    assert Vault([NEW]).open(resealed) == SECRETS


@pytest.mark.parametrize("use", [Vault.open, Vault.is_stale, Vault.reseal])
def test_a_missing_key_is_explained(use):
    sealed = Vault([OLD]).seal(SECRETS)
    with pytest.raises(KeyMissing, match="a key that is not in SLAGBOOM_KEYS"):
        use(Vault([NEW]), sealed)


def test_a_damaged_seal_is_not_opened():
    sealed = Vault([NEW]).seal(SECRETS)
    with pytest.raises(KeyMissing):
        Vault([NEW]).open(sealed[:-8] + b"AAAAAAA=")


def test_a_vault_needs_a_key():
    with pytest.raises(ValueError, match="at least one key"):
        Vault([])
