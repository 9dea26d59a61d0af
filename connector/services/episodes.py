"""An episode: one record, what was judged about it, and what is to be done.

It is whole in the database before anything is done, so that a worker which finds it
half done, after a crash or a lost answer, can finish it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from adapters.ports import Outcome, OutcomeKind, Passage
from connector.clock import new_id
from connector.services.policies import Active
from connector.store.interventions import (
    WRITES,
    EndedWrite,
    InterventionKind,
    InterventionState,
    NewIntervention,
    PlannedIntervention,
)
from connector.store.judgements import StoredJudgement
from connector.store.records import ClaimedRecord
from connector.store.reversals import Reversal, ReversalKind
from rules.interventions import Occasion, Plan
from rules.model import (
    Change,
    Judgement,
    Record,
    Verdict,
)
from rules.moves import value_of, with_values


@dataclass(frozen=True, slots=True)
class Look:
    """A record that was read afresh, and the difference that is to be judged.

    `way` are the stages that it went through and who led it there, if that was asked.
    """

    claimed: ClaimedRecord
    record: Record
    change: Change
    way: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A look that a policy spoke about.

    `withheld` is what is not done of what was planned: in a pause, or in a storm.
    `permit_id` allowed it; `reversal` is what somebody asked for.
    """

    look: Look
    active: Active
    judgement: Judgement
    plan: Plan
    withheld: Plan | None = None
    storm_id: int | None = None
    permit_id: int | None = None
    reversal: Reversal | None = None

    @property
    def is_observed(self) -> bool:
        """Whether nothing is done about it, whatever power the rules have."""
        return self.withheld is not None or self.permit_id is not None

    @property
    def is_undo(self) -> bool:
        """Whether it takes back what we did, which may be done even in a pause."""
        return self.reversal is not None and self.reversal.kind is ReversalKind.UNDO


@dataclass(frozen=True, slots=True)
class Episode:
    """What is to be done about one record: at most one write, one note, one task.

    `earlier` is how the write ended, if that was in an earlier round.
    """

    claimed: ClaimedRecord
    record: Record
    active: Active
    change: Change
    verdicts: tuple[Verdict, ...]
    plan: Plan
    rows: Mapping[InterventionKind, PlannedIntervention]
    is_resumed: bool = False
    earlier: Outcome | None = None

    @property
    def judgement(self) -> Judgement:
        """The judgement it rests on."""
        return Judgement(
            change=self.change, verdicts=self.verdicts, return_to=self.plan.return_to
        )

    @property
    def write(self) -> PlannedIntervention | None:
        """The planned write, if the record itself is to be changed."""
        return next((row for kind, row in self.rows.items() if kind in WRITES), None)

    @property
    def is_ours(self) -> bool:
        """Whether the change is one of ours: the record stands before it."""
        return self.plan.occasion is not Occasion.CHANGE

    @property
    def is_begun(self) -> bool:
        """Whether the record itself has been changed, so that the rest is owed."""
        if self.write is None:
            return False
        return self.earlier is not None or self.is_written

    @property
    def is_written(self) -> bool:
        """Whether the record already stands as the write would leave it."""
        return all(
            value_of(self.record, name) == value
            for name, value in self.plan.put_back.items()
        )

    @property
    def is_writable(self) -> bool:
        """Whether the record still stands as it was judged."""
        return is_same_state(self.record, self.change.after) or (
            self.is_ours
            and self.change.before is not None
            and is_same_state(self.record, self.change.before)
        )

    @property
    def written(self) -> Record:
        """The record as the write leaves it."""
        return with_values(self.record, self.plan.put_back)


def to_plan(
    judged: Judged, judgement_id: int, connection_id: int
) -> list[NewIntervention]:
    """Return the rows that stand for everything this judgement asks to be done."""
    return [
        NewIntervention(
            key=new_id(),
            connection_id=connection_id,
            record_id=judged.look.claimed.id,
            kind=kind,
            process_id=judged.active.version.process_id,
            judgement_id=judgement_id,
            is_ordered=judged.reversal is not None,
        )
        for kind in _kinds(judged.plan)
    ]


def to_task(episode: Episode) -> NewIntervention:
    """Return the row of a task that the episode's plan did not ask for."""
    return NewIntervention(
        key=new_id(),
        connection_id=episode.active.version.connection_id,
        record_id=episode.claimed.id,
        kind=InterventionKind.TASK,
        process_id=episode.active.version.process_id,
        judgement_id=next(iter(episode.rows.values())).judgement_id,
    )


def _kinds(plan: Plan) -> list[InterventionKind]:
    match plan.occasion:
        case Occasion.HOLD_MET | Occasion.AUTO_MOVE:
            return [InterventionKind.SET_STAGE, InterventionKind.NOTE]
        case Occasion.UNDO:
            return [InterventionKind.UNDO, InterventionKind.NOTE]
        case Occasion.HOLD_EXPIRED | Occasion.HOLD_VOID:
            return [InterventionKind.NOTE]
        case Occasion.CHANGE:
            return _kinds_after_change(plan)
        case _:
            assert_never(plan.occasion)


def _kinds_after_change(plan: Plan) -> list[InterventionKind]:
    kinds: list[InterventionKind] = []
    if plan.return_to is not None:
        kinds.append(InterventionKind.RETURN)
    elif plan.put_back:
        kinds.append(InterventionKind.RESTORE)
    if plan.explain:
        kinds.append(InterventionKind.NOTE)
    if plan.ask:
        kinds.append(InterventionKind.TASK)
    return kinds


def to_episode(judged: Judged, rows: Sequence[PlannedIntervention]) -> Episode:
    """Return the episode of a judgement that has just been planned."""
    return Episode(
        claimed=judged.look.claimed,
        record=judged.look.record,
        active=judged.active,
        change=judged.judgement.change,
        verdicts=judged.judgement.verdicts,
        plan=judged.plan,
        rows={row.kind: row for row in rows},
    )


def resume(
    look: Look,
    active: Active,
    stored: StoredJudgement,
    rows: Sequence[PlannedIntervention],
    written: EndedWrite | None,
) -> Episode:
    """Return an episode that was planned earlier and has no end yet.

    `written` is its write, if that one has ended: only the rest is to be done.
    """
    earlier = None
    if written is not None:
        is_refused = written.state is InterventionState.REFUSED
        kind = OutcomeKind.REFUSED if is_refused else OutcomeKind.DONE
        earlier = Outcome(kind, reason=written.error)
        rows = [written.row, *rows]
    return Episode(
        claimed=look.claimed,
        record=look.record,
        active=active,
        change=stored.change,
        verdicts=stored.verdicts,
        plan=stored.plan,
        rows={row.kind: row for row in rows},
        is_resumed=True,
        earlier=earlier,
    )


def is_same_state(one: Record, other: Record) -> bool:
    """Return whether two readings of a record show no difference to be judged.

    A field that only one of them was asked for is no difference.
    """
    return (
        one.pipeline == other.pipeline
        and one.stage == other.stage
        and one.owner == other.owner
        and all(
            one.fields[name] == other.fields[name]
            for name in one.fields.keys() & other.fields.keys()
        )
    )
