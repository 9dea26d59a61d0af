"""Small builders of the values that rules speak about; no vendor's words.

Every builder gives something sensible and takes what the test is about. The stages'
ids are `s-` and their key; the pipeline is `sales`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rules.expressions import Condition, compile_condition
from rules.model import (
    UNKNOWN_ACTOR,
    Actor,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    FieldName,
    FieldType,
    GoalId,
    Kind,
    OwnerId,
    PipelineId,
    PropertyName,
    Record,
    RecordId,
    RecordRef,
    RuleId,
    StageId,
    Tally,
    Value,
)
from rules.policy import (
    Allow,
    Calendar,
    Check,
    Duration,
    FollowUp,
    MoveRule,
    OnFail,
    Policy,
    Recipient,
    Stage,
    StartKind,
    Starts,
    Step,
    StepKind,
    Unit,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""A Tuesday, noon UTC."""

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

PIPELINE = PipelineId("sales")
GOAL = GoalId("forecast")

TYPES: Mapping[FieldName, FieldType] = {
    FieldName("amount"): FieldType.NUMBER,
    FieldName("discount"): FieldType.NUMBER,
    FieldName("probability"): FieldType.NUMBER,
    FieldName("close_date"): FieldType.DATE,
    FieldName("contract_date"): FieldType.DATE,
    FieldName("decision_maker"): FieldType.TEXT,
    FieldName("lost_reason"): FieldType.TEXT,
    FieldName("currency"): FieldType.TEXT,
}


def a_condition(text: str, types: Mapping[FieldName, FieldType] = TYPES) -> Condition:
    """Return a compiled condition on the fields of `TYPES`."""
    return compile_condition(text, types)


def stage_id(key: str) -> StageId:
    return StageId(f"s-{key}")


def a_stage(
    key: str,
    position: int | None,
    *,
    requires: tuple[str, ...] = (),
    gate: str | None = None,
    enforcement: Enforcement = Enforcement.ENFORCE,
    is_closed: bool = False,
    label: str | None = None,
) -> Stage:
    return Stage(
        key=key,
        id=stage_id(key),
        label=label or key.replace("_", " ").capitalize(),
        position=position,
        requires=tuple(FieldName(name) for name in requires),
        gate=None if gate is None else a_condition(gate),
        enforcement=enforcement,
        goal=GOAL,
        is_closed=is_closed,
    )


def the_stages(enforcement: Enforcement = Enforcement.ENFORCE) -> tuple[Stage, ...]:
    """Return lead, qualification, demo, quote_sent, negotiation, won; beside: lost."""
    e = enforcement
    return (
        a_stage("lead", 0, enforcement=e),
        a_stage("qualification", 1, requires=("decision_maker",), enforcement=e),
        a_stage("demo", 2, gate="meetings >= 1", enforcement=e),
        a_stage(
            "quote_sent",
            3,
            requires=("amount", "close_date"),
            gate="quotes >= 1",
            enforcement=e,
        ),
        a_stage("negotiation", 4, enforcement=e),
        a_stage("won", 5, requires=("contract_date",), enforcement=e, is_closed=True),
        a_stage("lost", None, requires=("lost_reason",), enforcement=e, is_closed=True),
    )


def a_move_rule(name: str, enforcement: Enforcement = Enforcement.ENFORCE) -> MoveRule:
    return MoveRule(RuleId(f"move.{name}"), enforcement, GOAL)


def a_check(
    name: str,
    condition: str,
    *,
    enforcement: Enforcement = Enforcement.ENFORCE,
    on_fail: OnFail = OnFail.RESTORE,
    while_open: bool = False,
    stages: tuple[str, ...] = (),
) -> Check:
    return Check(
        id=RuleId(f"check.{name}"),
        condition=a_condition(condition),
        enforcement=enforcement,
        on_fail=on_fail,
        goal=GOAL,
        while_open=while_open,
        stages=frozenset(stage_id(key) for key in stages),
    )


def an_allow(from_key: str, to_key: str, *, when: str | None, why: str) -> Allow:
    return Allow(
        from_stage=stage_id(from_key),
        to_stage=stage_id(to_key),
        why=why,
        when=None if when is None else a_condition(when),
    )


def a_policy(
    *, enforcement: Enforcement = Enforcement.ENFORCE, **changes: Any
) -> Policy:
    """Return a policy with every rule at `enforcement`; `changes` replace its parts."""
    policy = Policy(
        process="new-business",
        title={"en": "New business", "nl": "Nieuwe klanten"},
        connection="acme",
        kind=Kind.DEAL,
        pipeline=PIPELINE,
        since=None,
        locale="en",
        calendar=Calendar(timezone="Europe/Amsterdam"),
        stages=the_stages(enforcement),
        sponsor="anna@example.com",
        fallback="sales-ops@example.com",
        goals={
            GOAL: {
                "en": "We see where deals really stall.",
                "nl": "We zien waar deals echt vastlopen.",
            },
            GoalId("follow-up"): {
                "en": "No deal is forgotten.",
                "nl": "Geen deal wordt vergeten.",
            },
        },
        fields={name: PropertyName(name) for name in TYPES},
        types=TYPES,
        labels={FieldName("decision_maker"): "Decision maker"},
        skip=a_move_rule("skip", enforcement),
        back=a_move_rule("back", enforcement),
        born_late=a_move_rule("born_late", enforcement),
        checks=(
            a_check("amount-not-negative", "amount >= 0", enforcement=enforcement),
        ),
    )
    return replace(policy, **changes)


def a_record(
    stage: str | None = "lead",
    *,
    fields: Mapping[str, Value] | None = None,
    **changes: Any,
) -> Record:
    """Return a deal in a stage, by key; `fields` are added to a set of empty ones."""
    record = Record(
        ref=RecordRef(Kind.DEAL, RecordId("1001")),
        name="Acme renewal",
        pipeline=PIPELINE,
        stage=None if stage is None else stage_id(stage),
        owner=OwnerId("77"),
        created_at=LONG_AGO,
        modified_at=NOW,
        fields={
            **dict.fromkeys(TYPES),
            **{FieldName(name): value for name, value in (fields or {}).items()},
        },
        url="https://crm.example.com/deals/1001",
    )
    return replace(record, **changes)


def a_change(
    before: str | Record | None,
    after: str | Record,
    *,
    fields: Mapping[str, Value] | None = None,
    actor: Actor = UNKNOWN_ACTOR,
    is_new: bool = False,
) -> Change:
    """Return a change between two records, or of one record between two stages.

    Stages are given by key; `fields` are the record's own, the same on both sides.
    """
    if isinstance(before, str):
        before = a_record(before, fields=fields)
    if isinstance(after, str):
        after = a_record(after, fields=fields)
    return Change(before=before, after=after, actor=actor, is_new=is_new)


def evidence_of(**counts: int) -> Evidence:
    """Return evidence of all kinds; what is not named counts zero."""
    return Evidence({kind: Tally(counts.get(kind.value, 0)) for kind in EvidenceKind})


def a_follow_up(
    name: str = "call-new-lead",
    *,
    starts: Starts | None = None,
    done_by: tuple[EvidenceKind, ...] = (EvidenceKind.CALLS, EvidenceKind.MEETINGS),
    steps: tuple[tuple[str, StepKind, Recipient], ...] = (
        ("24h", StepKind.REMIND, Recipient.OWNER),
        ("48h", StepKind.ESCALATE, Recipient.MANAGER),
    ),
    **changes: Any,
) -> FollowUp:
    """Return a follow-up on deals with a task and a ladder of a reminder and more."""
    follow_up = FollowUp(
        id=RuleId(f"follow_up.{name}"),
        name=name,
        kind=Kind.DEAL,
        starts=starts or Starts(StartKind.CREATED),
        done_by=frozenset(done_by),
        enforcement=Enforcement.ENFORCE,
        goal=GoalId("follow-up"),
        task={"en": "Call {name}", "nl": "Bel {name}"},
        due=a_duration("24h"),
        ladder=tuple(
            Step(a_duration(after), kind, recipient) for after, kind, recipient in steps
        ),
    )
    return replace(follow_up, **changes)


def a_duration(text: str) -> Duration:
    """Return a length such as `24h` or `5wd`."""
    digits = text.rstrip("smhdw")
    return Duration(int(digits), Unit(text.removeprefix(digits)))
