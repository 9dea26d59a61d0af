"""How an episode went: what of it ended, and the state that it leaves behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from adapters.ports import Note, Outcome, OutcomeKind, Task
from connector.services.episodes import Episode
from connector.services.outside import ENDINGS
from connector.store.interventions import (
    Ended,
    InterventionKind,
    InterventionState,
    PlannedIntervention,
)
from rules.model import STAGE, Record
from rules.moves import with_values


@dataclass(frozen=True, slots=True)
class Acted:
    """How an episode went. `accepted` is the state it leaves; None: not over yet.

    `is_stale`: the record moved on before we wrote, and must be judged again.
    `retry_after`: the account took nothing, and wants to be left alone for so long;
    `is_used_up`: for hours.
    """

    episode: Episode
    ended: tuple[Ended, ...]
    accepted: Record | None
    outcome: Outcome | None = None
    is_stale: bool = False
    is_gone: bool = False
    problems: tuple[str, ...] = ()
    retry_after: timedelta | None = None
    is_used_up: bool = False

    @property
    def is_written(self) -> bool:
        """Whether the record's own fields were set, as was planned."""
        return self.outcome is not None and self.outcome.kind is OutcomeKind.DONE

    @property
    def is_refused(self) -> bool:
        """Whether the CRM refuses what was planned for the record's own fields."""
        return self.outcome is not None and self.outcome.kind is OutcomeKind.REFUSED


def to_acted(
    episode: Episode,
    write: Outcome | None,
    created: Mapping[InterventionKind, tuple[Outcome, Note | Task] | None],
) -> Acted:
    """Return how an episode went, from its write and from what was made for it."""
    if write is not None and write.kind in {OutcomeKind.CONFLICT, OutcomeKind.GONE}:
        return _overtaken(episode, write)
    ended: list[Ended] = []
    if write is not None and episode.earlier is None:
        ended_write = _end_write(episode, write)
        if ended_write is None:
            return Acted(
                episode,
                ended=(),
                accepted=None,
                outcome=write,
                problems=(write.reason,),
                retry_after=write.retry_after,
                is_used_up=write.is_used_up,
            )
        ended.append(ended_write)
    problems: list[str] = []
    failed: list[Outcome] = []
    is_over = True
    for kind, result in created.items():
        row = episode.rows.get(kind)
        if row is None:
            continue
        ended_row = None if result is None else _end_made(row, *result)
        if ended_row is None:
            is_over = False
            if result is not None:
                problems.append(result[0].reason)
                failed.append(result[0])
            continue
        ended.append(ended_row)
        if ended_row.state is InterventionState.REFUSED:
            problems.append(ended_row.error)
    return Acted(
        episode,
        ended=tuple(ended),
        accepted=_accepted(episode, write) if is_over else None,
        outcome=write,
        problems=tuple(problems),
        retry_after=max(
            (one.retry_after for one in failed if one.retry_after), default=None
        ),
        is_used_up=any(one.is_used_up for one in failed),
    )


def _overtaken(episode: Episode, write: Outcome) -> Acted:
    """Return how an episode went whose record moved on, or went, before we wrote."""
    return Acted(
        episode,
        ended=tuple(
            Ended(row.id, InterventionState.SUPERSEDED, error=write.reason)
            for row in episode.rows.values()
        ),
        accepted=None,
        outcome=write,
        is_stale=write.kind is OutcomeKind.CONFLICT,
        is_gone=write.kind is OutcomeKind.GONE,
    )


def _end_write(episode: Episode, write: Outcome) -> Ended | None:
    """Return how the write of an episode ended; None if it is to be tried again."""
    assert episode.write is not None
    state = ENDINGS.get(write.kind)
    if state is None:
        return None
    body = _written_body(episode)
    return Ended(episode.write.id, state, error=write.reason, body=body)


def _end_made(
    row: PlannedIntervention, outcome: Outcome, made: Note | Task
) -> Ended | None:
    """Return how a note or a task ended; None if it is to be tried again."""
    state = ENDINGS.get(outcome.kind)
    if state is None:
        return None
    return Ended(
        row.id,
        state,
        external_id=outcome.external_id,
        error=outcome.reason,
        body=_made_body(made),
    )


def _accepted(episode: Episode, write: Outcome | None) -> Record:
    """Return the state that this episode leaves behind, whatever happened since."""
    stood = episode.change.after
    if episode.is_ours and episode.change.before is not None:
        stood = episode.change.before
    if write is not None and write.kind is OutcomeKind.DONE:
        return with_values(stood, episode.plan.put_back)
    return stood


def _written_body(episode: Episode) -> dict[str, object]:
    plan, stood = episode.plan, episode.change.after
    if episode.is_ours:
        stood = episode.change.before or stood
    return {
        "from": stood.stage,
        "to": plan.put_back.get(STAGE),
        "values": {name: str(value) for name, value in sorted(plan.put_back.items())},
        "actor": episode.change.actor.name,
        "rules": [verdict.rule for verdict in plan.explain],
    }


def _made_body(made: Note | Task) -> dict[str, object]:
    if isinstance(made, Note):
        return {"html": made.html}
    return {
        "subject": made.subject,
        "html": made.html,
        "due_at": made.due_at.isoformat(),
    }
