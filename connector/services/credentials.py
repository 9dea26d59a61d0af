"""The secrets of connections, for what renews them by itself."""

from collections.abc import Mapping

from connector.crypto import Vault
from connector.store import Store


class Credentials:
    """Opens and replaces sealed secrets. Safe to use from several threads."""

    def __init__(self, store: Store, vault: Vault) -> None:
        """Keep them in `store`, sealed in `vault`."""
        self._store = store
        self._vault = vault

    def load(self, connection: str) -> Mapping[str, str]:
        """Return the secrets of the connection of this name, as they are now.

        There are none for one that is not there. Raises StoreDown and KeyMissing.
        """
        with self._store.begin() as tx:
            found = tx.connections.find(connection)
        return {} if found is None else self._vault.open(found.secrets)

    def replace(self, connection: str, name: str, *, former: str, heir: str) -> bool:
        """Put `heir` in the place of `former`; when this returns it is kept durably.

        False if `former` is not there any more: somebody connected the account anew,
        and what they gave counts. Raises StoreDown and KeyMissing.
        """
        while True:
            with self._store.begin() as tx:
                found = tx.connections.find(connection)
                if found is None:
                    return False
                secrets = self._vault.open(found.secrets)
                if secrets.get(name) != former:
                    return False
                sealed = self._vault.seal({**secrets, name: heir})
                if tx.connections.reseal(
                    found.id, expected=found.secrets, secrets=sealed
                ):
                    return True
