"""What a daily round costs: over 100,000 open records, of which a thousand are late.

The real service on a real database; nothing is asked of a CRM. Reading the same records
out of the database, and nothing else, is the floor.
"""

import logging
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import structlog

from connector.services.daily import Daily
from connector.store import Store, open_store
from connector.store.connections import Connection
from tests.bench.clocks import OnePolicy, publish
from tests.bench.diff import RECORDS, fill, read_all
from tests.bench.figure import Figure
from tests.bench.judging import CONDITIONS
from tests.bench.receiving import installed
from tests.builders import NOW, a_check, a_policy
from tests.fakes.clock import FrozenClock

LATE = 1_000
TARGET_SECONDS = 60.0

_DELAY = """
    UPDATE records SET baseline =
        jsonb_set(baseline, '{fields,close_date}', '{"day": "2026-01-01"}')
    WHERE connection_id = %(connection)s AND id %% %(every)s = 0
"""


def measure() -> Iterator[Figure]:
    """Fill a database, and go round."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    with installed() as installation:
        store = open_store(installation.database_url)
        connection = fill(installation.database_url, store)
        url = installation.database_url.replace("+psycopg", "", 1)
        with psycopg.connect(url, autocommit=True) as database:
            every = RECORDS // LATE
            database.execute(_DELAY, {"connection": connection.id, "every": every})
        floor = read_all(store, connection)
        seconds = _seconds(store, connection)
        store.close()
    yield Figure(
        f"a daily round over {RECORDS:,} records, {LATE:,} of them late",
        seconds,
        "s",
        floor=floor,
        target=TARGET_SECONDS,
        remark="floor: reading them",
    )


def _seconds(store: Store, connection: Connection) -> float:
    """Return how long a round takes; raises ValueError if it found others than late."""
    checks = tuple(
        a_check(f"check-{number}", condition, while_open=True)
        for number, condition in enumerate(CONDITIONS)
    )
    active = publish(store, a_policy(checks=checks))
    policies: Any = OnePolicy(active)
    daily = Daily(store, policies, FrozenClock(NOW))
    begun_at = time.perf_counter()
    found = daily.run()
    if found != LATE:
        raise ValueError(f"{found} records of {connection.name} were late.")
    return time.perf_counter() - begun_at
