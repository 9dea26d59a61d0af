"""Reversing: what somebody asked to be put back, as a round carries it out.

It goes the way of everything that is done to records: planned, committed, done, noted.
Only a record that still stands as it was then is touched; what has moved on is left,
and the admin told. What has happened since is judged first.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from connector.services.acted import Acted
from connector.services.episodes import Judged, Look, is_same_state
from connector.services.policies import Active
from connector.services.rounds import Round
from connector.store import Transaction
from connector.store.judgements import StoredJudgement
from connector.store.notices import NEWS
from connector.store.reversals import Reversal, ReversalKind, ReversalState
from rules.interventions import NO_PLAN, Occasion
from rules.model import Actor, ActorClass, Change, Judgement
from rules.moves import value_of, with_values

MOVED_ON = "It has moved on since."


def find_reversal(round_: Round, look: Look) -> Judged | None:
    """Return what is to be put back of a record because somebody asked for it."""
    reversal = _due(round_, look)
    if reversal is None:
        return None
    stored, active = round_.reversed_on[reversal.judgement_id]
    if not _stands(reversal, stored, look):
        return None
    to_judged = _to_undo if reversal.kind is ReversalKind.UNDO else _to_return
    return to_judged(reversal, stored, active, look)


def settle_reversals(
    tx: Transaction,
    round_: Round,
    acted: Iterable[Acted],
    looks: Iterable[Look],
    *,
    over: Collection[int],
    now: datetime,
) -> None:
    """Note how the reversals of a round ended; look again where more is asked for.

    `over` are the rows of the looks that are over.
    """
    if not round_.reversals:
        return
    for one in acted:
        if one.episode.claimed.id in round_.reversals:
            _end(tx, round_, one, now)
    for look in looks:
        reversal = _due(round_, look)
        if reversal is None or look.claimed.id not in over:
            continue
        stored, _ = round_.reversed_on[reversal.judgement_id]
        if not _stands(reversal, stored, look):
            _leave(tx, round_, reversal, now)
    again = [
        row
        for row, reversal in tx.reversals.pending(sorted(over)).items()
        if not _is_put_off(round_, reversal)
    ]
    tx.records.hint(again, due_at=now)


def _due(round_: Round, look: Look) -> Reversal | None:
    reversal = round_.reversals.get(look.claimed.id)
    before = look.change.before
    if reversal is None or look.claimed.id in round_.planned:
        return None
    if before is None or not is_same_state(before, look.record):
        return None
    return None if _is_put_off(round_, reversal) else reversal


def _is_put_off(round_: Round, reversal: Reversal) -> bool:
    """Return whether a reversal waits for the end of a pause.

    What we did may be taken back at any time, and then most of all.
    """
    if reversal.kind is ReversalKind.UNDO:
        return False
    found = round_.reversed_on.get(reversal.judgement_id)
    return found is not None and round_.is_paused(found[1].version.process_id)


def _stands(reversal: Reversal, stored: StoredJudgement, look: Look) -> bool:
    """Return whether a record still has what is to be put back, or to be undone."""
    if reversal.kind is ReversalKind.UNDO:
        left = stored.plan.put_back
    else:
        found = stored.withheld or stored.plan
        left = {name: value_of(stored.change.after, name) for name in found.put_back}
    return bool(left) and all(
        value_of(look.record, name) == value for name, value in left.items()
    )


def _to_return(
    reversal: Reversal, stored: StoredJudgement, active: Active, look: Look
) -> Judged:
    assert stored.withheld is not None
    change = replace(stored.change, after=look.record)
    return Judged(
        replace(look, change=change),
        active,
        Judgement(change, stored.verdicts, return_to=stored.withheld.return_to),
        stored.withheld,
        reversal=reversal,
    )


def _to_undo(
    reversal: Reversal, stored: StoredJudgement, active: Active, look: Look
) -> Judged:
    """Return the way back to how a record stood before we changed it."""
    stood = stored.change.after
    if stored.plan.occasion is not Occasion.CHANGE:
        stood = stored.change.before or stood
    values = {name: value_of(stood, name) for name in stored.plan.put_back}
    change = Change(
        before=look.record,
        after=with_values(look.record, values),
        actor=Actor(ActorClass.OURSELVES, reversal.ordered_by),
    )
    return Judged(
        look,
        active,
        Judgement(change),
        replace(NO_PLAN, put_back=values, occasion=Occasion.UNDO),
        reversal=reversal,
    )


def _end(tx: Transaction, round_: Round, acted: Acted, now: datetime) -> None:
    made_id = next(iter(acted.episode.rows.values())).judgement_id
    reason = acted.outcome.reason if acted.outcome is not None else ""
    if made_id is None:
        return
    if acted.is_written:
        done = tx.reversals.end_made(made_id, ReversalState.DONE, error="", now=now)
        if done is not None and done.intervention_id is not None:
            tx.interventions.mark_undone(done.intervention_id)
    elif acted.is_refused:
        tx.reversals.end_made(made_id, ReversalState.REFUSED, error=reason, now=now)
    elif acted.is_gone:
        reversal = round_.reversals[acted.episode.claimed.id]
        _leave(tx, round_, reversal, now)


def _leave(tx: Transaction, round_: Round, reversal: Reversal, now: datetime) -> None:
    tx.reversals.end(reversal.id, ReversalState.LEFT, error=MOVED_ON, now=now)
    ref = next(one.ref for one in round_.claimed if one.id == reversal.record_id)
    tx.notices.tell(
        f"reversal/{round_.connection.id}",
        code="reversal_left",
        message=(
            f"{round_.connection.name}: {ref.kind} {ref.id} was to be put back on"
            " request, but has moved on since, and stays as it is. Look at it in the"
            " CRM, and put it right by hand if need be."
        ),
        connection_id=round_.connection.id,
        now=now,
        fades_at=now + NEWS,
    )
