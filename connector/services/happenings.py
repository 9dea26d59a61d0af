"""Judgements as things that happened: what a record did, and how it ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.store.feed import Done, JudgedEntry
from connector.store.interventions import (
    WRITES,
    InterventionKind,
    InterventionState,
)
from rules.interventions import Occasion, Plan
from rules.model import Change, Result, Verdict
from rules.policy import Policy


class Outcome(StrEnum):
    """How a judgement ended. `underway`: it has not yet."""

    RETURNED = "returned"
    HELD = "held"
    RESTORED = "restored"
    COMPLETED = "completed"
    MOVED_ON = "moved_on"
    RELEASED = "released"
    FLAGGED = "flagged"
    REFUSED = "refused"
    OBSERVED = "observed"
    SUPERSEDED = "superseded"
    UNDONE = "undone"
    UNDERWAY = "underway"


@dataclass(frozen=True, slots=True)
class Happening:
    """A change that was judged and found wanting, and what came of it.

    `error` is what a CRM said that refused something.
    """

    id: int
    at: datetime
    connection: str
    policy: Policy
    change: Change
    because: tuple[Verdict, ...]
    plan: Plan
    outcome: Outcome
    error: str


def told(entry: JudgedEntry, policy: Policy) -> Happening:
    """Return a stored judgement as something that happened under `policy`."""
    failed = tuple(one for one in entry.verdicts if one.result is Result.FAIL)
    return Happening(
        id=entry.id,
        at=entry.at,
        connection=entry.connection,
        policy=policy,
        change=entry.change,
        because=entry.plan.explain or failed,
        plan=entry.plan,
        outcome=_to_outcome(entry),
        error=next((one.error for one in entry.done if one.error), ""),
    )


def _to_outcome(entry: JudgedEntry) -> Outcome:
    if not entry.done:
        return Outcome.OBSERVED
    states = {one.state for one in entry.done}
    write = next((one for one in entry.done if one.kind in WRITES), None)
    if write is not None:
        return _of_write(write, entry.plan)
    if entry.plan.occasion in {Occasion.HOLD_EXPIRED, Occasion.HOLD_VOID}:
        return Outcome.RELEASED
    return next(outcome for state, outcome in _OF_NOTES if state in states)


def _of_write(write: Done, plan: Plan) -> Outcome:
    if write.state is not InterventionState.DONE:
        return _UNDONE[write.state]
    if write.kind is InterventionKind.UNDO:
        return Outcome.UNDONE
    if write.kind is InterventionKind.SET_STAGE:
        return Outcome.MOVED_ON if plan.explain else Outcome.COMPLETED
    if plan.hold is not None:
        return Outcome.HELD
    return Outcome.RETURNED if plan.return_to is not None else Outcome.RESTORED


_OF_NOTES = (
    (InterventionState.PLANNED, Outcome.UNDERWAY),
    (InterventionState.DONE, Outcome.FLAGGED),
    (InterventionState.REFUSED, Outcome.REFUSED),
    (InterventionState.SUPERSEDED, Outcome.SUPERSEDED),
    (InterventionState.UNDONE, Outcome.UNDONE),
)
"""How a judgement ended that led to notes and tasks only; the first that is true."""

_UNDONE = {
    InterventionState.PLANNED: Outcome.UNDERWAY,
    InterventionState.REFUSED: Outcome.REFUSED,
    InterventionState.SUPERSEDED: Outcome.SUPERSEDED,
    InterventionState.UNDONE: Outcome.UNDONE,
}
