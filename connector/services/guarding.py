"""The storm guard: what was judged, and how much of it may be done.

Part of the transaction in which a round is planned, so that workers side by side cannot
overrun a limit together: the first one holds the process until it has counted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.ports import Message
from connector.services.episodes import Judged
from connector.services.policies import Active
from connector.services.rounds import Round
from connector.store import Transaction
from connector.store.notices import NEWS
from connector.store.notifications import NewNotification, Purpose
from connector.store.permits import Permit
from rules.interventions import NO_PLAN, Occasion
from rules.model import Actor
from rules.storm import WITHIN, enough, most_returns
from rules.wording import actor_text, storm_alert


def guard(
    tx: Transaction,
    round_: Round,
    judged: Sequence[Judged],
    *,
    page_url: str,
    now: datetime,
) -> list[Judged]:
    """Return what was judged with what may be done of it, in the same order.

    In a pause nothing may. What a permit allows is only observed. What would be put
    back beyond the limit is withheld, the process is paused and its sponsor asked.
    """
    found = {one.look.claimed.id: one for one in _in_pause(round_, judged)}
    kept: dict[int, Judged] = dict(found)
    for process_id in sorted({one.active.version.process_id for one in judged}):
        concerned = [
            one
            for one in found.values()
            if one.active.version.process_id == process_id and _is_free(one)
        ]
        guarded = _guard_process(tx, round_, concerned, page_url=page_url, now=now)
        kept.update({one.look.claimed.id: one for one in guarded})
    return [kept[row] for row in found]


def tell_permit_over(tx: Transaction, permit: Permit, now: datetime) -> None:
    """Tell the admin that a permit has ended by itself."""
    why = (
        f"it was for {permit.records} records"
        if permit.ended_why == "used"
        else "its time is over"
    )
    tx.notices.tell(
        f"permit/{permit.id}",
        code="permit_over",
        message=(
            f"{permit.connection}: the permit for {permit.process} has ended, for"
            f" {why}; {permit.used} records deviated under it. From here on everything"
            " is enforced again. What was permitted is listed by `slagboom violations`."
        ),
        connection_id=permit.connection_id,
        now=now,
        fades_at=now + NEWS,
    )


def _in_pause(round_: Round, judged: Sequence[Judged]) -> list[Judged]:
    """Withhold what may not be done in a pause; leave out moves of our own."""
    found = []
    for one in judged:
        is_paused = round_.is_paused(one.active.version.process_id)
        if not is_paused or one.is_undo:
            found.append(one)
        elif one.reversal is None and one.plan.occasion is Occasion.CHANGE:
            found.append(_withheld(one))
    return found


def _is_free(judged: Judged) -> bool:
    """Return whether a plan is the judge's own: no order, and nothing of ours."""
    return judged.reversal is None and judged.plan.occasion is Occasion.CHANGE


def _guard_process(
    tx: Transaction,
    round_: Round,
    judged: Sequence[Judged],
    *,
    page_url: str,
    now: datetime,
) -> list[Judged]:
    if not any(_wanted(one) for one in judged):
        return []
    active = judged[0].active
    process_id = active.version.process_id
    if not any(one.plan.put_back for one in judged) and not any(
        one.withheld for one in judged
    ):
        return _permitted(tx, judged, process_id, now)
    gate = tx.processes.gate(process_id)
    if gate.paused_at is not None:
        storm_id = tx.storms.of_process(process_id)
        return [_withheld(one, storm_id) for one in judged]
    judged = _permitted(tx, judged, process_id, now)
    returning = [one for one in judged if one.plan.put_back]
    if not returning:
        return list(judged)
    since = max(now - WITHIN, gate.resumed_at or now - WITHIN)
    before = tx.storms.put_back_since(process_id, since)
    most = _most(tx, round_, active)
    allowed = max(0, most - before)
    if len(returning) <= allowed:
        return list(judged)
    storm_id = tx.storms.open(
        round_.connection.id,
        process_id,
        returned=before + allowed,
        most=most,
        now=now,
    )
    tx.processes.pause(process_id, now=now)
    _tell(
        tx,
        round_,
        active,
        storm_id,
        returning,
        before=before,
        returned=before + allowed,
        url=page_url,
        now=now,
    )
    going_on = {one.look.claimed.id for one in returning[:allowed]}
    return [
        one if one.look.claimed.id in going_on else _withheld(one, storm_id)
        for one in judged
    ]


def _wanted(judged: Judged) -> bool:
    plan = judged.withheld or judged.plan
    return bool(plan.put_back or plan.explain)


def _withheld(judged: Judged, storm_id: int | None = None) -> Judged:
    withheld = judged.withheld or judged.plan
    return replace(judged, plan=NO_PLAN, withheld=withheld, storm_id=storm_id)


def _most(tx: Transaction, round_: Round, active: Active) -> int:
    policy = active.policy
    size = tx.baselines.count_live(
        round_.connection.id,
        policy.kind,
        None if policy.pipeline is None else [policy.pipeline],
        most=enough(policy.storm),
    )
    return most_returns(policy.storm, size)


def _permitted(
    tx: Transaction, judged: Sequence[Judged], process_id: int, now: datetime
) -> list[Judged]:
    """Take from what was judged what a permit allows, and count it."""
    found = list(judged)
    for permit in tx.permits.lock(process_id, now=now):
        rows = [
            one.look.claimed.id
            for one in found
            if one.permit_id is None and _wanted(one) and _is_of(permit, one)
        ]
        known = tx.permits.count_used(permit.id, rows)
        fresh = [row for row in rows if row not in known]
        allowed = known | set(fresh[: permit.records - permit.used])
        used = len(allowed - known)
        tx.permits.use(permit.id, more=used)
        if permit.used + used >= permit.records:
            ended = tx.permits.end(permit.id, why="used", now=now)
            if ended is not None:
                tell_permit_over(tx, ended, now)
        found = [
            replace(one, plan=NO_PLAN, withheld=None, permit_id=permit.id)
            if one.look.claimed.id in allowed
            else one
            for one in found
        ]
    return found


def _is_of(permit: Permit, judged: Judged) -> bool:
    return permit.actor is None or judged.judgement.change.actor.kind is permit.actor


def _tell(
    tx: Transaction,
    round_: Round,
    active: Active,
    storm_id: int,
    returning: Sequence[Judged],
    *,
    before: int,
    returned: int,
    url: str,
    now: datetime,
) -> None:
    policy, connection = active.policy, round_.connection
    moved = before + len(returning)
    actor = _most_active(one.judgement.change.actor for one in returning)
    tx.notices.tell(
        f"storm/{active.version.process_id}",
        code="storm",
        message=(
            f"{connection.name}: {moved} records went against {policy.process} within"
            f" ten minutes, lately by {actor_text(actor, 'en')}. {policy.process} is"
            " only observed until you answer: `slagboom storm permit"
            f" {connection.name}` leaves them as they stand, `slagboom storm return"
            f" {connection.name}` puts them back, `slagboom storm look"
            f" {connection.name}` shows them."
        ),
        connection_id=connection.id,
        now=now,
    )
    to = policy.sponsor or policy.fallback
    if to is None:
        return
    person = tx.people.find(to)
    text = storm_alert(
        policy,
        connection.name,
        moved=moved,
        returned=returned,
        actor=actor,
        locale=(person and person.locale) or policy.locale,
    )
    message = Message(
        key=f"storm-{storm_id}",
        to=to,
        subject=text.subject,
        lines=text.lines,
        link=url,
        link_text=text.link_text,
        thread=f"storm-{storm_id}",
    )
    tx.notifications.plan([NewNotification(message, Purpose.ADMIN)], now=now)


def _most_active(actors: Iterable[Actor]) -> Actor:
    return Counter(actors).most_common(1)[0][0]
