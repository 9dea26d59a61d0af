"""Undoing: what Slagboom did to records is taken back, where they still stand so.

What is asked for here is carried out by `services.reversing`. A note is never deleted,
since it tells what happened; a task stays with its owner, who is told to close it.
"""

from dataclasses import dataclass

from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.policies import Policies
from connector.services.until import read_moment
from connector.store import Store, Transaction
from connector.store.interventions import (
    UNDOABLE,
    InterventionKind,
    InterventionState,
    Named,
)
from connector.store.reversals import ReversalState

_NEVER = {
    InterventionKind.NOTE: (
        "A note is never deleted: it tells what happened. Undo the return, restore or"
        " set_stage that it tells of."
    ),
    InterventionKind.TASK: (
        "A task stays with its owner, who can close it. Undo the return, restore or"
        " set_stage that it belongs to."
    ),
    InterventionKind.UNDO: (
        "What was undone is not done again. Put it right in the CRM, where it is"
        " judged like any other change."
    ),
}


class NotUndoable(ConfigError):
    """What is named was not done, or cannot be taken back."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was asked for: its reversals, and the connections they are on."""

    reversals: tuple[int, ...]
    connections: tuple[int, ...]


class Undo:
    """Takes back interventions: one, a whole run, or a stretch of time."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Keep in `store` what is asked for."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def one(self, intervention_id: int, *, why: str, author: str) -> Ordered:
        """Ask for one intervention to be undone. Raises NotUndoable."""
        with self._store.begin() as tx:
            named = tx.interventions.named(intervention_id=intervention_id)
        if not named:
            raise NotUndoable(
                f"There is no intervention {intervention_id}. See `slagboom"
                " interventions`."
            )
        [found] = named
        if found.kind not in UNDOABLE:
            raise NotUndoable(_NEVER[found.kind])
        if found.state is not InterventionState.DONE:
            raise NotUndoable(
                f"Intervention {intervention_id} is {found.state}, so there is nothing"
                " to take back."
            )
        target = f"intervention/{intervention_id}"
        return self._order(named, target=target, why=why, author=author)

    def run(self, run: int, *, why: str, author: str) -> Ordered:
        """Ask for all that was done in one run to be undone. Raises NotUndoable."""
        with self._store.begin() as tx:
            named = _undoable(tx.interventions.named(run=run))
        if not named:
            raise NotUndoable(
                f"Run {run} changed no record, or all of it is undone already. See"
                " `slagboom interventions`."
            )
        return self._order(named, target=f"run/{run}", why=why, author=author)

    def stretch(
        self, process: str, since: str, until: str | None, *, why: str, author: str
    ) -> Ordered:
        """Ask for all that a process did in a stretch of time to be undone.

        On every account on which it is in force. `since` and `until` are moments such
        as `2026-12-31T17:00`, in the policy's zone; without `until`, up to now. Raises
        NotUndoable and ConfigError.
        """
        named: list[Named] = []
        with self._store.begin() as tx:
            for version in tx.processes.current():
                if version.name != process:
                    continue
                calendar = self._policies.version(tx, version.id).policy.calendar
                named += tx.interventions.named(
                    process_id=version.process_id,
                    since=read_moment(since, calendar),
                    until=None if until is None else read_moment(until, calendar),
                )
        named = _undoable(named)
        if not named:
            raise NotUndoable(
                f"{process} changed no record in that time, or all of it is undone"
                " already. See `slagboom interventions`."
            )
        return self._order(named, target=f"process/{process}", why=why, author=author)

    def states(self, ordered: Ordered) -> list[ReversalState]:
        """Return how far what was asked for has got."""
        with self._store.begin() as tx:
            return list(tx.reversals.states(ordered.reversals).values())

    def _order(
        self, named: list[Named], *, target: str, why: str, author: str
    ) -> Ordered:
        now = self._clock.now()

        def order(tx: Transaction) -> list[int]:
            reversals = tx.reversals.order_undo(
                [
                    (one.record_id, one.judgement_id, one.id)
                    for one in named
                    if one.judgement_id is not None
                ],
                by=author,
                now=now,
            )
            if not reversals:
                raise NotUndoable("That is being undone already.")
            tx.records.hint([one.record_id for one in named], due_at=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.INTERVENTION_UNDONE,
                target=target,
                after={"interventions": [one.id for one in named]},
                reason=why,
                now=now,
            )
            return reversals

        reversals = self._store.run(order)
        connections = {one.connection_id for one in named}
        return Ordered(tuple(reversals), tuple(sorted(connections)))


def _undoable(named: list[Named]) -> list[Named]:
    return [
        one
        for one in named
        if one.kind in UNDOABLE and one.state is InterventionState.DONE
    ]
