"""Pausing: nothing is written, everything is observed, and the clocks stand still.

A whole connection is paused by its admin, one process by the storm guard. On resuming,
what was to fall due falls due as much later as the pause was long, so that nothing that
waited comes all at once. The due dates of tasks stay: they are a promise in the CRM.
"""

from datetime import datetime

from connector.store import Transaction
from connector.store.connections import Connection


def is_paused(tx: Transaction, connection: Connection, process_id: int) -> bool:
    """Return whether everything is only observed that this process speaks of."""
    return connection.paused_at is not None or process_id in tx.processes.paused(
        connection.id
    )


def pause_connection(tx: Transaction, connection: Connection, now: datetime) -> None:
    """Only observe this connection from now on; one that is paused stays as it is."""
    if connection.paused_at is None:
        tx.connections.pause(connection.id, at=now)


def resume_connection(tx: Transaction, connection: Connection, now: datetime) -> None:
    """Intervene on this connection again."""
    if connection.paused_at is None:
        return
    tx.connections.pause(connection.id, at=None)
    tx.clocks.move_on(connection.id, since=connection.paused_at, until=now)
    tx.records.hint(tx.reversals.records(connection.id), due_at=now)
    # What came meanwhile has not moved what waited for it.
    tx.holds.wake(connection.id, now=now)


def resume_process(
    tx: Transaction, connection: Connection, process_id: int, now: datetime
) -> bool:
    """Intervene for this process again; False if it was not paused."""
    paused_at = tx.processes.resume(process_id, now=now)
    if paused_at is None:
        return False
    tx.clocks.move_on(
        connection.id,
        since=paused_at,
        # While the connection stands still, it counts the rest itself.
        until=connection.paused_at or now,
        process_id=process_id,
    )
    tx.records.hint(tx.reversals.records(connection.id), due_at=now)
    tx.holds.wake(connection.id, now=now)
    return True
