"""Follow-up: what is due on the clocks is asked of people, step by step.

Tasks are made in the CRM like everything else there: planned and committed first, and
looked for before they are made again. Messages are only planned here, in the same
commit as their clock's advance, and sent by `services.notify`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import OutsideError
from adapters.ports import Crm, Outcome, OutcomeKind, Task
from connector.clock import Clock, new_id
from connector.errors import KeyMissing
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.services.outside import (
    ENDINGS,
    Failure,
    create,
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
    InterventionKind,
    InterventionState,
    NewIntervention,
    PlannedIntervention,
)
from rules.ladder import NextStep, Take, Wait
from rules.wording import follow_up_task

log = get_logger(__name__)

AT_A_TIME = 500
"""Clocks in one round: a whole number of the CRM's batches of 100."""

NO_TASK = ""
"""The id of a task that the CRM refuses: it is not asked for again."""

_NEEDLESS = Outcome(OutcomeKind.GONE, reason="It was not needed any more.")


@dataclass(frozen=True, slots=True)
class FollowUpReport:
    """What came of a call: clocks that were due, and tasks that were made for them."""

    due: int = 0
    tasks: int = 0

    def __add__(self, other: "FollowUpReport") -> "FollowUpReport":
        """Return both together."""
        return FollowUpReport(self.due + other.due, self.tasks + other.tasks)


@dataclass(frozen=True, slots=True)
class _Made:
    """How the making of a clock's task ended."""

    row: PlannedIntervention
    task: Task
    outcome: Outcome


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
        made = self._make_tasks(crm, connection, steps, planned, lease)
        made |= self._find_needless(crm, steps, made, planned)
        self._finish(due, steps, made, planned, lease=lease)
        log.info(
            "clocks.taken", connection=connection.name, due=len(due), tasks=len(made)
        )
        return FollowUpReport(len(due), len(made))

    def _make_tasks(
        self,
        crm: Crm,
        connection: Connection,
        steps: Sequence[tuple[Watched, NextStep]],
        planned: Mapping[int, Sequence[PlannedIntervention]],
        lease: str,
    ) -> dict[int, _Made]:
        """Make the tasks that are needed and not there; by clock, how that ended.

        A clock that another worker has taken meanwhile is left to that one.
        """
        needed = [
            one
            for one, step in steps
            if isinstance(step, Wait | Take) and step.needs_task
        ]
        now = self._clock.now()
        with self._store.begin() as tx:
            ours = tx.clocks.extend(
                [one.clock.id for one, _ in steps], lease=lease, until=now + self._lease
            )
        needed = [one for one in needed if one.clock.id in ours]
        begun = {
            one.clock.id: planned[one.clock.id][0]
            for one in needed
            if planned.get(one.clock.id)
        }
        fresh = [one for one in needed if one.clock.id not in begun]
        with self._store.begin() as tx:
            rows = tx.interventions.plan(
                [
                    NewIntervention(
                        key=new_id(),
                        connection_id=connection.id,
                        record_id=one.clock.record_id,
                        kind=InterventionKind.TASK,
                        process_id=one.clock.process_id,
                        clock_id=one.clock.id,
                    )
                    for one in fresh
                ],
                now=now,
            )
        fresh_rows = {one.clock.id: row for one, row in zip(fresh, rows, strict=True)}
        by_clock = {**begun, **fresh_rows}
        tasks = {
            one.clock.id: self._task(one, by_clock[one.clock.id].key) for one in needed
        }
        outcomes = create(
            {task.key: task for task in tasks.values()},
            doubtful={tasks[one].key: tasks[one].on for one in begun},
            find=crm.find_tasks,
            send=crm.create_tasks,
        )
        return {
            clock_id: _Made(by_clock[clock_id], task, outcomes[task.key])
            for clock_id, task in tasks.items()
        }

    def _find_needless(
        self,
        crm: Crm,
        steps: Sequence[tuple[Watched, NextStep]],
        made: Mapping[int, _Made],
        planned: Mapping[int, Sequence[PlannedIntervention]],
    ) -> dict[int, _Made]:
        """Find out what became of tasks that were begun and are needed no more.

        Their clock was answered, by a call perhaps, before anybody knew of the task.
        """
        begun = {
            one.clock.id: (planned[one.clock.id][0], one)
            for one, _ in steps
            if planned.get(one.clock.id)
            and one.clock.id not in made
            and one.record is not None
        }
        tasks = {
            clock_id: self._task(one, row.key) for clock_id, (row, one) in begun.items()
        }
        outcomes = create(
            {task.key: task for task in tasks.values()},
            doubtful={task.key: task.on for task in tasks.values()},
            find=crm.find_tasks,
            send=lambda missing: {task.key: _NEEDLESS for task in missing},
        )
        return {
            clock_id: _Made(begun[clock_id][0], task, outcomes[task.key])
            for clock_id, task in tasks.items()
        }

    def _task(self, watched: Watched, key: str) -> Task:
        record = watched.record
        assert record is not None
        locale = self._people.locale_of(
            watched.clock.connection_id, record.owner, watched.policy.locale
        )
        text = follow_up_task(
            watched.policy, watched.follow_up, record, locale, record.url
        )
        return Task(
            key=key,
            on=record.ref,
            subject=text.subject,
            html=text.html,
            due_at=watched.clock.task_due_at or self._clock.now(),
            owner=record.owner,
        )

    def _finish(
        self,
        due: Sequence[DueClock],
        steps: Sequence[tuple[Watched, NextStep]],
        made: Mapping[int, _Made],
        planned: Mapping[int, Sequence[PlannedIntervention]],
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
            # Of records that are gone, and of policies that ask for them no more.
            tx.interventions.end(
                [
                    Ended(row.id, InterventionState.SUPERSEDED)
                    for clock_id, rows in planned.items()
                    if clock_id in ours and clock_id not in made
                    for row in rows
                ],
                now=now,
            )
            for clock in due:
                if clock.id not in known:
                    round_.drop(tx, clock, lease=lease, now=now)
            for one, step in steps:
                ended = made.get(one.clock.id)
                task_id = None
                if ended is not None:
                    tx.interventions.end(_ended(ended), now=now)
                    task_id = _task_id(ended.outcome)
                    if task_id is None:
                        # Without its task the clock does not go on: what people are
                        # told speaks of it.
                        self._wait(tx, one, ended.outcome, lease=lease, now=now)
                        continue
                    if ended.outcome.kind is OutcomeKind.REFUSED:
                        _tell_refused(tx, one, ended.outcome, now)
                round_.store(tx, one, step, lease=lease, task_id=task_id, now=now)
            for connection_id in _helped(steps, made):
                note_recovery(tx, connection_id, now)
            round_.tell(tx, now=now)
        for ended in made.values():
            state = ENDINGS.get(ended.outcome.kind)
            if state is not None:
                self._metrics.count(Counter.INTERVENTIONS, state=state.value)

    def _wait(
        self,
        tx: Transaction,
        watched: Watched,
        outcome: Outcome,
        *,
        lease: str,
        now: datetime,
    ) -> None:
        """Give a clock back whose task could not be made just now."""
        wait = wait_after(watched.clock.attempts)
        if outcome.retry_after is not None:
            connection = tx.connections.get(watched.clock.connection_id)
            tell_exhausted(tx, connection, outcome.reason, now)
            wait = max(wait, outcome.retry_after)
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


def _helped(
    steps: Sequence[tuple[Watched, NextStep]], made: Mapping[int, _Made]
) -> set[int]:
    """Return the connections that took tasks, and all that they were given."""
    took: set[int] = set()
    waiting: set[int] = set()
    for one, _ in steps:
        ended = made.get(one.clock.id)
        if ended is None:
            continue
        if ended.outcome.retry_after is not None:
            waiting.add(one.clock.connection_id)
        elif ended.outcome.kind is OutcomeKind.DONE:
            took.add(one.clock.connection_id)
    return took - waiting


def _ended(made: _Made) -> list[Ended]:
    state = ENDINGS.get(made.outcome.kind)
    if state is None:
        return []
    task = made.task
    return [
        Ended(
            made.row.id,
            state,
            external_id=made.outcome.external_id,
            error=made.outcome.reason,
            body={
                "subject": task.subject,
                "html": task.html,
                "due_at": task.due_at.isoformat(),
            },
        )
    ]


def _task_id(outcome: Outcome) -> str | None:
    """Return the id that the clock keeps; None while it is not known."""
    state = ENDINGS.get(outcome.kind)
    if state is None:
        return None
    return outcome.external_id if state is InterventionState.DONE else NO_TASK


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
