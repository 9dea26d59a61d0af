"""What becomes of published policies: taking effect, withdrawing, going back."""

from datetime import timedelta

from adapters.errors import OutsideError
from connector.clock import Clock
from connector.errors import ConfigError, KeyMissing
from connector.log import get_logger
from connector.services.announcing import retract
from connector.services.audit import AuditAction
from connector.services.policies import Active, Policies
from connector.services.progress import Progress, silent
from connector.services.reconcile import AlreadyReconciling, Reconcile
from connector.store import Store, Transaction
from connector.store.connections import Connection
from connector.store.processes import ProcessVersion, VersionState

log = get_logger(__name__)

AGAIN = timedelta(minutes=5)
"""When catching up is tried again that did not work."""


class ProcessMissing(ConfigError):
    """There is no such process, or no such version of it."""


class Publishing:
    """The versions of policies after their publication, as the admin handles them."""

    def __init__(
        self, store: Store, *, policies: Policies, reconcile: Reconcile, clock: Clock
    ) -> None:
        """Catch up with records through `reconcile`."""
        self._store = store
        self._policies = policies
        self._reconcile = reconcile
        self._clock = clock

    def take_effect(self) -> int:
        """Put in force what is due, and catch up with it; return how many versions.

        Any number of workers may do so at once, and what one does not end, another
        does.
        """
        with self._store.begin() as tx:
            now = self._clock.now()
            for version in tx.processes.take_effect(now):
                tx.audit.add(
                    actor=version.author,
                    action=AuditAction.POLICY_TOOK_EFFECT,
                    target=f"{version.connection}/{version.name}",
                    after={"version": version.number},
                    now=now,
                )
                log.info(
                    "policy.took_effect", process=version.name, version=version.number
                )
        with self._store.begin() as tx:
            due = tx.processes.due(self._clock.now())
            accounts = {
                one.connection_id: tx.connections.get(one.connection_id) for one in due
            }
        for version in due:
            self._try_to_catch_up(version, accounts[version.connection_id])
        return len(due)

    def catch_up(
        self, version: ProcessVersion, connection: Connection, progress: Progress
    ) -> None:
        """Have baselines and clocks for all that a version in force speaks of.

        Does nothing for an account that was never imported: that import does it.
        Raises AlreadyReconciling, and what `adapters.errors` has.
        """
        if connection.imported_at is not None:
            if self._reconcile.lacks_kinds(connection):
                self._reconcile.import_(connection, progress)
            else:
                self._reconcile.start_clocks(connection)
        with self._store.begin() as tx:
            tx.processes.put_off(version.id, until=None)

    def rollback(
        self,
        process: str,
        number: int | None = None,
        *,
        connection: Connection | None = None,
        note: str,
        author: str,
    ) -> Active:
        """Publish the text of an earlier version again, in force at once.

        Of the version before the current one if `number` is None. Raises
        ProcessMissing, and as `Policies.publish` does.
        """
        with self._store.begin() as tx:
            version = self._earlier(self.versions_of(tx, process, connection), number)
            account = tx.connections.get(version.connection_id)
        return self._policies.publish(
            version.document,
            account,
            note=note,
            author=author,
            effective_at=self._clock.now(),
        )

    def withdraw(
        self, process: str, *, connection: Connection | None = None, author: str
    ) -> ProcessVersion:
        """Take back what was announced; raises ProcessMissing if nothing was."""
        now = self._clock.now()
        with self._store.begin() as tx:
            versions = self.versions_of(tx, process, connection)
            pending = _first(versions, VersionState.PENDING)
            if pending is None or not tx.processes.withdraw(pending, now=now):
                raise ProcessMissing(
                    f"No version of {process} is still to come into force. What is in"
                    " force can be followed by another one: publish it, or go back with"
                    f" `slagboom policy rollback {process}`."
                )
            active = self._policies.version(tx, pending.id)
            retract(tx, pending, active.policy, now=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.POLICY_WITHDRAWN,
                target=f"{pending.connection}/{process}",
                before={"version": pending.number},
                now=now,
            )
        return pending

    def versions_of(
        self, tx: Transaction, process: str, connection: Connection | None = None
    ) -> list[ProcessVersion]:
        """Return all versions of one process, newest first; or raise ProcessMissing."""
        connection_id = None if connection is None else connection.id
        found = tx.processes.of(process, connection_id=connection_id)
        if not found:
            names = sorted({one.name for one in tx.processes.of()})
            known = f"There are: {', '.join(names)}." if names else "None is published."
            raise ProcessMissing(f"There is no process {process!r}. {known}")
        accounts = sorted({one.connection for one in found})
        if len(accounts) > 1:
            raise ProcessMissing(
                f"{process} is published on {', '.join(accounts)}. Say which one is"
                " meant with --connection."
            )
        return found

    def _try_to_catch_up(self, version: ProcessVersion, account: Connection) -> None:
        try:
            self.catch_up(version, account, silent)
        except (OutsideError, KeyMissing, AlreadyReconciling) as error:
            log.warning("policy.not_caught_up", process=version.name, why=str(error))
            with self._store.begin() as tx:
                tx.processes.put_off(version.id, until=self._clock.now() + AGAIN)

    def _earlier(
        self, versions: list[ProcessVersion], number: int | None
    ) -> ProcessVersion:
        if number is None:
            found = _first(versions, VersionState.RETIRED)
        else:
            found = next((one for one in versions if one.number == number), None)
        if found is None:
            process = versions[0].name
            raise ProcessMissing(
                f"There is no {'earlier version' if number is None else number} of"
                f" {process}. `slagboom policy versions {process}` lists them."
            )
        return found


def _first(
    versions: list[ProcessVersion], state: VersionState
) -> ProcessVersion | None:
    return next((one for one in versions if one.state is state), None)
