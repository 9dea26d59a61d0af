"""Taking deliveries apart: which records must be looked at, and who changed them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from adapters.ports import ChangeSource, DeliveryRefused, Heard, HeardKind
from connector.clock import Clock
from connector.errors import Unstorable
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.store import Store, Transaction
from connector.store.connections import Connection
from rules.model import Kind, RecordRef

log = get_logger(__name__)

SourceFor = Callable[[Connection], ChangeSource]

FOLLOWED = frozenset({Kind.DEAL, Kind.LEAD})
"""The kinds of record that a policy can speak of."""

AT_A_TIME = 50
"""Deliveries taken apart in one transaction."""

BURST = 50
"""So many records heard of at once mean that somebody moves them in bulk."""

GATHERING = timedelta(seconds=1)
"""How long a burst is left to arrive, so that it is read and answered in full batches.

Somebody who moves one deal does not wait; somebody who moves a thousand does not mind.
"""


class Hear:
    """Turns stored deliveries into records that are due for a look."""

    def __init__(
        self, store: Store, source_for: SourceFor, clock: Clock, metrics: Metrics
    ) -> None:
        """Understand deliveries through the `source_for` their connection."""
        self._store = store
        self._source_for = source_for
        self._clock = clock
        self._metrics = metrics

    def take_apart(self, connection: Connection) -> int:
        """Take apart every waiting delivery of a connection; return how many."""
        source = self._source_for(connection)
        taken = 0
        while True:
            count = self._store.run(
                lambda tx: self._take_some(tx, connection.id, source)
            )
            taken += count
            if count < AT_A_TIME:
                return taken

    def _take_some(
        self, tx: Transaction, connection_id: int, source: ChangeSource
    ) -> int:
        waiting = tx.deliveries.claim(connection_id, limit=AT_A_TIME)
        understood: list[tuple[int, Sequence[Heard]]] = []
        for delivery in waiting:
            try:
                understood.append((delivery.id, source.hear(delivery.body)))
            except DeliveryRefused as refused:
                tx.deliveries.bury(delivery.id, str(refused))
                self._metrics.count(Counter.DELIVERIES_DEAD, reason=refused.reason)
            except Exception as error:
                # A delivery that we fail to read must not hold up all later ones. It
                # is kept, and the records that it is about are found by a sweep.
                log.exception("delivery.unreadable", delivery=delivery.id)
                tx.deliveries.bury(delivery.id, f"{type(error).__name__}: {error}")
                self._metrics.count(Counter.DELIVERIES_DEAD, reason="unreadable")
        refs = {ref for _, heard in understood for ref in _refs(heard)}
        due_at = self.due_at(len(refs))
        for delivery_id, heard in understood:
            try:
                with tx.apart():
                    new = self.keep(
                        tx, connection_id, heard, due_at=due_at, delivery_id=delivery_id
                    )
            except Unstorable as error:
                tx.deliveries.bury(delivery_id, str(error))
                self._metrics.count(Counter.DELIVERIES_DEAD, reason="unstorable")
                continue
            tx.deliveries.finish(
                delivery_id,
                changes=len(heard),
                repeats=max(0, len(_refs(heard)) - new),
            )
        return len(waiting)

    def due_at(self, records: int) -> datetime:
        """Return when to look at records of which so many were heard of at once."""
        wait = GATHERING if records >= BURST else timedelta()
        return self._clock.now() + wait

    def keep(
        self,
        tx: Transaction,
        connection_id: int,
        heard: Sequence[Heard],
        *,
        due_at: datetime,
        delivery_id: int | None = None,
    ) -> int:
        """Store what was heard and ask for looks; return how many records are meant.

        What was heard before is not stored again and means no record.
        """
        rows = tx.records.ensure(connection_id, _refs(heard))
        new = tx.changes.add(connection_id, delivery_id, heard, rows)
        for one in heard:
            if one.kind is HeardKind.MERGED and one.ref in new:
                self._merge(tx, connection_id, rows[one.ref], one.ref, one.merged)
        tx.records.hint([rows[ref] for ref in new], due_at=due_at)
        return len(new)

    def _merge(
        self,
        tx: Transaction,
        connection_id: int,
        into: int,
        ref: RecordRef,
        merged: tuple[RecordRef, ...],
    ) -> None:
        """Have what is known of the merged records stand for what became of them."""
        now = self._clock.now()
        for one in merged:
            row = tx.records.merge(connection_id, into=into, ref=ref, merged=one)
            if row is not None:
                tx.clocks.hand_over(row, to=into, now=now)
                tx.holds.hand_over(row, to=into, now=now)
                tx.parks.hand_over(row, to=into)
                tx.exemptions.hand_over(row, to=into)
                tx.reversals.leave([row], error="The record was merged.", now=now)
                tx.violations.resolve_all([row], by="merged", now=now)
                tx.texts.forget([row])


def _refs(heard: Sequence[Heard]) -> set[RecordRef]:
    """Return the records that must be looked at."""
    return {
        one.ref
        for one in heard
        if one.ref is not None
        and one.ref.kind in FOLLOWED
        and one.kind is not HeardKind.OTHER
    }
