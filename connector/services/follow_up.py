"""Follow-up: what is due on the clocks is asked of people, step by step.

Tasks are made in the CRM like everything else there: planned and committed first, and
looked for before they are made again. Messages are only planned here, in the same
commit as their clock's advance, and sent by `services.notify`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import OutsideError
from adapters.ports import Outcome, OutcomeKind
from connector.clock import Clock, new_id
from connector.errors import KeyMissing
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.services.follow_up_tasks import FollowUpTasks, MadeTask, Planned
from connector.services.outside import (
    Failure,
    note_failure,
    note_recovery,
    tell_exhausted,
    wait_after,
)
from connector.services.people import People
from connector.services.policies import CrmFor, Policies
from connector.services.steps import Steps, Watched, decide
from connector.services.watching import watch
from connector.store import Store, Transaction
from connector.store.clocks import DueClock
from connector.store.connections import Connection
from connector.store.interventions import (
    Ended,
    InterventionState,
)
from rules.ladder import NextStep

log = get_logger(__name__)

AT_A_TIME = 500
"""Clocks in one round: a whole number of the CRM's batches of 100."""


@dataclass(frozen=True, slots=True)
class FollowUpReport:
    """What came of a call: clocks that were due, and tasks that were made for them."""

    due: int = 0
    tasks: int = 0

    def __add__(self, other: "FollowUpReport") -> "FollowUpReport":
        """Return both together."""
        return FollowUpReport(self.due + other.due, self.tasks + other.tasks)


class FollowUps:
    """Takes what is due on the clocks. Several may work side by side."""

    def __init__(
        self,
        store: Store,
        *,
        crm_for: CrmFor,
        policies: Policies,
        people: People,
        clock: Clock,
        metrics: Metrics,
        lease: timedelta = timedelta(seconds=60),
    ) -> None:
        """Hold each clock for at most `lease` without a sign of life."""
        self._store = store
        self._crm_for = crm_for
        self._policies = policies
        self._people = people
        self._clock = clock
        self._metrics = metrics
        self._lease = lease
        self._tasks = FollowUpTasks(store, people=people, clock=clock)

    def run(self) -> FollowUpReport:
        """Take every clock that is due; cost grows with those and with no others."""
        total = FollowUpReport()
        while True:
            lease = new_id()
            now = self._clock.now()
            with self._store.begin() as tx:
                due = tx.clocks.claim_due(
                    lease=lease, now=now, until=now + self._lease, limit=AT_A_TIME
                )
                connections = {
                    one: tx.connections.get(one)
                    for one in sorted({clock.connection_id for clock in due})
                }
            if not due:
                return total
            for connection_id, connection in connections.items():
                of_it = [one for one in due if one.connection_id == connection_id]
                total += self._run_on(connection, of_it, lease)

    def _run_on(
        self, connection: Connection, due: Sequence[DueClock], lease: str
    ) -> FollowUpReport:
        with self._store.begin() as tx:
            actives = {
                one.version.process_id: one
                for one in self._policies.active(tx, connection.id)
            }
            planned = tx.interventions.planned_by_clocks([one.id for one in due])
        try:
            crm = self._crm_for(connection)
            watched = watch(crm, actives, due, self._clock.now())
        except (OutsideError, KeyMissing) as error:
            self._postpone(connection, due, lease, error)
            return FollowUpReport(due=len(due))
        now = self._clock.now()
        steps = [(one, decide(one, now)) for one in watched]
        made = self._tasks.make(crm, steps, planned, ours=self._hold(watched, lease))
        made |= self._tasks.find_needless(crm, steps, planned, made=made.keys())
        self._finish(connection, due, steps, made, planned, lease=lease)
        log.info(
            "clocks.taken", connection=connection.name, due=len(due), tasks=len(made)
        )
        return FollowUpReport(len(due), len(made))

    def _hold(self, watched: Sequence[Watched], lease: str) -> frozenset[int]:
        """Hold the clocks longer; return those that no other worker has taken."""
        with self._store.begin() as tx:
            return tx.clocks.extend(
                [one.clock.id for one in watched],
                lease=lease,
                until=self._clock.now() + self._lease,
            )

    def _finish(
        self,
        connection: Connection,
        due: Sequence[DueClock],
        steps: Sequence[tuple[Watched, NextStep]],
        made: Mapping[int, MadeTask],
        planned: Planned,
        *,
        lease: str,
    ) -> None:
        now = self._clock.now()
        known = {one.clock.id for one, _ in steps}
        round_ = Steps(self._people)
        with self._store.begin() as tx:
            ours = tx.clocks.extend(
                [one.id for one in due], lease=lease, until=now + self._lease
            )
            ended = [one.ended for one in made.values() if one.ended is not None]
            # Of records that are gone, and of policies that ask for them no more.
            superseded = [
                Ended(row.id, InterventionState.SUPERSEDED)
                for clock_id, rows in planned.items()
                if clock_id in ours and clock_id not in made
                for row in rows
            ]
            tx.interventions.end([*ended, *superseded], now=now)
            for clock in due:
                if clock.id not in known:
                    round_.drop(tx, clock, lease=lease, now=now)
            for one, step in steps:
                task = made.get(one.clock.id)
                if task is not None and task.id is None:
                    # Without its task the clock does not go on: what people are told
                    # speaks of it.
                    self._wait(tx, connection, one, task.outcome, lease=lease)
                    continue
                if task is not None and task.outcome.kind is OutcomeKind.REFUSED:
                    _tell_refused(tx, one, task.outcome, now)
                task_id = None if task is None else task.id
                round_.store(tx, one, step, lease=lease, task_id=task_id, now=now)
            if _has_helped(made.values()):
                note_recovery(tx, connection.id, now)
            round_.tell(tx, now=now)
        for intervention in ended:
            self._metrics.count(Counter.INTERVENTIONS, state=intervention.state.value)

    def _wait(
        self,
        tx: Transaction,
        connection: Connection,
        watched: Watched,
        outcome: Outcome,
        *,
        lease: str,
    ) -> None:
        """Give a clock back whose task could not be made just now."""
        now = self._clock.now()
        wait = wait_after(watched.clock.attempts)
        if outcome.is_used_up:
            tell_exhausted(tx, connection, outcome.reason, now)
        wait = max(wait, outcome.retry_after or wait)
        tx.clocks.give_back([watched.clock.id], lease=lease, due_at=now + wait)

    def _postpone(
        self,
        connection: Connection,
        due: Sequence[DueClock],
        lease: str,
        error: Failure,
    ) -> None:
        """Give everything back for later: what fails outside is nobody's neglect."""
        now = self._clock.now()
        attempts = min(one.attempts for one in due)
        with self._store.begin() as tx:
            tx.clocks.give_back(
                [one.id for one in due],
                lease=lease,
                due_at=now + wait_after(attempts, error),
            )
            note_failure(tx, self._metrics, connection, error, now)


def _has_helped(made: Collection[MadeTask]) -> bool:
    """Return whether the account took tasks, and all that it was given."""
    is_all = all(one.outcome.retry_after is None for one in made)
    return is_all and any(one.outcome.kind is OutcomeKind.DONE for one in made)


def _tell_refused(
    tx: Transaction, watched: Watched, outcome: Outcome, now: datetime
) -> None:
    connection_id = watched.clock.connection_id
    tx.notices.tell(
        f"task/{connection_id}/{watched.policy.process}/{watched.follow_up.name}",
        code="task_refused",
        message=(
            f"The CRM refuses the task of the follow-up {watched.follow_up.name},"
            f" lately on {watched.clock.ref.kind} {watched.clock.ref.id}:"
            f" {outcome.reason}"
            " People are reminded all the same. Check the rights of the connection"
            f" with `slagboom probe {watched.active.version.connection}`."
        ),
        connection_id=connection_id,
        now=now,
    )
