"""Holds: wanted moves that wait, as a round leaves them and as people drop them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from connector.clock import Clock
from connector.errors import SlagboomError
from connector.services.acted import Acted
from connector.services.audit import AuditAction
from connector.services.episodes import Episode
from connector.services.lookup import find_record, reference
from connector.services.rounds import Round
from connector.store import Store, Transaction
from connector.store.baselines import KnownRecord
from connector.store.holds import Hold, NewHold
from connector.store.interventions import InterventionKind
from rules.demands import LACKING
from rules.interventions import Occasion
from rules.model import Record, StageId, Verdict
from rules.moves import is_in_pipeline

HOLD_CHECK = timedelta(minutes=15)
"""How often a hold looks by itself; hints of what was missing come sooner."""


class NothingHeld(SlagboomError):
    """No move of this record waits, or none that can still be dropped."""


class Holds:
    """The moves that wait, as people handle them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Keep them in `store`."""
        self._store = store
        self._clock = clock

    def drop(self, record: str, *, by: str, why: str, author: str) -> KnownRecord:
        """Forget the move that waits for a record; `by` is who wants that.

        Raises NothingHeld, and as `find_record` does.
        """
        now = self._clock.now()
        with self._store.begin() as tx:
            found = find_record(tx, record)
            if not tx.holds.lock([found.id]):
                raise NothingHeld(f"No move waits for {found.record.name}.")
            planned = tx.interventions.planned([found.id]).get(found.id, ())
            if any(one.kind is InterventionKind.SET_STAGE for one in planned):
                raise NothingHeld(
                    f"What {found.record.name} lacked has come, and the move is being"
                    " made just now. Move it back in the CRM."
                )
            hold = tx.holds.of([found.id])[found.id]
            tx.holds.end([found.id], why="dropped", now=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.HOLD_DROPPED,
                target=reference(found),
                before={"from": hold.from_stage, "to": hold.to_stage, "for": by},
                reason=why,
                now=now,
            )
        return found


def keep_holds(
    tx: Transaction,
    round_: Round,
    acted: Iterable[Acted],
    accepted: Mapping[int, Record],
    *,
    lacks: Mapping[int, Sequence[Verdict]],
    now: datetime,
) -> None:
    """End the holds that are over, open new ones, and keep what the others lack.

    `accepted` are the states in which the looks left the records, by row.
    """
    ended: dict[str, list[int]] = {}
    opened = []
    for one in acted:
        episode = one.episode
        why = _ended_why(one)
        if why is not None:
            ended.setdefault(why, []).append(episode.claimed.id)
        if one.is_written and episode.earlier is None and episode.plan.hold is not None:
            opened.append(_new_hold(episode, episode.plan.hold))
    for record_id, record in accepted.items():
        hold = round_.holds.get(record_id)
        if hold is not None and (why := _left_why(round_, hold, record)):
            ended.setdefault(why, []).append(record_id)
    for why, ids in sorted(ended.items()):
        tx.holds.end(ids, why=why, now=now)
    tx.holds.note_lacks({row: found for row, found in lacks.items() if row in accepted})
    tx.holds.open(opened, now=now, check_due_at=now + HOLD_CHECK)


def _ended_why(acted: Acted) -> str | None:
    """Return why the hold that this was about ends, None if it does not."""
    match acted.episode.plan.occasion:
        case Occasion.HOLD_MET if acted.is_written:
            return "completed"
        case Occasion.HOLD_MET if acted.is_refused:
            # What the CRM refuses once it will refuse again, and a person knows now.
            return "refused"
        case Occasion.HOLD_EXPIRED if acted.accepted is not None:
            return "expired"
        case Occasion.HOLD_VOID if acted.accepted is not None:
            return "policy"
        case _:
            return None


def _left_why(round_: Round, hold: Hold, accepted: Record) -> str | None:
    """Return why a hold ends that nothing was done about, None if it does not."""
    active = round_.active(hold.process_id)
    if active is None:
        return "policy"
    if accepted.stage == hold.from_stage and is_in_pipeline(active.policy, accepted):
        return None
    return "closed" if active.policy.is_closed(accepted.stage) else "moved"


def _new_hold(episode: Episode, to_stage: StageId) -> NewHold:
    plan = episode.plan
    assert plan.return_to is not None
    actor = episode.change.actor
    return NewHold(
        record_id=episode.claimed.id,
        process_id=episode.active.version.process_id,
        from_stage=plan.return_to,
        to_stage=to_stage,
        lacks=tuple(one for one in plan.explain if one.reason.code in LACKING),
        wanted_by=actor.name or actor.user_id or str(episode.record.owner or ""),
    )
