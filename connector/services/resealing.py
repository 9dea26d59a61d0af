"""Resealing: every stored secret under the newest key, so that older ones may go."""

from connector.clock import Clock
from connector.crypto import Vault
from connector.services.audit import AuditAction
from connector.store import Store, Transaction


class Resealing:
    """Seals what connections and channels keep secret anew."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        """Seal with the newest key of `vault` what `store` keeps."""
        self._store = store
        self._vault = vault
        self._clock = clock

    def run(self, *, author: str) -> int:
        """Seal anew what an older key sealed; return how many connections and channels.

        When this returns, the newest key opens everything. What somebody saves
        meanwhile is sealed with the newest key anyway. Raises KeyMissing, and then has
        changed nothing.
        """
        return self._store.run(lambda tx: self._reseal(tx, author))

    def _reseal(self, tx: Transaction, author: str) -> int:
        resealed = [
            one.name
            for table in (tx.connections, tx.channels)
            for one in table.all()
            if self._vault.is_stale(one.secrets)
            and table.reseal(
                one.id, expected=one.secrets, secrets=self._vault.reseal(one.secrets)
            )
        ]
        if resealed:
            tx.audit.add(
                actor=author,
                action=AuditAction.SECRETS_RESEALED,
                target="secrets",
                after={"names": resealed},
                now=self._clock.now(),
            )
        return len(resealed)
