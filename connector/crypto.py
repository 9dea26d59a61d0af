"""Secrets at rest: sealed with the newest key, opened with any key that is known."""

import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from connector.errors import KeyMissing


class Vault:
    """Seals and opens the secrets of connections and channels."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Seal with the first of `keys` (Fernet keys), open with any of them.

        Raises ValueError if there is no key, or one is malformed.
        """
        if not keys:
            raise ValueError("A vault needs at least one key.")
        self._newest = Fernet(keys[0])
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secrets: Mapping[str, str]) -> bytes:
        """Return `secrets`, encrypted and authenticated."""
        return self._fernet.encrypt(json.dumps(dict(secrets)).encode())

    def open(self, sealed: bytes) -> dict[str, str]:
        """Return what was sealed; raises KeyMissing if no key at hand fits."""
        try:
            plain = self._fernet.decrypt(sealed)
        except InvalidToken:
            raise KeyMissing(
                "A stored secret was encrypted with a key that is not in SLAGBOOM_KEYS"
                " (or was damaged). Add the key it was made with behind the newest"
                " one; if it is lost, connect the account again."
            ) from None
        opened: dict[str, str] = json.loads(plain)
        return opened

    def is_stale(self, sealed: bytes) -> bool:
        """Say whether `sealed` was made with an older key, so that it needs resealing.

        Raises KeyMissing if no key at hand fits.
        """
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            self.open(sealed)
            return True
        return False

    def reseal(self, sealed: bytes) -> bytes:
        """Return the same secrets under the newest key; raises KeyMissing."""
        return self.seal(self.open(sealed))
