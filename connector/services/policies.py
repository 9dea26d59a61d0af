"""Policies: publishing them, and having the current ones at hand, compiled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from adapters.ports import Crm
from connector.clock import Clock
from connector.services.announcing import announce, retract
from connector.services.audit import AuditAction
from connector.services.naming import named_fields
from connector.store import Store, Transaction
from connector.store.connections import Connection
from connector.store.processes import ProcessVersion, VersionState
from rules.account import Account
from rules.document import compile_policy, parse
from rules.document import effective_at as effective_in
from rules.model import FieldMap, FieldName, Kind
from rules.policy import Policy

CrmFor = Callable[[Connection], Crm]

HEAD_START = timedelta(minutes=1)
"""How long whoever publishes may take to start clocks before a worker does it."""

_ACCOUNT: TypeAdapter[Account] = TypeAdapter(Account)


@dataclass(frozen=True, slots=True)
class Active:
    """A policy in force, and the version it is."""

    version: ProcessVersion
    policy: Policy


class Policies:
    """The published policies of every connection. Compiled once a version."""

    def __init__(self, store: Store, crm_for: CrmFor, clock: Clock) -> None:
        """Read accounts through `crm_for` when something is published."""
        self._store = store
        self._crm_for = crm_for
        self._clock = clock
        self._compiled: dict[int, Active] = {}

    def active(self, tx: Transaction, connection_id: int) -> tuple[Active, ...]:
        """Return the policies in force on a connection, by name.

        With the texts that somebody has said are answers there.
        """
        allowed = tx.answers.allowed(connection_id)
        found = (
            self._compile(version) for version in tx.processes.current(connection_id)
        )
        return tuple(
            replace(active, policy=_allowing(active.policy, allowed))
            if allowed
            else active
            for active in found
        )

    def of_process(
        self, tx: Transaction, connection_id: int, process_id: int
    ) -> Active | None:
        """Return the policy in force of a process, None if there is none."""
        actives = self.active(tx, connection_id)
        return next(
            (one for one in actives if one.version.process_id == process_id), None
        )

    def in_force(self, connection: Connection) -> tuple[Policy, ...]:
        """Return the policies in force on a connection, by name."""
        with self._store.begin() as tx:
            return tuple(one.policy for one in self.active(tx, connection.id))

    def version(self, tx: Transaction, version_id: int) -> Active:
        """Return one version, in force or not."""
        if version_id not in self._compiled:
            self._compile(tx.processes.get(version_id))
        return self._compiled[version_id]

    def draft(self, text: str, connection: Connection | None) -> Policy:
        """Compile a document as it would be published now.

        Against the account as it stands, or against none. Raises DocumentInvalid with
        every fault, and what `adapters.errors` has if the account cannot be asked.
        """
        if connection is None:
            return self._draft(text, None)
        policy = self._draft(
            text, self._account(connection), connection_id=connection.id
        )
        with self._store.begin() as tx:
            return _allowing(policy, tx.answers.allowed(connection.id))

    def publish(
        self,
        text: str,
        connection: Connection,
        *,
        note: str,
        author: str,
        effective_at: datetime | None = None,
    ) -> Active:
        """Publish a document as the next version of its process.

        It is in force at once, or from `effective_at`, which is the document's own
        `effective` if None; the people it touches are then told ahead. A version that
        was still to come into force is withdrawn. Raises as `draft` does; then nothing
        has changed.
        """
        account = self._account(connection)
        assert account is not None
        document = parse(text)
        now = self._clock.now()
        from_at = effective_at or effective_in(document) or now
        policy = self._draft(text, account, connection_id=connection.id, at=from_at)
        with self._store.begin() as tx:
            former = self._find(tx, tx.processes.current(connection.id), policy)
            overtaken = self._find(tx, tx.processes.pending(connection.id), policy)
            version = tx.processes.publish(
                connection.id,
                policy.process,
                document=text,
                account=_ACCOUNT.dump_python(account, mode="json"),
                note=note,
                author=author,
                effective_at=from_at,
                due_at=from_at if from_at > now else now + HEAD_START,
                now=now,
            )
            tx.audit.add(
                actor=author,
                action=AuditAction.POLICY_PUBLISHED,
                target=f"{connection.name}/{policy.process}",
                after={
                    "version": version.number,
                    "effective_at": version.effective_at.isoformat(),
                },
                reason=note,
                now=now,
            )
            if overtaken is not None:
                retract(tx, overtaken.version, overtaken.policy, now=now)
            if version.state is VersionState.PENDING:
                before = None if former is None else former.policy
                announce(tx, version, before, policy, now=now)
        return self._compile(version)

    def _find(
        self, tx: Transaction, versions: list[ProcessVersion], policy: Policy
    ) -> Active | None:
        """Return the one of these versions that is of the same process."""
        return next(
            (
                self.version(tx, one.id)
                for one in versions
                if one.name == policy.process
            ),
            None,
        )

    def _account(self, connection: Connection | None) -> Account | None:
        if connection is None:
            return None
        return self._crm_for(connection).account((Kind.DEAL, Kind.LEAD))

    def _draft(
        self,
        text: str,
        account: Account | None,
        *,
        connection_id: int | None = None,
        at: datetime | None = None,
    ) -> Policy:
        document = parse(text)
        first = self._first_effective_at(connection_id, document.process)
        return compile_policy(
            document, account, published_on=first or at or self._clock.now()
        )

    def _first_effective_at(
        self, connection_id: int | None, process: str
    ) -> datetime | None:
        # A new version of a process does not move the line between old and new records.
        if connection_id is None:
            return None
        with self._store.begin() as tx:
            return tx.processes.first_effective_at(connection_id, process)

    def _compile(self, version: ProcessVersion) -> Active:
        found = self._compiled.get(version.id)
        if found is None:
            policy = compile_policy(
                parse(version.document),
                _ACCOUNT.validate_python(version.account),
                published_on=self._first_effective_at(
                    version.connection_id, version.name
                )
                or version.effective_at,
            )
            found = self._compiled[version.id] = Active(version, policy)
        return found


def _allowing(policy: Policy, allowed: frozenset[tuple[FieldName, str]]) -> Policy:
    return replace(policy, placeholders=policy.placeholders.allowing(allowed))


def fields_by_kind(actives: tuple[Active, ...]) -> Mapping[Kind, FieldMap]:
    """Return, for each kind of record, every field that some policy speaks of."""
    return named_fields(active.policy for active in actives)
