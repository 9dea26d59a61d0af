"""Permits, as people handle them: so many records may deviate, as in an import."""

from datetime import datetime

from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.guarding import tell_permit_over
from connector.services.policies import Active, Policies
from connector.services.until import read_until
from connector.store import Store, Transaction
from connector.store.permits import Permit
from rules.document.problems import did_you_mean, listed
from rules.model import ActorClass

MOST_PERMITTED = 1_000_000


class Permits:
    """The announced deviations of many records."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Check them against the policies in force."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def grant(
        self,
        process: str,
        *,
        connection: str | None,
        count: int,
        until: str,
        why: str,
        by: str,
        actor: ActorClass | None,
        author: str,
    ) -> Permit:
        """Permit `count` records to deviate until then; `by` is who answers for it.

        `until` is as `read_until` takes it; `actor` limits it to one class of actors.
        Raises ConfigError.
        """
        if not 0 < count <= MOST_PERMITTED:
            raise ConfigError(f"A permit is for 1 to {MOST_PERMITTED} records.")
        now = self._clock.now()
        with self._store.begin() as tx:
            account_id = None if connection is None else _account_id(tx, connection)
            active = find_active(tx, self._policies, process, account_id)
            policy, version = active.policy, active.version
            end = read_until(
                until, policy.calendar, now=now, longest=policy.exemption_longest
            )
            permit = tx.permits.grant(
                version.connection_id,
                version.process_id,
                count=count,
                actor=actor,
                until=end,
                why=why.strip(),
                by=by.strip(),
                now=now,
            )
            tx.audit.add(
                actor=author,
                action=AuditAction.PERMIT_GRANTED,
                target=f"{version.connection}/{policy.process}",
                after={
                    "id": permit.id,
                    "records": count,
                    "until": end.isoformat(),
                    "actor": actor,
                    "by": by.strip(),
                },
                reason=why.strip(),
                now=now,
            )
        return permit

    def revoke(self, permit_id: int, *, why: str, author: str) -> Permit:
        """End a permit early. Raises ConfigError if none of this id holds."""
        now = self._clock.now()
        with self._store.begin() as tx:
            permit = tx.permits.end(permit_id, why="revoked", now=now)
            if permit is None:
                raise ConfigError(
                    f"No permit with the id {permit_id} holds. See `slagboom permits`."
                )
            tx.audit.add(
                actor=author,
                action=AuditAction.PERMIT_REVOKED,
                target=f"{permit.connection}/{permit.process}",
                before={"id": permit.id, "used": permit.used},
                reason=why,
                now=now,
            )
        return permit

    def latest(self, *, only_holding: bool, limit: int) -> list[Permit]:
        """Return permits, newest first."""
        with self._store.begin() as tx:
            return tx.permits.latest(only_holding=only_holding, limit=limit)

    def end_due(self, tx: Transaction, now: datetime) -> None:
        """End the permits whose time is over, and tell the admin."""
        for permit in tx.permits.end_due(now):
            tell_permit_over(tx, permit, now)


def _account_id(tx: Transaction, connection: str) -> int:
    found = tx.connections.find(connection)
    if found is None:
        raise ConfigError(f"There is no connection {connection!r}.")
    return found.id


def find_active(
    tx: Transaction, policies: Policies, process: str, connection_id: int | None
) -> Active:
    """Return the policy of a process, on one account. Raises ConfigError."""
    current = tx.processes.current(connection_id)
    found = [one for one in current if one.name == process]
    if len(found) == 1:
        return policies.version(tx, found[0].id)
    if found:
        accounts = listed(one.connection for one in found)
        raise ConfigError(
            f"{process!r} is in force on several accounts: {accounts}. Choose one"
            " with --connection."
        )
    names = [one.name for one in current]
    raise ConfigError(
        f"No process {process!r} is in force.{did_you_mean(process, names)}"
        f" There are: {listed(names) or 'none'}."
    )
