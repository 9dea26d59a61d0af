"""What stands against a record though nobody has just changed it: told once, then met.

A part of judging a round; nothing is written here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from connector.services.episodes import Judged, Look
from connector.services.policies import Active
from connector.services.rounds import Round
from connector.store.violations import OpenViolation
from rules.interventions import NO_PLAN
from rules.model import (
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    Judgement,
    RuleId,
    Verdict,
)
from rules.standing import evidence_standing, find_met, judge_standing, untold


def evidence_for_standing(
    round_: Round, active: Active, look: Look
) -> frozenset[EvidenceKind]:
    """Return the evidence that it takes to judge a record as it stands."""
    rules = powers_of(_standing(round_, look), active.version.process_id)
    return evidence_standing(active.policy, look.record, rules.keys())


def add_lapsed(
    round_: Round,
    look: Look,
    judged: Judged | None,
    evidence: Evidence,
    now: datetime,
) -> Judged | None:
    """Add to what was judged what time has made false since it was last told.

    Not to what is put back: that record is looked at again as it then stands.
    """
    if judged is not None and judged.plan.put_back:
        return judged
    for active in round_.of_record(look.claimed.id, look.record.ref.kind):
        if judged is not None and judged.active is not active:
            continue
        lapsed = _find_lapsed(round_, look, active, evidence, now)
        if not lapsed:
            continue
        if judged is None:
            judged = Judged(look, active, _unchanged(look), NO_PLAN)
        return _with_told(judged, lapsed)
    return judged


def find_met_violations(
    round_: Round, look: Look, evidence: Evidence, now: datetime
) -> list[int]:
    """Return the rows of the violations that are met as the record stands."""
    met: list[int] = []
    standing = _standing(round_, look)
    for active in round_.of_record(look.claimed.id, look.record.ref.kind):
        process_id = active.version.process_id
        rules = powers_of(standing, process_id)
        found = find_met(active.policy, look.record, rules.keys(), evidence, now)
        met += [
            one.id
            for one in standing
            if one.process_id == process_id and one.rule in found
        ]
    return met


def powers_of(
    standing: Iterable[OpenViolation], process_id: int
) -> dict[RuleId, Enforcement]:
    """Return which rules of a process stand violated, and how much power they had."""
    return {
        one.rule: one.enforcement for one in standing if one.process_id == process_id
    }


def with_pause(verdicts: Iterable[Verdict], *, is_paused: bool) -> list[Verdict]:
    """Return the verdicts with the power that they have: none to act in a pause."""
    if not is_paused:
        return list(verdicts)
    return [replace(one, enforcement=Enforcement.OBSERVE) for one in verdicts]


def _standing(round_: Round, look: Look) -> Sequence[OpenViolation]:
    return round_.standing.get(look.claimed.id, ())


def _find_lapsed(
    round_: Round, look: Look, active: Active, evidence: Evidence, now: datetime
) -> tuple[Verdict, ...]:
    failed = judge_standing(active.policy, look.record, evidence, now).failed()
    process_id = active.version.process_id
    told = powers_of(_standing(round_, look), process_id)
    is_paused = round_.is_paused(process_id)
    return untold(with_pause(failed, is_paused=is_paused), told)


def _unchanged(look: Look) -> Judgement:
    return Judgement(Change(look.record, look.record))


def _with_told(judged: Judged, lapsed: Iterable[Verdict]) -> Judged:
    """Return what was judged, with verdicts that a note and a task tell as well."""
    own = {one.rule for one in judged.judgement.verdicts}
    more = tuple(one for one in lapsed if one.rule not in own)
    told = tuple(one for one in more if one.enforcement is Enforcement.FLAG)
    judgement, planned = judged.judgement, judged.plan
    return replace(
        judged,
        judgement=replace(judgement, verdicts=(*judgement.verdicts, *more)),
        plan=replace(
            planned,
            explain=(*planned.explain, *told),
            ask=(*planned.ask, *told),
        ),
    )
