"""Reconciling: the first look at an account, and the sweeps that no webhook replaces.

A webhook may be lost, an account's subscription switched off, Slagboom itself be down.
A sweep finds what changed meanwhile, and hands it to the same look as a hint does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from adapters.ports import Crm
from connector.clock import Clock, new_id
from connector.errors import SlagboomError
from connector.log import get_logger
from connector.metrics import Metrics
from connector.services.clocks import start_idle_clocks
from connector.services.holds import HOLD_CHECK
from connector.services.outside import (
    ADMIN_WAIT,
    Failure,
    note_answer,
    note_failure,
    to_missed,
    wait_after,
)
from connector.services.people import People
from connector.services.policies import CrmFor, Policies, fields_by_kind
from connector.services.progress import Progress, silent
from connector.store import Store, Transaction
from connector.store.connections import Connection
from rules.evidence import relied_on
from rules.model import EvidenceKind, FieldMap, Kind, Record

log = get_logger(__name__)

EVERY = timedelta(minutes=15)
"""How often a connection is swept."""

OVERLAP = timedelta(minutes=5)
"""How far a sweep goes back behind the last one: a CRM's search index lags."""

HOLDS_AT_A_TIME = 1000

HELD = timedelta(minutes=5)
"""How long one batch may take before another process may take over."""

PATIENCE = timedelta(minutes=10)
"""How long who asks for an import or a sweep waits for that of another process."""

_LOOK_SECONDS = 0.2

Came = TypeVar("Came")


class AlreadyReconciling(SlagboomError):
    """Another process imports or sweeps this account just now."""

    def __init__(self, name: str) -> None:
        """Name the connection."""
        super().__init__(
            f"{name} is being imported or swept by another process just now. Wait for"
            " it to finish, then try again."
        )


def when_free(work: Callable[[], Came], *, patience: timedelta = PATIENCE) -> Came:
    """Import or sweep as soon as no other process does, and return what came of it.

    A worker sweeps every account as soon as it is connected. Raises AlreadyReconciling
    after so much `patience`, and what `work` raises.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(AlreadyReconciling),
        stop=stop_after_delay(patience),
        wait=wait_fixed(_LOOK_SECONDS),
        reraise=True,
    )
    came: Came = retrying(work)
    return came


class Reconcile:
    """Compares what we know with what the CRM has."""

    def __init__(
        self,
        store: Store,
        *,
        crm_for: CrmFor,
        policies: Policies,
        people: People,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """Ask the accounts through `crm_for`."""
        self._store = store
        self._crm_for = crm_for
        self._policies = policies
        self._people = people
        self._clock = clock
        self._metrics = metrics

    def import_(self, connection: Connection, progress: Progress = silent) -> int:
        """Take every record as it stands for its baseline; return how many there are.

        That is history: nothing is judged and no follow-up starts in the past. What is
        known already stays as it is, so that an import that was broken off, or repeated
        for a policy on more kinds of record, only adds. Raises AlreadyReconciling, and
        what `adapters.errors` has; what was read until then is kept.
        """
        begun_at = self._clock.now()
        newborn: list[Record] = []

        def take(batch: Sequence[Record]) -> int:
            with self._store.begin() as tx:
                tx.baselines.remember(
                    connection.id, [one for one in batch if one.created_at <= begun_at]
                )
            newborn.extend(one for one in batch if one.created_at > begun_at)
            return len(batch)

        with self._held(connection) as still_ours:
            done = self._walk(connection, None, take, still_ours, progress)
            with self._store.begin() as tx:
                tx.connections.mark_imported(connection.id, at=begun_at)
                # What is created meanwhile is no history: it is born under our eyes.
                self._hint(tx, connection, newborn)
        self.start_clocks(connection)
        log.info("account.imported", connection=connection.name, records=done)
        return done

    def sweep(self, connection: Connection, progress: Progress = silent) -> int:
        """Have a look at every record that changed unheard; return how many did.

        Raises AlreadyReconciling, and what `adapters.errors` has; the next sweep then
        starts where this one did.
        """
        begun_at = self._clock.now()
        since = connection.swept_until or connection.imported_at
        since = None if since is None else since - OVERLAP

        def hint(batch: Sequence[Record]) -> int:
            return self._store.run(lambda tx: self._hint(tx, connection, batch))

        with self._held(connection) as still_ours:
            found = self._walk(connection, since, hint, still_ours, progress)
            if since is not None:
                self._hint_touched(connection, since, still_ours)
            with self._store.begin() as tx:
                tx.connections.mark_swept(
                    connection.id, until=begun_at, next_at=begun_at + EVERY
                )
                now = self._clock.now()
                tx.notices.resolve(to_missed(connection.id), now=now)
                note_answer(tx, connection.id, now)
        log.info("account.swept", connection=connection.name, changed=found)
        return found

    def put_off_sweep(self, connection: Connection, error: Failure) -> None:
        """Sweep later, since the account cannot be worked with now."""
        now = self._clock.now()
        due_at = now + max(ADMIN_WAIT, wait_after(0, error))
        with self._store.begin() as tx:
            tx.connections.put_off_sweep(connection.id, due_at=due_at)
            note_failure(tx, self._metrics, connection, error, now)

    def wake_holds(self, tx: Transaction, now: datetime) -> int:
        """Have a look at records whose hold is due for a check; return how many."""
        records = tx.holds.take_due(now, every=HOLD_CHECK, limit=HOLDS_AT_A_TIME)
        tx.records.hint(records, due_at=now)
        return len(records)

    def _walk(
        self,
        connection: Connection,
        since: datetime | None,
        take: Callable[[Sequence[Record]], int],
        still_ours: Callable[[], None],
        progress: Progress,
    ) -> int:
        """Hand all that changed since then to `take`; return what it counts in all."""
        crm = self._crm_for(connection)
        self._people.refresh(connection, crm)
        fields = self._fields(connection)
        total = _total(crm, fields, since=since)
        seen = taken = 0
        progress(0, total)
        for kind, of_kind in fields.items():
            for batch in crm.scan(kind, of_kind, since=since):
                taken += take(batch)
                seen += len(batch)
                still_ours()
                progress(seen, total)
        return taken

    @contextmanager
    def _held(self, connection: Connection) -> Iterator[Callable[[], None]]:
        """Keep others from walking over the same account meanwhile."""
        lease = new_id()

        def hold() -> None:
            until = self._clock.now() + HELD
            with self._store.begin() as tx:
                if not tx.connections.extend(connection.id, lease=lease, until=until):
                    raise AlreadyReconciling(connection.name)

        now = self._clock.now()
        with self._store.begin() as tx:
            if not tx.connections.claim(
                connection.id, lease=lease, now=now, until=now + HELD
            ):
                raise AlreadyReconciling(connection.name)
        try:
            yield hold
        finally:
            with self._store.begin() as tx:
                tx.connections.release(connection.id, lease=lease)

    def lacks_kinds(self, connection: Connection) -> bool:
        """Return whether a policy speaks of a kind of record that was not imported."""
        with self._store.begin() as tx:
            known = tx.baselines.kinds(connection.id)
        return not self._fields(connection).keys() <= known

    def start_clocks(self, connection: Connection) -> int:
        """Start the idle clocks of all known records; return how many were looked at.

        As after an import or the publication of a policy.
        """
        with self._store.begin() as tx:
            actives = self._policies.active(tx, connection.id)
        return sum(start_idle_clocks(self._store, actives, self._clock.now()))

    def _hint(
        self, tx: Transaction, connection: Connection, batch: Sequence[Record]
    ) -> int:
        known = tx.baselines.versions(connection.id, [record.ref for record in batch])
        changed = [
            record.ref
            for record in batch
            if _differs(known.get(record.ref), record.modified_at)
        ]
        rows = tx.records.ensure(connection.id, changed)
        tx.records.hint(list(rows.values()), due_at=self._clock.now())
        return len(changed)

    def _hint_touched(
        self, connection: Connection, since: datetime, still_ours: Callable[[], None]
    ) -> None:
        """Have a look at records to which something was linked that a policy counts.

        A quote or a call that is linked need not change the record itself.
        """
        crm = self._crm_for(connection)
        with self._store.begin() as tx:
            actives = self._policies.active(tx, connection.id)
        for kind in sorted({active.policy.kind for active in actives}):
            wanted: frozenset[EvidenceKind] = frozenset()
            for active in actives:
                if active.policy.kind is kind:
                    wanted |= relied_on(active.policy)
            for refs in crm.touched(kind, wanted, since=since):
                with self._store.begin() as tx:
                    rows = tx.records.ensure(connection.id, refs)
                    tx.records.hint(list(rows.values()), due_at=self._clock.now())
                still_ours()

    def _fields(self, connection: Connection) -> Mapping[Kind, FieldMap]:
        """Return the kinds to read and their fields: what the policies speak of.

        Without a policy deals are read, so that a first one finds its baselines.
        """
        with self._store.begin() as tx:
            actives = self._policies.active(tx, connection.id)
        fields = dict(fields_by_kind(actives))
        return fields or {Kind.DEAL: {}}


def _differs(known: datetime | None, modified_at: datetime) -> bool:
    return known is None or known != modified_at


def _total(
    crm: Crm, fields: Mapping[Kind, FieldMap], *, since: datetime | None
) -> int | None:
    counts = [crm.count(kind, since=since) for kind in fields]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
