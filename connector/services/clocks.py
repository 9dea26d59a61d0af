"""Starting follow-up clocks: at a change, and over all records of a new policy."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from connector.services.policies import Active
from connector.store import Store
from connector.store.clocks import NewClock
from rules.model import NO_EVIDENCE, Change, Kind, Record
from rules.starts import Start, idle_follow_ups, idle_start, starts

AT_A_TIME = 1000
"""Records whose idle clocks are started in one transaction."""


def new_clocks(
    active: Active,
    record_id: int,
    change: Change,
    accepted: Record,
    *,
    entered_at: datetime | None,
    now: datetime,
) -> Iterator[NewClock]:
    """Yield the clocks of one policy that a change of one record starts.

    `accepted` is the record as it was left, `entered_at` since when a person put it
    into its stage. Idle clocks start with the first look and with every move.
    """
    before = change.before
    for start in starts(active.policy, change, accepted, now):
        yield to_new_clock(active, record_id, start)
    if before is None or before.stage != accepted.stage:
        yield from idle_clocks(active, record_id, accepted, entered_at, now)


def idle_clocks(
    active: Active,
    record_id: int,
    record: Record,
    entered_at: datetime | None,
    now: datetime,
) -> Iterator[NewClock]:
    """Yield the clocks that see whether a record lies idle.

    Contact is not asked for here but when a clock falls due: most records have had
    some by then, and the clock then just moves.
    """
    for follow_up in idle_follow_ups(active.policy, record.ref.kind):
        start = idle_start(
            active.policy,
            follow_up,
            record,
            evidence=NO_EVIDENCE,
            entered_at=entered_at,
            now=now,
        )
        if start is not None:
            yield to_new_clock(active, record_id, start)


def start_idle_clocks(
    store: Store, actives: Sequence[Active], now: datetime
) -> Iterator[int]:
    """Start the idle clocks of all known records; yield how many were looked at.

    As after an import, or when a policy is published. Those that run stay as they are.
    """
    for active in actives:
        kinds = {one.kind for one in active.policy.follow_ups}
        for kind in sorted(kinds):
            if idle_follow_ups(active.policy, kind):
                yield from _start_of_kind(store, active, kind, now)


def _start_of_kind(
    store: Store, active: Active, kind: Kind, now: datetime
) -> Iterator[int]:
    connection_id = active.version.connection_id
    after = 0
    while True:
        with store.begin() as tx:
            found = tx.baselines.live(connection_id, kind, after=after, limit=AT_A_TIME)
            tx.clocks.start(
                connection_id,
                [
                    clock
                    for record_id, record, entered_at in found
                    for clock in idle_clocks(active, record_id, record, entered_at, now)
                ],
            )
        if not found:
            return
        after = found[-1][0]
        yield len(found)


def to_new_clock(active: Active, record_id: int, start: Start) -> NewClock:
    """Return the row of a clock to start."""
    return NewClock(
        record_id=record_id,
        process_id=active.version.process_id,
        follow_up=start.follow_up.id,
        started_at=start.started_at,
        task_due_at=start.task_due_at,
        due_at=start.next_at,
    )
