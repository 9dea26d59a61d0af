"""What a round of the clocks costs: with few of them, and with a million.

A thousand clocks are due, and ask for a reminder each. Everything is real but the CRM,
which answers at once: measured is our own work until all messages are planned. That the
same thousand are all there is makes the floor: what is not due should cost nothing.
The best of several rounds counts.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import psycopg
import structlog

from adapters.ports import Outcome
from connector.metrics import Metrics
from connector.queue import open_redis
from connector.services.follow_up import FollowUps
from connector.services.people import People
from connector.services.policies import Active
from connector.store import Store, open_store
from connector.store.codec import record_to_json
from rules.model import Evidence, EvidenceKind, Record, RecordRef
from rules.policy import Policy
from tests.bench.figure import Figure
from tests.bench.receiving import Installation, installed
from tests.builders import NOW, a_follow_up, a_policy, a_record, evidence_of
from tests.fakes.clock import FrozenClock

DUE = 1_000
ROUNDS = 3
ALL = 1_000_000
TARGET_SECONDS = 2.0

_FILL = """
    WITH made AS (
        INSERT INTO records (connection_id, kind, crm_id, baseline, stage)
        SELECT %(connection)s, 'deal', 'd' || n, %(baseline)s::jsonb, 's-lead'
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        RETURNING id
    )
    INSERT INTO clocks
        (connection_id, record_id, process_id, follow_up, started_at, task_due_at,
         task_id, due_at)
    SELECT %(connection)s, id, %(process)s, %(follow_up)s,
           %(started)s, %(started)s, 'task', %(due)s
    FROM made
"""


class InstantCrm:
    """Has every record that is asked for, and nothing linked to it."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def read(
        self, refs: Sequence[RecordRef], _fields: Mapping[str, str]
    ) -> dict[RecordRef, Record]:
        return {ref: replace(self._record, ref=ref) for ref in refs}

    def evidence(
        self, refs: Sequence[RecordRef], _kinds: frozenset[EvidenceKind], _now: object
    ) -> dict[RecordRef, Evidence]:
        nothing = evidence_of()
        return dict.fromkeys(refs, nothing)

    def find_tasks(self, _wanted: object) -> dict[str, str]:
        return {}

    def create_tasks(self, _tasks: object) -> dict[str, Outcome]:
        return {}


class OnePolicy:
    """A single policy, in force everywhere."""

    def __init__(self, active: Active) -> None:
        self._active = active

    def active(self, *_: object) -> tuple[Active, ...]:
        return (self._active,)

    def of_process(self, *_: object) -> Active:
        return self._active


def measure() -> Iterator[Figure]:
    """Take what is due, once among few and once among many."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    with installed() as installation:
        store = open_store(installation.database_url)
        clock = FrozenClock(NOW)
        policy = a_policy(follow_ups=(a_follow_up(),))
        active = publish(store, policy)
        follow_ups = _follow_ups(installation, store, active, clock)
        numbers = count(ALL, ALL)
        fill = partial(_fill, installation, active)

        def best() -> float:
            took = []
            for _ in range(ROUNDS):
                fill(next(numbers), DUE, overdue=True)
                took.append(_run(follow_ups))
            return min(took)

        few = best()
        fill(next(numbers), ALL - DUE, overdue=False)
        many = best()
        nothing = _run(follow_ups, due=0)
        store.close()
    yield Figure(
        f"{DUE:,} clocks due among {ALL:,}",
        many,
        "s",
        floor=few,
        target=TARGET_SECONDS,
        remark=f"floor: among {DUE:,}; when none is due {nothing * 1000:.1f} ms",
    )


def publish(store: Store, policy: Policy) -> Active:
    """Put a policy in force in the account `bench`, without a document."""
    with store.begin() as tx:
        connection = tx.connections.find("bench")
        assert connection is not None
        version = tx.processes.publish(
            connection.id,
            policy.process,
            document="",
            account={},
            note="",
            author="bench",
            now=NOW,
        )
    return Active(version, policy)


def _follow_ups(
    installation: Installation, store: Store, active: Active, clock: FrozenClock
) -> FollowUps:
    crm: Any = InstantCrm(a_record())
    policies: Any = OnePolicy(active)
    return FollowUps(
        store,
        crm_for=lambda _connection: crm,
        policies=policies,
        people=People(store, clock),
        clock=clock,
        metrics=Metrics(open_redis(installation.env["REDIS_URL"])),
    )


def _fill(
    installation: Installation, active: Active, first: int, many: int, *, overdue: bool
) -> None:
    """Make so many clocks, on a record each."""
    url = installation.database_url.replace("+psycopg", "", 1)
    started_at = NOW - timedelta(hours=25 if overdue else 1)
    with psycopg.connect(url, autocommit=True) as database:
        # Every row is right by its making: no need to look up each one's parents.
        database.execute("SET session_replication_role = replica")
        database.execute(
            _FILL,
            {
                "connection": active.version.connection_id,
                "process": active.version.process_id,
                "follow_up": active.policy.follow_ups[0].id,
                "baseline": psycopg.types.json.Json(record_to_json(a_record())),
                "first": first,
                "last": first + many - 1,
                "started": started_at,
                "due": started_at + timedelta(hours=24),
            },
        )
        database.execute("ANALYZE")


def _run(follow_ups: FollowUps, *, due: int = DUE) -> float:
    """Return the seconds that a round takes; raises ValueError if it had other work."""
    begun_at = time.perf_counter()
    report = follow_ups.run()
    seconds = time.perf_counter() - begun_at
    if report.due != due:
        raise ValueError(f"{report.due} clocks were due instead of {due}.")
    return seconds
