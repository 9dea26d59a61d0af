"""Accounts: connecting, probing, pausing and resuming them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from adapters.errors import OutsideError
from adapters.ports import ChangeStream, Probe, ProbeLine
from connector.clock import Clock
from connector.crypto import Vault
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.outside import note_recovery
from connector.services.pausing import pause_connection, resume_connection
from connector.services.policies import CrmFor
from connector.store import Store, Transaction
from connector.store.connections import Connection

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")

Rotate = Callable[[Mapping[str, str], Mapping[str, str]], Mapping[str, str]]
"""Gives the secrets to keep, of those before and those after a change."""


class ConnectionMissing(ConfigError):
    """There is no connection of this name."""


class Accounts:
    """The connected CRM accounts, as the admin handles them."""

    def __init__(
        self,
        store: Store,
        *,
        crm_for: CrmFor,
        stream_for: Callable[[Connection], ChangeStream | None],
        forget_refusals: Callable[[Connection], None],
        vault: Vault,
        clock: Clock,
    ) -> None:
        """Probe accounts and their streams, seal their secrets in `vault`.

        `forget_refusals` has the next use of an account try afresh.
        """
        self._store = store
        self._crm_for = crm_for
        self._stream_for = stream_for
        self._forget_refusals = forget_refusals
        self._vault = vault
        self._clock = clock

    def find(self, name: str) -> Connection:
        """Return the connection of this name, or raise ConnectionMissing."""
        with self._store.begin() as tx:
            found = tx.connections.find(name)
            if found is not None:
                return found
            names = [one.name for one in tx.connections.all()]
        known = f"There are: {', '.join(names)}." if names else "None is connected yet."
        raise ConnectionMissing(
            f"There is no connection {name!r}. {known} Connect one with `slagboom"
            " connect`."
        )

    def all(self) -> list[Connection]:
        """Return every connection, by name."""
        with self._store.begin() as tx:
            return tx.connections.all()

    def check(self, name: str, *, vendor: str) -> None:
        """Raise ConfigError if an account of this vendor cannot have this name."""
        if _NAME.fullmatch(name) is None:
            raise ConfigError(
                f"{name!r} cannot be a connection's name, which is part of an address:"
                " use up to 40 lower-case letters, digits and hyphens."
            )
        with self._store.begin() as tx:
            _check_vendor(tx.connections.find(name), vendor)

    def save(
        self,
        name: str,
        *,
        vendor: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        rotate: Rotate,
        author: str,
    ) -> Connection:
        """Add a connection, or give it other settings and credentials.

        Raises ConfigError if the name cannot be used, or belongs to an account of
        another vendor.
        """
        self.check(name, vendor=vendor)
        now = self._clock.now()
        with self._store.begin() as tx:
            before = tx.connections.find(name)
            _check_vendor(before, vendor)
            kept: Mapping[str, str] = secrets
            if before is not None:
                kept = rotate(self._vault.open(before.secrets), secrets)
            tx.connections.save(
                name,
                vendor=vendor,
                settings=settings,
                secrets=self._vault.seal(kept),
                now=now,
            )
            if before is not None:
                # What failed for its former credentials need not wait any longer.
                tx.records.wake(before.id, now=now)
                tx.clocks.wake(before.id, now=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.CONNECTION_SAVED,
                target=name,
                before=None if before is None else dict(before.settings),
                after=dict(settings),
                now=now,
            )
        return self.find(name)

    def probe(self, connection: Connection) -> Probe:
        """Try everything that is needed, without side effects, and keep the result.

        Raises KeyMissing, and what `adapters.errors` has if the account cannot be
        asked at all.
        """
        self._forget_refusals(connection)
        try:
            crm = self._crm_for(connection).probe()
            stream = self._stream_for(connection)
        except OutsideError as error:
            line = ProbeLine("the account", is_ok=False, message=str(error))
            self._keep(connection, Probe("", (line,)), has_recovered=False)
            raise
        heard = () if stream is None else stream.probe()
        probe = replace(crm, lines=(*crm.lines, *heard))
        # Without its stream an account is worked with all the same.
        self._keep(connection, probe, has_recovered=crm.is_ok)
        return probe

    def _keep(
        self, connection: Connection, probe: Probe, *, has_recovered: bool
    ) -> None:
        now = self._clock.now()
        # Who we are is not forgotten because the account cannot be asked.
        user = probe.user or connection.probe.get("user", "")
        kept = {**asdict(probe), "user": user}
        with self._store.begin() as tx:
            tx.connections.mark_probed(connection.id, kept, at=now)
            if has_recovered:
                tx.notices.resolve(f"crm/{connection.id}", now=now)
                note_recovery(tx, connection.id, now)

    def pause(self, connection: Connection, *, author: str) -> None:
        """Only observe this account from now on; its clocks stand still."""
        now = self._clock.now()
        with self._store.begin() as tx:
            afresh = tx.connections.get(connection.id)
            pause_connection(tx, afresh, now)
            action = AuditAction.CONNECTION_PAUSED
            tx.audit.add(actor=author, action=action, target=afresh.name, now=now)

    def resume(self, connection: Connection, *, author: str) -> None:
        """Intervene again."""
        now = self._clock.now()

        def resume(tx: Transaction) -> None:
            afresh = tx.connections.get(connection.id)
            resume_connection(tx, afresh, now)
            action = AuditAction.CONNECTION_RESUMED
            tx.audit.add(actor=author, action=action, target=afresh.name, now=now)

        # Again where it met with a worker that has clocks and records in hand.
        self._store.run(resume)


def _check_vendor(known: Connection | None, vendor: str) -> None:
    if known is not None and known.vendor != vendor:
        raise ConfigError(
            f"{known.name} is connected to {known.vendor} already. Choose another name:"
            " what is known of one account does not fit another."
        )
