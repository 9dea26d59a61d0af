"""What it takes to compare a policy with the one in force, on 100,000 stored records.

The real service on a real database; nothing is asked of a CRM. One check becomes
stricter; all 20 rules get another power; and, at the worst, who is governed changes, so
that every rule is judged twice. Reading the same records out of the database, and
nothing else, is the floor.
"""

import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from connector.services.previewing import AT_A_TIME, Previewing
from connector.store import Store, open_store
from connector.store.codec import record_to_json
from connector.store.connections import Connection
from rules.model import Enforcement, Kind
from rules.policy import Policy
from tests.bench.figure import Figure
from tests.bench.judging import CONDITIONS
from tests.bench.receiving import installed
from tests.builders import NOW, PIPELINE, a_check, a_condition, a_policy, a_record
from tests.fakes.clock import FrozenClock

RECORDS = 100_000
TARGET_SECONDS = 60.0

_FILL = """
    INSERT INTO records (connection_id, kind, crm_id, baseline, name, stage, pipeline)
    SELECT %(connection)s, 'deal', 'd' || n,
           %(baseline)s::jsonb
               || jsonb_build_object('id', 'd' || n, 'stage', stage),
           'Deal ' || n, stage, %(pipeline)s
    FROM (
        SELECT n, ('{s-lead,s-qualification,s-demo,s-quote_sent,s-negotiation}'::text[])
            [1 + n %% 5] AS stage
        FROM generate_series(1, %(records)s) n
    ) AS made
"""
FIELDS = {
    "amount": 12_500.0,
    "discount": 35.0,
    "probability": 40.0,
    "close_date": date(2027, 1, 1),
    "decision_maker": "J. Smit",
    "currency": "EUR",
}


def measure() -> Iterator[Figure]:
    """Fill a database, and compare."""
    with installed() as installation:
        store = open_store(installation.database_url)
        connection = fill(installation.database_url, store)
        floor = read_all(store, connection)
        held = _resident()
        one = _seconds(store, connection, _strict(40), _strict(30))
        powers = _seconds(store, connection, _strict(40, Enforcement.FLAG), _strict(40))
        governed = replace(_strict(40), governs=a_condition("amount < 1000000"))
        twice = _seconds(store, connection, _strict(40), governed)
        held = _resident() - held
        store.close()
    for name, seconds in (
        ("one rule", one),
        ("the power of all 20 rules", powers),
        ("whom they govern", twice),
    ):
        yield Figure(
            f"policies that differ in {name}, on {RECORDS:,} records",
            seconds,
            "s",
            floor=floor,
            target=TARGET_SECONDS,
            remark=f"floor: reading them; {held:.0f} MB more held at the most",
        )


def _strict(limit: int, power: Enforcement = Enforcement.ENFORCE) -> Policy:
    conditions = (*CONDITIONS[:3], f"discount <= {limit}", *CONDITIONS[4:])
    checks = tuple(
        a_check(f"check-{number}", condition, enforcement=power)
        for number, condition in enumerate(conditions)
    )
    return a_policy(enforcement=power, checks=checks)


def _seconds(
    store: Store, connection: Connection, before: Policy, after: Policy
) -> float:
    """Return how long it takes; raises ValueError if a record was left out."""
    crm: Any = None
    previewing = Previewing(store, crm_for=crm, clock=FrozenClock(NOW))
    begun_at = time.perf_counter()
    found = previewing.compare(
        connection,
        before,
        after,
        asks_crm=False,
        progress=lambda _done, _total: None,
    ).records
    if found != RECORDS:
        raise ValueError(f"{found} records were compared instead of {RECORDS}.")
    return time.perf_counter() - begun_at


def _resident() -> float:
    """Return the most megabytes that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read_all(store: Store, connection: Connection) -> float:
    """Return how many seconds it takes to read them, and nothing else."""
    begun_at = time.perf_counter()
    last = 0
    while True:
        with store.begin() as tx:
            page = tx.baselines.live(
                connection.id, Kind.DEAL, after=last, limit=AT_A_TIME
            )
        if not page:
            return time.perf_counter() - begun_at
        last = page[-1][0]


def fill(database_url: str, store: Store) -> Connection:
    """Store so many records of the account `bench`, open and in order."""
    with store.begin() as tx:
        connection = tx.connections.find("bench")
        assert connection is not None
    record = a_record(
        fields=FIELDS, created_at=datetime(2026, 6, 1, tzinfo=UTC), pipeline=PIPELINE
    )
    url = database_url.replace("+psycopg", "", 1)
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            _FILL,
            {
                "connection": connection.id,
                "baseline": psycopg.types.json.Json(record_to_json(record)),
                "pipeline": PIPELINE,
                "records": RECORDS,
            },
        )
        database.execute("ANALYZE")
    return connection
