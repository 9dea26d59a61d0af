"""The jobs that the queue carries, and what the clock finds due.

A job holds ids only, may run twice or late, and does whatever is due: it is a hint.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from adapters.errors import OutsideError
from connector.bootstrap import Application, build
from connector.config import Config
from connector.errors import KeyMissing, StoreDown
from connector.log import get_logger
from connector.memory import keep_small
from connector.services.alarms import QUIET
from connector.services.reconcile import AlreadyReconciling

log = get_logger(__name__)


@cache
def application() -> Application:
    """Return the services of this process, made at the first use."""
    config = Config.load(os.environ)
    return build(config, config.urls())


def prepare() -> None:
    """Load and connect what jobs need, so that the first one is as quick as the next.

    A database that is away is no obstacle: jobs find that out for themselves.
    """
    keep_small()
    app = application()
    with suppress(StoreDown, KeyMissing, OutsideError):
        for connection in app.accounts.all():
            app.crm_for(connection)
    for service in (
        app.enforce,
        app.follow_ups,
        app.digests,
        app.notify,
        app.reconcile,
        app.daily,
    ):
        log.debug("service.prepared", service=type(service).__name__)


def look(connection_id: int) -> None:
    """Take in what has come from this account, and look at what may have changed."""
    application().enforce.look(connection_id)


def follow_up() -> None:
    """Take what is due on the clocks."""
    application().follow_ups.run()
    notify()


def daily() -> None:
    """Look for what time has made false, where a day has passed."""
    application().daily.run()


def notify() -> None:
    """Send the messages that are due, alarms and digests among them."""
    application().alarms.run()
    application().digests.run()
    application().notify.run()


def sweep(connection_id: int) -> None:
    """Compare an account with what is known of it."""
    app = application()
    with app.store.begin() as tx:
        connection = tx.connections.get(connection_id)
    try:
        app.reconcile.sweep(connection)
    except AlreadyReconciling:
        # Another worker does it, which is as good.
        return
    except (OutsideError, KeyMissing) as error:
        app.reconcile.put_off_sweep(connection, error)
        return
    app.enforce.look(connection_id)


def take_effect() -> None:
    """Put announced policies in force whose time has come."""
    application().publishing.take_effect()


def due() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the jobs that have something to do, by the database.

    Cheap, for it is asked every second: each question is answered by a partial index.
    """
    app = application()
    now = app.clock.now()
    with app.store.begin() as tx:
        app.reconcile.wake_holds(tx, now)
        app.permits.end_due(tx, now)
        tx.notices.fade(now)
        waiting = {
            *tx.deliveries.pending_connections(),
            *tx.records.due_connections(now),
        }
        sweeps = tx.connections.sweeps_due(now)
        has_rounds = tx.daily.is_any_due(now)
        has_clocks = tx.clocks.is_any_due(now)
        has_messages = (
            tx.notifications.is_any_due(now)
            or tx.digests.is_any_due(now)
            or tx.notices.is_any_untold(QUIET, now=now)
            or tx.notices.is_any_over()
        )
        has_policies = tx.processes.is_any_due(now)
    if has_policies:
        yield "take_effect", ()
    yield from (("look", (connection_id,)) for connection_id in sorted(waiting))
    if has_rounds:
        yield "daily", ()
    if has_clocks:
        yield "follow_up", ()
    if has_messages:
        yield "notify", ()
    yield from (("sweep", (connection_id,)) for connection_id in sweeps)
