"""What the admin is told of a round: refusals, duels, unknown stages, exhaustion."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from connector.services.acted import Acted
from connector.services.episodes import Judged
from connector.services.judging import Findings
from connector.services.outside import note_answer, note_recovery, tell_exhausted
from connector.store import Transaction
from connector.store.connections import Connection
from connector.store.interventions import InterventionState
from rules.model import ReasonCode, Result, Verdict
from rules.wording import duel_alert, stage_label

LONG = timedelta(minutes=15)
"""An account that has put something off for so long is told of: it may not pass."""


def tell_of_round(
    tx: Transaction,
    connection: Connection,
    findings: Findings,
    acted: Sequence[Acted],
    now: datetime,
) -> None:
    """Tell the admin what somebody has to see to after a round; each matter once."""
    _tell_exhausted(tx, connection, acted, now)
    for one in acted:
        if one.is_refused:
            _tell_refused(tx, connection, one, now)
        if one.episode.plan.duel:
            _tell_duel(tx, connection, one, now)
    for judged in findings.judged:
        if _has_unknown_stage(judged.judgement.verdicts):
            _tell_unknown_stage(tx, connection, judged, now)


def _tell_exhausted(
    tx: Transaction, connection: Connection, acted: Sequence[Acted], now: datetime
) -> None:
    """Tell once whether the account allows no more, or does so again."""
    refused = [one for one in acted if one.is_used_up or _has_waited(one, now)]
    if refused:
        tell_exhausted(tx, connection, "; ".join(refused[0].problems), now)
    elif any(
        ended.state is InterventionState.DONE for one in acted for ended in one.ended
    ):
        note_recovery(tx, connection.id, now)
    else:
        note_answer(tx, connection.id, now)


def _has_waited(acted: Acted, now: datetime) -> bool:
    """Return whether the account asks for a pause, and has done so for long."""
    since = min(row.planned_at for row in acted.episode.rows.values())
    return acted.retry_after is not None and now - since > LONG


def _tell_refused(
    tx: Transaction, connection: Connection, acted: Acted, now: datetime
) -> None:
    process, ref = acted.episode.active.policy.process, acted.episode.record.ref
    assert acted.outcome is not None
    tx.notices.tell(
        f"refused/{connection.id}/{process}",
        code="write_refused",
        message=(
            f"{connection.name} refuses what the policy {process} puts back, lately on"
            f" {ref.kind} {ref.id}: {acted.outcome.reason} The record was flagged"
            " instead. Check the account's own rules, and the rights of the connection"
            f" with `slagboom probe {connection.name}`."
        ),
        connection_id=connection.id,
        now=now,
    )


def _tell_duel(
    tx: Transaction, connection: Connection, acted: Acted, now: datetime
) -> None:
    episode, policy = acted.episode, acted.episode.active.policy
    tx.notices.tell(
        f"duel/{connection.id}/{episode.record.ref.id}",
        code="duel",
        message=duel_alert(policy, episode.record, episode.change.actor, policy.locale),
        connection_id=connection.id,
        now=now,
    )


def _has_unknown_stage(verdicts: Iterable[Verdict]) -> bool:
    return any(
        verdict.result is Result.ERROR
        and verdict.reason.code is ReasonCode.STAGE_UNKNOWN
        for verdict in verdicts
    )


def _tell_unknown_stage(
    tx: Transaction, connection: Connection, judged: Judged, now: datetime
) -> None:
    policy, stage = judged.active.policy, judged.look.record.stage
    tx.notices.tell(
        f"stage/{connection.id}/{policy.process}/{stage}",
        code="stage_unknown",
        message=(
            f"{connection.name}: records stand in the stage"
            f" {stage_label(policy, stage)!r}, which the policy {policy.process} does"
            " not name. They are left alone. Add the stage to the policy, or empty it"
            " in the CRM."
        ),
        connection_id=connection.id,
        now=now,
    )
