"""Storing deliveries: those that come in together share one commit.

A commit waits for the disk, and asking for one costs more than the insert. Whoever
comes while one is under way waits for it and then stores everything that has come
since; alone, nobody waits for anybody.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import StoreDown
from connector.store import Store
from connector.store.deliveries import NewDelivery


@dataclass(slots=True)
class _Slip:
    """A delivery on its way, and what became of it."""

    delivery: NewDelivery
    id: int | None = None
    error: Exception | None = None

    @property
    def is_over(self) -> bool:
        return self.id is not None or self.error is not None


class Intake:
    """Stores deliveries. Safe to use from several threads, and meant to be."""

    def __init__(self, store: Store) -> None:
        """Keep them in `store`."""
        self._store = store
        self._waiting: list[_Slip] = []
        self._gathering = threading.Lock()
        self._storing = threading.Lock()

    def add(self, delivery: NewDelivery) -> int:
        """Store a delivery; when this returns its id, it is safe.

        Raises StoreDown, or whatever else the store has against this delivery.
        """
        slip = _Slip(delivery)
        with self._gathering:
            self._waiting.append(slip)
        with self._storing:
            # The one before may have taken it along.
            if not slip.is_over:
                with self._gathering:
                    batch, self._waiting = self._waiting, []
                self._store_all(batch)
        if slip.error is not None:
            raise slip.error
        assert slip.id is not None
        return slip.id

    def _store_all(self, batch: Sequence[_Slip]) -> None:
        try:
            with self._store.begin() as tx:
                ids = tx.deliveries.add_all([slip.delivery for slip in batch])
        except Exception as error:  # noqa: BLE001 - it is raised where it belongs
            # One that cannot be stored must not take the others down with it.
            if len(batch) > 1 and not isinstance(error, StoreDown):
                for slip in batch:
                    self._store_all([slip])
                return
            for slip in batch:
                slip.error = error
            return
        for slip, delivery_id in zip(batch, ids, strict=True):
            slip.id = delivery_id
