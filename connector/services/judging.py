"""Judging a round: read, compare with the baselines, ask for evidence, judge, plan.

Nothing is written here, neither to the CRM nor to the store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import assert_never

from connector.services.episodes import Judged, Look, is_same_state
from connector.services.policies import Active
from connector.services.reversing import find_reversal
from connector.services.rounds import Round
from connector.services.standing import (
    add_lapsed,
    evidence_for_standing,
    find_met_violations,
)
from connector.services.texts import UsesOf, with_uses
from connector.services.tracing import find_change, retell, with_movers
from connector.store.records import ClaimedRecord
from rules.auto_moves import evidence_for, find_auto_move, plan_auto_move
from rules.conversion import judge_conversion, seed_evidence
from rules.evidence import needs
from rules.exemptions import with_waived
from rules.holds import Wish, WishState, judge_wish
from rules.interventions import NO_PLAN, Occasion, Plan, plan, plan_telling
from rules.judge import judge
from rules.model import (
    NO_EVIDENCE,
    STAGE,
    Actor,
    ActorClass,
    Change,
    Evidence,
    EvidenceKind,
    Judgement,
    Record,
    RecordRef,
    StageId,
    Verdict,
)
from rules.moves import with_values
from rules.path import judge_path

EvidenceOf = Mapping[RecordRef, Evidence]

_OVER = {
    WishState.EXPIRED: Occasion.HOLD_EXPIRED,
    WishState.VOID: Occasion.HOLD_VOID,
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What a round found: every record that is there, what was judged, what is gone.

    `stale` are those that changed while they were looked at. `lacks` is what the moves
    that wait still lack, by record row; `met` the rows of the violations that a record
    no longer has, by record row.
    """

    looks: tuple[Look, ...]
    judged: tuple[Judged, ...]
    gone: tuple[ClaimedRecord, ...]
    stale: tuple[ClaimedRecord, ...]
    lacks: Mapping[int, tuple[Verdict, ...]]
    met: Mapping[int, Sequence[int]]


@dataclass(slots=True)
class _Found:
    """Findings in the making, by row id."""

    looks: dict[int, Look] = field(default_factory=dict)
    judged: dict[int, Judged] = field(default_factory=dict)
    gone: dict[int, ClaimedRecord] = field(default_factory=dict)
    stale: dict[int, ClaimedRecord] = field(default_factory=dict)
    lacks: dict[int, tuple[Verdict, ...]] = field(default_factory=dict)

    def put(self, look: Look, judged: Judged | None) -> None:
        self.drop(look.claimed)
        self.looks[look.claimed.id] = look
        if judged is not None:
            self.judged[look.claimed.id] = judged

    def drop(self, claimed: ClaimedRecord) -> None:
        self.looks.pop(claimed.id, None)
        self.judged.pop(claimed.id, None)


def find_out(
    round_: Round, now: datetime, *, keep: Callable[[], object], uses_of: UsesOf
) -> Findings:
    """Read and judge every record of the round.

    What is to be written is read twice, the second time with its history and just
    before it is planned. `keep` is called between requests, which may take long, to
    keep the records; `uses_of` says where else their texts stand. Raises what
    `adapters.errors` has.
    """
    found = _Found()
    looks = with_movers(round_, _read(round_, found))
    keep()
    evidence = with_uses(round_, looks, _gather(round_, looks, now, keep), uses_of)
    for look in looks:
        found.put(look, _judge(round_, found, look, evidence, now))
    _confirm(round_, found, evidence, now)
    return Findings(
        looks=tuple(found.looks.values()),
        judged=tuple(found.judged.values()),
        gone=tuple(found.gone.values()),
        stale=tuple(found.stale.values()),
        lacks=found.lacks,
        met=_find_met(round_, found, evidence, now),
    )


def _read(round_: Round, found: _Found) -> list[Look]:
    fresh: dict[RecordRef, Record] = {}
    for kind in sorted({one.ref.kind for one in round_.claimed}):
        refs = [one.ref for one in round_.claimed if one.ref.kind is kind]
        fresh.update(round_.crm.read(refs, round_.fields_of(kind)))
    looks = []
    for claimed in round_.claimed:
        record = fresh.get(claimed.ref)
        if record is None:
            found.gone[claimed.id] = claimed
        else:
            looks.append(Look(claimed, record, find_change(round_, claimed, record)))
    return looks


def _gather(
    round_: Round, looks: Sequence[Look], now: datetime, keep: Callable[[], object]
) -> dict[RecordRef, Evidence]:
    """Ask for the evidence that judging takes, in one batch for each set of kinds."""
    wanted: dict[frozenset[EvidenceKind], list[RecordRef]] = {}
    for look in looks:
        kinds: frozenset[EvidenceKind] = frozenset()
        hold = round_.holds.get(look.claimed.id)
        for active in round_.of_kind(look.record.ref.kind):
            kinds |= needs(active.policy, look.change, now)
            kinds |= evidence_for(active.policy, look.record)
            kinds |= seed_evidence(active.policy, look.record)
            kinds |= evidence_for_standing(round_, active, look)
            if hold is not None:
                kinds |= needs(active.policy, _moving(look, hold.to_stage), now)
        if kinds:
            wanted.setdefault(kinds, []).append(look.record.ref)
    found: dict[RecordRef, Evidence] = {}
    for kinds, refs in wanted.items():
        found.update(round_.crm.evidence(refs, kinds, now))
        keep()
    return found


def _judge(
    round_: Round,
    found: _Found,
    look: Look,
    evidence: EvidenceOf,
    now: datetime,
) -> Judged | None:
    if look.claimed.id in round_.planned:
        # First what was begun; the record comes back for the rest.
        return None
    facts = evidence.get(look.record.ref, NO_EVIDENCE)
    reversal = find_reversal(round_, look)
    if reversal is not None:
        return reversal
    judged = _judge_change(round_, look, facts, now)
    if judged is None or not judged.judgement.failed():
        further = (
            _see_to_hold(round_, found, look, facts, now)
            or _move_on(round_, look, facts, now)
            or _convert(round_, look, facts, now)
        )
        if further is not None:
            return _with_verdicts(further, judged)
    return add_lapsed(round_, look, judged, facts, now)


def _judge_change(
    round_: Round, look: Look, facts: Evidence, now: datetime
) -> Judged | None:
    """Return what the policy that speaks of this record says of its change."""
    before = look.change.before
    if before is not None and is_same_state(before, look.record):
        return None
    judge_way = partial(
        judge_path,
        change=look.change,
        path=[step.stage for step in look.way],
        evidence=facts,
        now=now,
        movers=[step.actor for step in look.way],
    )
    for active in round_.of_record(look.claimed.id, look.record.ref.kind):
        judgement = judge_way(active.policy)
        whole = round_.active(active.version.process_id)
        if whole is not None and whole is not active:
            judgement = with_waived(judgement, judge_way(whole.policy))
        if judgement.is_governed and judgement.verdicts:
            returns_today = round_.returns_today.get(look.claimed.id, 0)
            planned = plan(active.policy, judgement, returns_today=returns_today)
            return Judged(look, active, judgement, planned)
    return None


def _with_verdicts(further: Judged, judged: Judged | None) -> Judged:
    """Return a move that we make, with the verdicts on the change that led to it."""
    if judged is None or further.active != judged.active:
        return further
    own = {one.rule for one in further.judgement.verdicts}
    passed = [one for one in judged.judgement.verdicts if one.rule not in own]
    verdicts = (*further.judgement.verdicts, *passed)
    return replace(further, judgement=replace(further.judgement, verdicts=verdicts))


def _see_to_hold(
    round_: Round, found: _Found, look: Look, evidence: Evidence, now: datetime
) -> Judged | None:
    """Return what is to be done about the move that waits for this record.

    It is made if nothing is missing any more; while it waits, what it lacks is kept.
    """
    hold = round_.holds.get(look.claimed.id)
    if hold is None or round_.is_paused(hold.process_id):
        return None
    active = next(
        (
            one
            for one in round_.of_record(look.claimed.id, look.record.ref.kind)
            if one.version.process_id == hold.process_id
        ),
        None,
    )
    if active is None:
        return None
    wish = Wish(hold.from_stage, hold.to_stage, hold.opened_at)
    verdict = judge_wish(active.policy, wish, look.record, evidence, now)
    change = _moving(look, hold.to_stage)
    match verdict.state:
        case WishState.MET:
            judgement = judge(active.policy, change, evidence, now)
            made = replace(
                NO_PLAN,
                put_back={STAGE: hold.to_stage},
                occasion=Occasion.HOLD_MET,
            )
            return Judged(look, active, judgement, made)
        case WishState.EXPIRED | WishState.VOID:
            over = replace(
                NO_PLAN, explain=verdict.lacks, occasion=_OVER[verdict.state]
            )
            return Judged(look, active, Judgement(change, verdict.lacks), over)
        case WishState.WAITS:
            found.lacks[look.claimed.id] = verdict.lacks
            return None
        case WishState.MOVED:
            return None
        case _:
            assert_never(verdict.state)


def _move_on(
    round_: Round, look: Look, evidence: Evidence, now: datetime
) -> Judged | None:
    """Return the move to the next stage that follows from what has happened."""
    since = look.claimed.stage_entered_at or look.record.created_at
    for active in round_.of_record(look.claimed.id, look.record.ref.kind):
        found = find_auto_move(
            active.policy,
            look.change,
            evidence,
            since=max(since, active.version.published_at),
            told_at=round_.told_at.get(look.claimed.id, {}),
            now=now,
        )
        if found is None:
            continue
        move, verdict = found
        planned = _allowed(round_, active, plan_auto_move(move, verdict))
        is_moved = bool(planned.put_back)
        change = (
            _moving(look, move.to_stage)
            if is_moved
            else Change(look.record, look.record, look.change.actor)
        )
        return Judged(
            look,
            active,
            Judgement(change, (verdict,)),
            planned,
        )
    return None


def _convert(
    round_: Round, look: Look, evidence: Evidence, now: datetime
) -> Judged | None:
    """Return what there is to say of a lead that is, or is not, converted."""
    for active in round_.of_record(look.claimed.id, look.record.ref.kind):
        verdict = judge_conversion(
            active.policy,
            look.record,
            evidence,
            told={one.rule for one in round_.standing.get(look.claimed.id, ())},
            now=now,
        )
        if verdict is not None:
            planned = _allowed(round_, active, plan_telling(verdict))
            change = Change(look.record, look.record, look.change.actor)
            return Judged(look, active, Judgement(change, (verdict,)), planned)
    return None


def _allowed(round_: Round, active: Active, planned: Plan) -> Plan:
    """Return what may be done of a plan: nothing in a pause."""
    return NO_PLAN if round_.is_paused(active.version.process_id) else planned


def _moving(look: Look, to: StageId) -> Change:
    """Return the move that we make ourselves."""
    return Change(
        before=look.record,
        after=with_values(look.record, {STAGE: to}),
        actor=Actor(ActorClass.OURSELVES),
    )


def _find_met(
    round_: Round, found: _Found, evidence: EvidenceOf, now: datetime
) -> dict[int, list[int]]:
    """Return the violations that are over of records that stay as they were read."""
    met = {}
    for row_id, look in found.looks.items():
        judged = found.judged.get(row_id)
        is_written = judged is not None and bool(judged.plan.put_back)
        if not is_written and row_id not in round_.planned:
            facts = evidence.get(look.record.ref, NO_EVIDENCE)
            met[row_id] = find_met_violations(round_, look, facts, now)
    return met


def _confirm(round_: Round, found: _Found, evidence: EvidenceOf, now: datetime) -> None:
    """Read again what is to be written, with its history, and judge that.

    Their way through the stages may show steps that no hint told of. One that has
    moved on since it was read is left for another look, which asks for its evidence.
    """
    writes = [one.look for one in found.judged.values() if one.plan.put_back]
    for kind in sorted({look.record.ref.kind for look in writes}):
        of_kind = [look for look in writes if look.record.ref.kind is kind]
        refs = [look.record.ref for look in of_kind]
        traced = round_.crm.trace(refs, round_.fields_of(kind))
        for look in of_kind:
            after = traced.get(look.record.ref)
            if after is None or not is_same_state(after.record, look.record):
                found.drop(look.claimed)
                left = found.gone if after is None else found.stale
                left[look.claimed.id] = look.claimed
                continue
            retold = retell(round_, look.claimed, after)
            found.put(retold, _judge(round_, found, retold, evidence, now))
