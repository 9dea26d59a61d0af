"""Settling: the end of a round, in one transaction.

What was done is noted, the accepted states become the baselines, holds and clocks
follow, and the records are given back. A worker that dies before this leaves planned
rows, from which another one goes on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.services.acted import Acted
from connector.services.clocks import new_clocks
from connector.services.episodes import Episode, Look, is_same_state
from connector.services.holds import keep_holds
from connector.services.judging import Findings
from connector.services.outside import wait_after
from connector.services.reversing import settle_reversals
from connector.services.round_notices import tell_of_round
from connector.services.rounds import Round
from connector.services.texts import counted_fields, held_texts
from connector.store import Transaction
from connector.store.interventions import InterventionKind
from connector.store.records import Accepted, ClaimedRecord
from rules.lanes import lane_of
from rules.model import ActorClass, Change, Record, RuleId

_BY_HAND = frozenset({ActorClass.PERSON, ActorClass.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Settling:
    """Everything that a round came to."""

    round_: Round
    findings: Findings
    episodes: tuple[Episode, ...]
    acted: tuple[Acted, ...]


@dataclass(frozen=True, slots=True)
class _Over:
    """A look that is over. `change` leads to the state that was judged."""

    look: Look
    change: Change
    accepted: Record

    @property
    def is_elsewhere(self) -> bool:
        """Whether the record stands otherwise than we accepted, and needs a look."""
        record = self.look.record
        return not (
            is_same_state(record, self.change.after)
            or is_same_state(record, self.accepted)
        )

    @property
    def stage_entered_at(self) -> datetime | None:
        """Since when a person put it into its stage."""
        before = self.change.before
        if before is not None and before.stage == self.accepted.stage:
            return self.look.claimed.stage_entered_at
        if self.change.actor.kind in _BY_HAND:
            return self.accepted.modified_at
        return self.look.claimed.stage_entered_at


def settle(tx: Transaction, settling: Settling, now: datetime) -> None:
    """Note how everything of a round ended, and give its records back.

    A record that another worker has taken meanwhile is left to that one.
    """
    round_ = settling.round_
    ours = tx.records.extend(
        [one.id for one in round_.claimed],
        lease=round_.lease,
        until=now + timedelta(minutes=1),
    )
    acted = [one for one in settling.acted if one.episode.claimed.id in ours]
    _end_interventions(tx, acted, now)
    over = [one for one in _over(settling, acted) if one.look.claimed.id in ours]
    _follow(tx, round_, over, now)
    over_rows = {one.look.claimed.id: one.accepted for one in over}
    keep_holds(tx, round_, acted, over_rows, lacks=settling.findings.lacks, now=now)
    _resolve(tx, acted, now)
    _withdraw(tx, acted)
    looks = settling.findings.looks
    settle_reversals(tx, round_, acted, looks, over=over_rows.keys(), now=now)
    tell_of_round(tx, round_.connection, settling.findings, acted, now)
    gone = [one for one in settling.findings.gone if one.id in ours]
    gone += [one.episode.claimed for one in acted if one.is_gone]
    _lose(tx, round_, gone, now)
    stale = [one for one in settling.findings.stale if one.id in ours]
    _give_back(tx, round_, stale, acted, now)
    _accept(tx, round_, over, now)


def _end_interventions(tx: Transaction, acted: Iterable[Acted], now: datetime) -> None:
    tx.interventions.end([ended for one in acted for ended in one.ended], now=now)


def _over(settling: Settling, acted: Iterable[Acted]) -> list[_Over]:
    """Return the looks that are over: those with nothing to do, and those done."""
    looks = {look.claimed.id: look for look in settling.findings.looks}
    busy = {episode.claimed.id for episode in settling.episodes}
    over = [
        _Over(look, look.change, look.record)
        for row_id, look in looks.items()
        if row_id not in busy
    ]
    for one in acted:
        if one.accepted is not None:
            look = looks[one.episode.claimed.id]
            over.append(_Over(look, _change_of(one), one.accepted))
    return over


def _change_of(acted: Acted) -> Change:
    episode = acted.episode
    change = episode.change
    if episode.is_ours and change.before is not None:
        # What was judged is the move that we make; the record stands before it.
        return Change(change.before, episode.record, change.actor)
    return change


def _follow(
    tx: Transaction, round_: Round, over: Iterable[_Over], now: datetime
) -> None:
    """Start the clocks that these changes start; let those that told somebody look."""
    over = list(over)
    tx.clocks.start(
        round_.connection.id,
        [
            clock
            for one in over
            for active in round_.actives
            for clock in new_clocks(
                active,
                one.look.claimed.id,
                one.change,
                one.accepted,
                entered_at=one.stage_entered_at,
                now=now,
            )
        ],
    )
    tx.clocks.nudge([one.look.claimed.id for one in over], now=now)
    tx.clocks.wake_of(
        [one.look.claimed.id for one in over if _changes_lanes(round_, one, now)],
        now=now,
    )


def _changes_lanes(round_: Round, one: _Over, now: datetime) -> bool:
    """Return whether the clocks of a record run at another speed from here on."""
    before = one.change.before
    return before is not None and any(
        lane_of(active.policy, before, now) != lane_of(active.policy, one.accepted, now)
        for active in round_.actives
    )


def _resolve(tx: Transaction, acted: Iterable[Acted], now: datetime) -> None:
    """Close the violations that our own writes have put right."""
    resolved: dict[str, list[tuple[int, RuleId]]] = {}
    for one in acted:
        if not one.is_written:
            continue
        plan = one.episode.plan
        is_returned = plan.return_to is not None
        by = "returned" if is_returned else "restored"
        if InterventionKind.SET_STAGE in one.episode.rows:
            by = "moved"
        resolved.setdefault(by, []).extend(
            (one.episode.claimed.id, verdict.rule)
            for verdict in plan.explain
            # What a return leaves open is what no move is to blame for.
            if verdict not in plan.ask
            or (is_returned and verdict.rule.startswith(("move.", "stage.")))
        )
    for by, rules in resolved.items():
        tx.violations.resolve(rules, by=by, now=now)


def _withdraw(tx: Transaction, acted: Iterable[Acted]) -> None:
    """Forget what was found in changes that somebody undid or went on from meanwhile.

    Nothing was done about them. If something is still wrong, the next look finds it.
    """
    tx.violations.withdraw(
        {
            (
                one.episode.claimed.id,
                one.episode.active.version.process_id,
                verdict.rule,
            )
            for one in acted
            if one.is_stale
            for verdict in one.episode.judgement.failed()
        }
    )


def _lose(
    tx: Transaction, round_: Round, gone: list[ClaimedRecord], now: datetime
) -> None:
    """Close everything about records that are gone from the CRM."""
    ids = [one.id for one in gone]
    tx.interventions.supersede(ids, error="The record is gone.", now=now)
    tx.clocks.end_all(ids, why="gone", now=now)
    tx.holds.end(ids, why="gone", now=now)
    tx.reversals.leave(ids, error="The record is gone.", now=now)
    tx.violations.resolve_all(ids, by="gone", now=now)
    tx.texts.forget(ids)
    tx.changes.finish(
        [change.id for row_id in ids for change in round_.heard.get(row_id, ())]
    )
    tx.records.lose(ids, lease=round_.lease)


def _give_back(
    tx: Transaction,
    round_: Round,
    stale: list[ClaimedRecord],
    acted: Iterable[Acted],
    now: datetime,
) -> None:
    """Give back what must be looked at again: what failed a little later."""
    again = [one.id for one in stale]
    again += [one.episode.claimed.id for one in acted if one.is_stale]
    tx.records.give_back(again, lease=round_.lease, due_at=now)
    for one in acted:
        if one.accepted is None and not one.is_stale and not one.is_gone:
            claimed = one.episode.claimed
            wait = wait_after(claimed.attempts)
            tx.records.give_back(
                [claimed.id],
                lease=round_.lease,
                due_at=now + max(wait, one.retry_after or wait),
                error="; ".join(one.problems) or None,
                is_their_fault=one.retry_after is None,
            )


def _may_meet_hold(round_: Round, over: _Over) -> bool:
    """Return whether an edit that was judged may be what a waiting move lacked."""
    hold = round_.holds.get(over.look.claimed.id)
    before = over.change.before
    return (
        hold is not None
        and not round_.is_paused(hold.process_id)
        and over.accepted.stage == hold.from_stage
        and before is not None
        and not is_same_state(before, over.accepted)
    )


def _keep_texts(tx: Transaction, round_: Round, over: Iterable[_Over]) -> None:
    """Note who wrote what is counted, where a policy counts."""
    held = []
    for one in over:
        record = one.accepted
        policies = [active.policy for active in round_.of_kind(record.ref.kind)]
        held += held_texts(
            one.look.claimed.id, one.change, record, counted_fields(policies)
        )
    tx.texts.keep(round_.connection.id, held)


def _accept(
    tx: Transaction, round_: Round, over: Iterable[_Over], now: datetime
) -> None:
    over = list(over)
    again = [
        one.look.claimed.id
        for one in over
        if one.is_elsewhere or _may_meet_hold(round_, one)
    ]
    tx.changes.finish(
        [
            change.id
            for one in over
            if not one.is_elsewhere
            for change in round_.heard.get(one.look.claimed.id, ())
        ]
    )
    _keep_texts(tx, round_, over)
    # A hint since the claim keeps a record due.
    tx.records.hint(again, due_at=now)
    tx.records.accept(
        [
            Accepted(one.look.claimed, one.accepted, one.stage_entered_at)
            for one in over
        ],
        lease=round_.lease,
    )
