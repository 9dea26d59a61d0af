"""Acting: what was planned and committed is done to the CRM, in batches.

Every step may have happened already, in a worker that died or in a request whose answer
was lost: a write is recognised by the state of the record, a note and a task by the key
that they carry.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from adapters.ports import Crm, FieldWrite, Note, Outcome, OutcomeKind, Task
from connector.clock import Clock
from connector.services.acted import Acted, to_acted
from connector.services.episodes import Episode
from connector.services.outside import Made, ask, create
from connector.store.interventions import (
    InterventionKind,
    PlannedIntervention,
)
from rules.interventions import Occasion
from rules.model import OWNER, FieldMap, Kind, OwnerId, RecordRef
from rules.policy import Policy
from rules.wording import Ending, note_html, task_text

TASK_DUE = timedelta(days=1)
"""A person has a day to bring what is missing; the task then stands as overdue."""

PlanTasks = Callable[[Sequence[Episode]], Mapping[int, PlannedIntervention]]
"""Stores a task for each of these episodes, by the row of its record."""

LocaleOf = Callable[[OwnerId | None, str], str]
"""The language of an owner, given the policy's own as the last resort."""


class Act:
    """Carries out episodes of one connection."""

    def __init__(
        self,
        crm: Crm,
        fields: Mapping[Kind, FieldMap],
        *,
        clock: Clock,
        locale_of: LocaleOf,
        owners: Mapping[str, str],
    ) -> None:
        """Write through `crm`, to people in the language that `locale_of` tells.

        `owners` is what the owners of records are called.
        """
        self._crm = crm
        self._fields = fields
        self._clock = clock
        self._locale_of = locale_of
        self._owners = owners

    def carry_out(
        self,
        episodes: Sequence[Episode],
        *,
        still_ours: Callable[[], frozenset[int]],
        plan_tasks: PlanTasks,
    ) -> list[Acted]:
        """Do what these episodes ask, and say how each went.

        `still_ours` holds the records longer and returns the rows of those that no
        other worker has taken meanwhile; it is asked before each kind of effect.
        `plan_tasks` is for what a person has to do because the CRM refused a write.
        """
        writes = self._write(_held(episodes, still_ours()))
        episodes = _demoted(episodes, writes, plan_tasks)
        going_on = [
            episode for episode in episodes if _goes_on(writes.get(episode.claimed.id))
        ]
        ours = _held(going_on, still_ours())
        notes = self._create(
            ours,
            InterventionKind.NOTE,
            make=lambda episode, row: self._note(episode, row, writes),
            find=self._crm.find_notes,
            send=self._crm.write_notes,
        )
        tasks = self._create(
            ours,
            InterventionKind.TASK,
            make=lambda episode, row: self._task(episode, row, writes),
            find=self._crm.find_tasks,
            send=self._crm.create_tasks,
        )
        held = {episode.claimed.id for episode in ours}
        return [
            to_acted(
                episode,
                writes.get(episode.claimed.id),
                {
                    InterventionKind.NOTE: notes.get(episode.claimed.id),
                    InterventionKind.TASK: tasks.get(episode.claimed.id),
                },
            )
            for episode in episodes
            if episode.claimed.id in held
            or not _goes_on(writes.get(episode.claimed.id))
        ]

    def _write(self, episodes: Sequence[Episode]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        writes: dict[Kind, dict[str, tuple[Episode, FieldWrite]]] = {}
        for episode in episodes:
            row = episode.write
            if row is None:
                continue
            if episode.earlier is not None:
                outcomes[episode.claimed.id] = episode.earlier
            elif episode.is_resumed and episode.is_written:
                outcomes[episode.claimed.id] = Outcome(OutcomeKind.DONE)
            elif not episode.is_writable:
                outcomes[episode.claimed.id] = Outcome(OutcomeKind.CONFLICT)
            else:
                write = FieldWrite(row.key, episode.record, episode.plan.put_back)
                of_kind = writes.setdefault(episode.record.ref.kind, {})
                of_kind[row.key] = (episode, write)
        for kind, by_key in writes.items():
            fields = self._fields.get(kind, {})
            ended = ask(
                partial(self._crm.write, fields=fields),
                {key: write for key, (_, write) in by_key.items()},
            )
            for key, (episode, _) in by_key.items():
                outcomes[episode.claimed.id] = _own(episode, ended[key])
        return outcomes

    def _create(
        self,
        episodes: Sequence[Episode],
        kind: InterventionKind,
        *,
        make: Callable[[Episode, PlannedIntervention], Made],
        find: Callable[[Mapping[str, RecordRef]], Mapping[str, str]],
        send: Callable[[Sequence[Made]], Mapping[str, Outcome]],
    ) -> dict[int, tuple[Outcome, Made]]:
        rows = {
            row.key: (episode, row)
            for episode in episodes
            if (row := episode.rows.get(kind)) is not None
        }
        made = {key: make(episode, row) for key, (episode, row) in rows.items()}
        outcomes = create(
            made,
            doubtful={
                key: episode.record.ref
                for key, (episode, _) in rows.items()
                if episode.is_resumed
            },
            find=find,
            send=send,
        )
        return {
            rows[key][0].claimed.id: (outcome, made[key])
            for key, outcome in outcomes.items()
        }

    def _note(
        self,
        episode: Episode,
        row: PlannedIntervention,
        writes: Mapping[int, Outcome],
    ) -> Note:
        owner = episode.record.owner
        policy = self._with_owners(episode.active.policy)
        outcome = writes.get(episode.claimed.id)
        return Note(
            key=row.key,
            on=episode.record.ref,
            at=self._clock.now(),
            html=note_html(
                policy,
                episode.judgement,
                episode.plan,
                _ending(episode, outcome),
                locale=self._locale_of(owner, policy.locale),
                link=episode.record.url,
                refusal=outcome.reason if outcome is not None else "",
            ),
            owner=owner,
        )

    def _task(
        self,
        episode: Episode,
        row: PlannedIntervention,
        writes: Mapping[int, Outcome],
    ) -> Task:
        owner = episode.record.owner
        policy = self._with_owners(episode.active.policy)
        text = task_text(
            policy,
            episode.judgement,
            episode.plan,
            _ending(episode, writes.get(episode.claimed.id)),
            locale=self._locale_of(owner, policy.locale),
        )
        return Task(
            key=row.key,
            on=episode.record.ref,
            subject=text.subject,
            html=text.html,
            due_at=self._clock.now() + TASK_DUE,
            owner=owner,
        )

    def _with_owners(self, policy: Policy) -> Policy:
        """Return the policy with owners called as people know them."""
        return replace(policy, options={**policy.options, OWNER: self._owners})


def _held(episodes: Sequence[Episode], ours: frozenset[int]) -> list[Episode]:
    return [episode for episode in episodes if episode.claimed.id in ours]


def _own(episode: Episode, outcome: Outcome) -> Outcome:
    """Return how a write ended, not mistaking our own hand for somebody else's.

    What a record has changed by since it was read may be our write of an earlier round,
    which the CRM had kept waiting: only the record itself can tell, at the next look.
    """
    if episode.is_resumed and outcome.kind is OutcomeKind.CONFLICT:
        return replace(outcome, kind=OutcomeKind.UNKNOWN)
    return outcome


def _demoted(
    episodes: Sequence[Episode], writes: Mapping[int, Outcome], plan_tasks: PlanTasks
) -> list[Episode]:
    """Return the episodes, with a task for somebody where the CRM refuses our write.

    Whose write was refused in an earlier round was given its task then.
    """
    asking = [
        episode
        for episode in episodes
        if (outcome := writes.get(episode.claimed.id)) is not None
        and outcome.kind is OutcomeKind.REFUSED
        and episode.plan.occasion is Occasion.CHANGE
        and episode.earlier is None
        and InterventionKind.TASK not in episode.rows
    ]
    planned = plan_tasks(asking) if asking else {}
    return [
        replace(episode, rows={**episode.rows, InterventionKind.TASK: row})
        if (row := planned.get(episode.claimed.id)) is not None
        else episode
        for episode in episodes
    ]


def _goes_on(outcome: Outcome | None) -> bool:
    """Return whether a person is to be told, after the write ended like this."""
    return outcome is None or outcome.kind in {OutcomeKind.DONE, OutcomeKind.REFUSED}


_ENDINGS = {
    Occasion.HOLD_MET: Ending.COMPLETED,
    Occasion.HOLD_EXPIRED: Ending.EXPIRED,
    Occasion.HOLD_VOID: Ending.VOID,
    Occasion.AUTO_MOVE: Ending.MOVED_ON,
    Occasion.UNDO: Ending.UNDONE,
}


def _ending(episode: Episode, outcome: Outcome | None) -> Ending:
    if outcome is not None and outcome.kind is OutcomeKind.REFUSED:
        return Ending.REFUSED
    if episode.is_ours:
        return _ENDINGS[episode.plan.occasion]
    if outcome is None:
        return Ending.FLAGGED
    if episode.plan.hold is not None:
        return Ending.HELD
    if episode.plan.return_to is not None:
        return Ending.RETURNED
    return Ending.RESTORED
