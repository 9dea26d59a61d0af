"""Planning: judgements and what is to be done about them, stored before it is done."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.services.episodes import Episode, Judged, to_episode, to_plan
from connector.services.guarding import guard
from connector.services.judging import Findings
from connector.services.rounds import Round
from connector.store import Transaction
from connector.store.judgements import NewJudgement
from rules.interventions import HOLDS
from rules.model import Enforcement, Result, RuleId, Verdict


def plan_round(
    tx: Transaction,
    round_: Round,
    findings: Findings,
    *,
    now: datetime,
    lease: timedelta,
    page_url: str = "",
) -> list[Episode]:
    """Store the judgements, their violations and their plans; return the episodes.

    A judgement that asks for nothing to be done has none. A record that another worker
    has taken meanwhile is left to that one.
    """
    ours = tx.records.extend(round_.ids, lease=round_.lease, until=now + lease)
    judged = [one for one in findings.judged if one.look.claimed.id in ours]
    judged = _without_dropped(tx, judged)
    round_ = _paused_since(tx, round_)
    judged = guard(tx, round_, judged, page_url=page_url, now=now)
    ids = tx.judgements.add([_to_row(one) for one in judged], now=now)
    wanted = [
        to_plan(one, judgement_id, round_.connection.id)
        for one, judgement_id in zip(judged, ids, strict=True)
    ]
    rows = iter(
        tx.interventions.plan([row for some in wanted for row in some], now=now)
    )
    episodes = [
        to_episode(one, [next(rows) for _ in some])
        for one, some in zip(judged, wanted, strict=True)
        if some
    ]
    tx.reversals.begin(
        {
            one.reversal.id: judgement_id
            for one, judgement_id in zip(judged, ids, strict=True)
            if one.reversal is not None
        }
    )
    met = [row for one in sorted(ours) for row in findings.met.get(one, ())]
    tx.violations.close(met, by="met", now=now)
    _keep_violations(tx, judged, now)
    return episodes


def _to_row(judged: Judged) -> NewJudgement:
    return NewJudgement(
        judged.look.claimed.id,
        judged.active.version.id,
        judged.judgement.change,
        judged.judgement.verdicts,
        judged.plan,
        withheld=judged.withheld if judged.storm_id is not None else None,
        storm_id=judged.storm_id,
        permit_id=judged.permit_id,
    )


def _paused_since(tx: Transaction, round_: Round) -> Round:
    """Return the round with what was paused since it began."""
    return replace(
        round_,
        connection=tx.connections.get(round_.connection.id),
        paused=tx.processes.paused(round_.connection.id),
    )


def _without_dropped(tx: Transaction, judged: Sequence[Judged]) -> list[Judged]:
    """Leave out the wanted moves that somebody has dropped since they were read."""
    ours = [one for one in judged if one.plan.occasion in HOLDS]
    waiting = tx.holds.lock([one.look.claimed.id for one in ours])
    return [one for one in judged if one not in ours or one.look.claimed.id in waiting]


def _keep_violations(tx: Transaction, judged: Sequence[Judged], now: datetime) -> None:
    # What we do ourselves breaks no rule.
    met = [one for one in judged if one.plan.occasion in HOLDS]
    judged = [one for one in judged if one.plan.occasion not in HOLDS]
    open_rules = tx.violations.open_rules(
        [one.look.claimed.id for one in (*judged, *met)]
    )
    tx.violations.resolve(
        [
            (one.look.claimed.id, rule)
            for one in (*judged, *met)
            for rule in open_rules.get(one.look.claimed.id, ())
            if _is_met(one, rule)
        ],
        by="met",
        now=now,
    )
    tx.violations.open(
        [
            (
                one.look.claimed.id,
                one.active.version.process_id,
                _observed(verdict) if one.is_observed else verdict,
            )
            for one in judged
            for verdict in one.judgement.failed()
        ],
        now=now,
    )


def _is_met(judged: Judged, rule: RuleId) -> bool:
    """Return whether an open violation of this rule is put right by what was judged."""
    results = {one.rule: one.result for one in judged.judgement.verdicts}
    if rule in results:
        return results[rule] is Result.PASS
    before = judged.judgement.change.before
    # What was wrong with a move, or lacked in a stage, is over when another move
    # follows that is not judged by the same rule.
    has_moved = before is not None and before.stage != judged.look.record.stage
    is_left = has_moved and judged.plan.return_to is None
    return is_left and rule.startswith(("move.", "stage.", "auto."))


def _observed(verdict: Verdict) -> Verdict:
    return replace(verdict, enforcement=Enforcement.OBSERVE)
