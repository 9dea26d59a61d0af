"""The tasks of follow-ups: planned and committed, and only then made in the CRM.

One that was begun is looked for before it is made again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from adapters.ports import Crm, Outcome, OutcomeKind, Task
from connector.clock import Clock, new_id
from connector.services.outside import ENDINGS, create
from connector.services.people import People
from connector.services.steps import Watched
from connector.store import Store
from connector.store.interventions import (
    Ended,
    InterventionKind,
    InterventionState,
    NewIntervention,
    PlannedIntervention,
)
from rules.ladder import NextStep, Take, Wait
from rules.wording import follow_up_task

NO_TASK = ""
"""The id of a task that the CRM refuses: it is not asked for again."""

Planned = Mapping[int, Sequence[PlannedIntervention]]
"""What was begun in an earlier round, by clock."""

_NEEDLESS = Outcome(OutcomeKind.GONE, reason="It was not needed any more.")


@dataclass(frozen=True, slots=True)
class MadeTask:
    """How the making of a clock's task went."""

    row: PlannedIntervention
    task: Task
    outcome: Outcome

    @property
    def id(self) -> str | None:
        """The id that the clock keeps; None while it is not known."""
        if self.ended is None:
            return None
        is_there = self.ended.state is InterventionState.DONE
        return self.outcome.external_id if is_there else NO_TASK

    @property
    def ended(self) -> Ended | None:
        """How its intervention ended; None if it is to be tried again."""
        state = ENDINGS.get(self.outcome.kind)
        if state is None:
            return None
        return Ended(
            self.row.id,
            state,
            external_id=self.outcome.external_id,
            error=self.outcome.reason,
            body={
                "subject": self.task.subject,
                "html": self.task.html,
                "due_at": self.task.due_at.isoformat(),
            },
        )


class FollowUpTasks:
    """Makes the tasks of one round of clocks together."""

    def __init__(self, store: Store, *, people: People, clock: Clock) -> None:
        """Write each task in the language of the record's owner."""
        self._store = store
        self._people = people
        self._clock = clock

    def make(
        self,
        crm: Crm,
        steps: Sequence[tuple[Watched, NextStep]],
        planned: Planned,
        *,
        ours: Collection[int],
    ) -> dict[int, MadeTask]:
        """Make the tasks that are needed and not there; by clock, how that went.

        A clock that is not among `ours` is left to the worker that has taken it.
        """
        needed = [
            one
            for one, step in steps
            if isinstance(step, Wait | Take)
            and step.needs_task
            and one.clock.id in ours
        ]
        begun = {
            one.clock.id: planned[one.clock.id][0]
            for one in needed
            if planned.get(one.clock.id)
        }
        fresh = self._plan([one for one in needed if one.clock.id not in begun])
        rows = {**begun, **fresh}
        tasks = {
            one.clock.id: self._task(one, rows[one.clock.id].key) for one in needed
        }
        outcomes = create(
            {task.key: task for task in tasks.values()},
            doubtful={tasks[one].key: tasks[one].on for one in begun},
            find=crm.find_tasks,
            send=crm.create_tasks,
        )
        return _made(rows, tasks, outcomes)

    def find_needless(
        self,
        crm: Crm,
        steps: Sequence[tuple[Watched, NextStep]],
        planned: Planned,
        *,
        made: Collection[int],
    ) -> dict[int, MadeTask]:
        """Find out what became of tasks that were begun and are needed no more.

        Their clock was answered, by a call perhaps, before anybody knew of the task.
        Those of the clocks in `made` are needed.
        """
        begun = {
            one.clock.id: one
            for one, _ in steps
            if planned.get(one.clock.id)
            and one.clock.id not in made
            and one.record is not None
        }
        rows = {clock_id: planned[clock_id][0] for clock_id in begun}
        tasks = {
            clock_id: self._task(one, rows[clock_id].key)
            for clock_id, one in begun.items()
        }
        outcomes = create(
            {task.key: task for task in tasks.values()},
            doubtful={task.key: task.on for task in tasks.values()},
            find=crm.find_tasks,
            send=lambda missing: {task.key: _NEEDLESS for task in missing},
        )
        return _made(rows, tasks, outcomes)

    def _plan(self, needed: Sequence[Watched]) -> dict[int, PlannedIntervention]:
        """Commit to these tasks, and return their rows by clock."""
        with self._store.begin() as tx:
            rows = tx.interventions.plan(
                [
                    NewIntervention(
                        key=new_id(),
                        connection_id=one.clock.connection_id,
                        record_id=one.clock.record_id,
                        kind=InterventionKind.TASK,
                        process_id=one.clock.process_id,
                        clock_id=one.clock.id,
                    )
                    for one in needed
                ],
                now=self._clock.now(),
            )
        return {one.clock.id: row for one, row in zip(needed, rows, strict=True)}

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


def _made(
    rows: Mapping[int, PlannedIntervention],
    tasks: Mapping[int, Task],
    outcomes: Mapping[str, Outcome],
) -> dict[int, MadeTask]:
    return {
        clock_id: MadeTask(rows[clock_id], task, outcomes[task.key])
        for clock_id, task in tasks.items()
    }
