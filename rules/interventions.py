"""What is to be done about a judgement. Pure: a plan, carried out by the services."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.demands import LACKING
from rules.model import (
    CLOSE_DATE,
    FORECAST_CATEGORY,
    PROBABILITY,
    STAGE,
    Enforcement,
    FieldName,
    Judgement,
    ReasonCode,
    Result,
    StageId,
    Value,
    Verdict,
)
from rules.moves import is_same
from rules.policy import Policy

ORDER = frozenset({ReasonCode.STAGES_SKIPPED, ReasonCode.BORN_LATE})
"""Reasons that ask a person to act only while the record is left where it is."""

BROKEN = frozenset({ReasonCode.CHECK_FAILED, ReasonCode.CHECK_NOT_MET})
"""Reasons that say that a value is not as agreed."""


class Occasion(StrEnum):
    """Why something is to be done.

    `change`: a change was judged. The others are ours: the change that was judged is
    one that is still to be made, or never will be. `hold_met`: what a wanted move
    lacked has come. `hold_expired`, `hold_void`: it waits no longer, for it is too old,
    or for the policy knows it no more. `auto_move`: facts say that it stands behind.
    `undo`: somebody wants what we did taken back.
    """

    CHANGE = "change"
    HOLD_MET = "hold_met"
    HOLD_EXPIRED = "hold_expired"
    HOLD_VOID = "hold_void"
    AUTO_MOVE = "auto_move"
    UNDO = "undo"


HOLDS = frozenset({Occasion.HOLD_MET, Occasion.HOLD_EXPIRED, Occasion.HOLD_VOID})
"""What comes of moves that wait."""
_FOLLOWS_THE_STAGE = (PROBABILITY, FORECAST_CATEGORY)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about one judgement.

    `put_back` are the values to write, `stage` among them when the record goes back to
    `return_to`; `hold` the move to remember; `explain` the verdicts that the note
    tells; `ask` those that the one task lists. `duel`: it would have been put back
    once too often today, so a person decides.
    """

    put_back: Mapping[FieldName, Value]
    return_to: StageId | None
    hold: StageId | None
    explain: tuple[Verdict, ...]
    ask: tuple[Verdict, ...]
    duel: bool
    occasion: Occasion = Occasion.CHANGE


NO_PLAN = Plan(put_back={}, return_to=None, hold=None, explain=(), ask=(), duel=False)
"""Nothing is to be done."""


def plan(
    policy: Policy,
    judgement: Judgement,
    *,
    returns_today: int = 0,
) -> Plan:
    """Return what this judgement asks to be done; an empty plan if nothing.

    After the policy's `returns_per_day` the record is only flagged: two automations
    may be fighting over it.
    """
    explain = tuple(judgement.failed(Enforcement.FLAG))
    put_back = _put_back(policy, judgement)
    flagged = Plan(
        put_back={},
        return_to=None,
        hold=None,
        explain=explain,
        ask=tuple(one for one in explain if _asks(one, put_back={})),
        duel=False,
    )
    if not explain or not put_back:
        return flagged
    if returns_today >= policy.returns_per_day:
        return replace(flagged, ask=explain, duel=True)
    return replace(
        flagged,
        put_back=put_back,
        return_to=judgement.return_to,
        hold=judgement.wanted if judgement.return_to is not None else None,
        ask=tuple(one for one in explain if _asks(one, put_back=put_back)),
    )


def plan_telling(verdict: Verdict) -> Plan:
    """Return the plan of telling somebody what is wrong with a record as it stands.

    A note and a task, if the rule has the power; nothing is written to the record.
    """
    is_told = verdict.result is Result.FAIL and verdict.enforcement in {
        Enforcement.FLAG,
        Enforcement.ENFORCE,
    }
    told = (verdict,) if is_told else ()
    return replace(NO_PLAN, explain=told, ask=told)


def _put_back(policy: Policy, judgement: Judgement) -> dict[FieldName, Value]:
    values = dict(judgement.restore)
    if judgement.return_to is not None:
        values = {**_side_effects(policy, judgement), **values}
        values[STAGE] = judgement.return_to
    return values


def _side_effects(policy: Policy, judgement: Judgement) -> dict[FieldName, Value]:
    """Return the former values of what the CRM changes by itself with the stage.

    It does so again when we put the stage back: what a person had set goes along even
    if it stands there unchanged, else the stage's own value would take its place.
    """
    before, after = judgement.change.before, judgement.change.after
    if before is None:
        return {}
    # Closing a record stamps its close date; a date set while it stayed open is a
    # person's own edit, and stays.
    is_closing = policy.is_closed(after.stage) and not policy.is_closed(before.stage)
    stamped = (CLOSE_DATE,) if is_closing else ()
    return {
        name: before.fields[name]
        for name in (*_FOLLOWS_THE_STAGE, *stamped)
        if name in before.fields
        and name in after.fields
        and (
            not is_same(before.fields[name], after.fields[name])
            or (name in _FOLLOWS_THE_STAGE and before.fields[name] is not None)
        )
    }


def _asks(verdict: Verdict, *, put_back: Mapping[FieldName, Value]) -> bool:
    """Return whether a person must act on this, given what we put back ourselves."""
    code = verdict.reason.code
    if code in LACKING:
        return verdict.reason.facts.get("field") not in put_back
    if code in ORDER:
        return STAGE not in put_back
    if code is ReasonCode.CONVERTED_EARLY:
        return True
    return code in BROKEN and verdict.reason.facts.get("field") not in put_back
