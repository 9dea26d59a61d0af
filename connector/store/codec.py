"""The values of `rules.model` as JSON, and back.

Plain text, numbers and booleans stay as they are; a day and an instant are marked,
because JSON has neither.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rules.interventions import Occasion, Plan
from rules.model import (
    Actor,
    ActorClass,
    Change,
    Enforcement,
    FieldName,
    GoalId,
    Kind,
    OwnerId,
    PipelineId,
    Reason,
    ReasonCode,
    Record,
    RecordId,
    RecordRef,
    Result,
    RuleId,
    StageId,
    Value,
    Verdict,
)

Json = dict[str, Any]


def value_to_json(value: Value) -> Any:
    """Return a value as JSON; days and instants as a marked ISO 8601 text."""
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value


def value_from_json(plain: Any) -> Value:
    """Return the value that `value_to_json` was given."""
    if isinstance(plain, dict):
        if "instant" in plain:
            return datetime.fromisoformat(plain["instant"])
        return date.fromisoformat(plain["day"])
    found: Value = plain
    return found


def values_to_json(values: Mapping[FieldName, Value]) -> Json:
    """Return named values as a JSON object."""
    return {name: value_to_json(value) for name, value in values.items()}


def values_from_json(plain: Mapping[str, Any]) -> dict[FieldName, Value]:
    """Return the named values of a JSON object."""
    return {FieldName(name): value_from_json(value) for name, value in plain.items()}


def record_to_json(record: Record) -> Json:
    """Return a record as a JSON object."""
    return {
        "kind": record.ref.kind.value,
        "id": record.ref.id,
        "name": record.name,
        "pipeline": record.pipeline,
        "stage": record.stage,
        "owner": record.owner,
        "created_at": record.created_at.isoformat(),
        "modified_at": record.modified_at.isoformat(),
        "fields": values_to_json(record.fields),
        "url": record.url,
    }


def record_from_json(plain: Mapping[str, Any]) -> Record:
    """Return the record that `record_to_json` was given."""
    return Record(
        ref=RecordRef(Kind(plain["kind"]), RecordId(plain["id"])),
        name=plain["name"],
        pipeline=_named(PipelineId, plain["pipeline"]),
        stage=_named(StageId, plain["stage"]),
        owner=_named(OwnerId, plain["owner"]),
        created_at=datetime.fromisoformat(plain["created_at"]),
        modified_at=datetime.fromisoformat(plain["modified_at"]),
        fields=values_from_json(plain["fields"]),
        url=plain["url"],
    )


def change_to_json(change: Change) -> Json:
    """Return a change as a JSON object."""
    return {
        "before": None if change.before is None else record_to_json(change.before),
        "after": record_to_json(change.after),
        "actor": {
            "kind": change.actor.kind.value,
            "name": change.actor.name,
            "user_id": change.actor.user_id,
        },
        "is_new": change.is_new,
    }


def change_from_json(plain: Mapping[str, Any]) -> Change:
    """Return the change that `change_to_json` was given."""
    before = plain["before"]
    actor = plain["actor"]
    return Change(
        before=None if before is None else record_from_json(before),
        after=record_from_json(plain["after"]),
        actor=Actor(ActorClass(actor["kind"]), actor["name"], actor["user_id"]),
        is_new=plain["is_new"],
    )


def reason_to_json(reason: Reason) -> Json:
    """Return a reason as a JSON object."""
    return {
        "code": reason.code.value,
        "facts": {name: value_to_json(value) for name, value in reason.facts.items()},
    }


def reason_from_json(plain: Mapping[str, Any]) -> Reason:
    """Return the reason that `reason_to_json` was given."""
    return Reason(
        ReasonCode(plain["code"]),
        {name: value_from_json(value) for name, value in plain["facts"].items()},
    )


def verdicts_to_json(verdicts: Sequence[Verdict]) -> list[Json]:
    """Return verdicts as a JSON array."""
    return [
        {
            "rule": verdict.rule,
            "result": verdict.result.value,
            "enforcement": verdict.enforcement.value,
            "goal": verdict.goal,
            "reason": reason_to_json(verdict.reason),
        }
        for verdict in verdicts
    ]


def verdicts_from_json(plain: Sequence[Mapping[str, Any]]) -> tuple[Verdict, ...]:
    """Return the verdicts that `verdicts_to_json` was given."""
    return tuple(
        Verdict(
            rule=RuleId(row["rule"]),
            result=Result(row["result"]),
            enforcement=Enforcement(row["enforcement"]),
            reason=reason_from_json(row["reason"]),
            goal=_named(GoalId, row["goal"]),
        )
        for row in plain
    )


def plan_to_json(plan: Plan) -> Json:
    """Return a plan as a JSON object; its verdicts stand with the judgement."""
    return {
        "put_back": values_to_json(plan.put_back),
        "return_to": plan.return_to,
        "hold": plan.hold,
        "explain": [verdict.rule for verdict in plan.explain],
        "ask": [verdict.rule for verdict in plan.ask],
        "duel": plan.duel,
        "occasion": plan.occasion.value,
    }


def plan_from_json(plain: Mapping[str, Any], verdicts: Sequence[Verdict]) -> Plan:
    """Return the plan that `plan_to_json` was given, on the same verdicts."""
    by_rule = {verdict.rule: verdict for verdict in verdicts}
    return Plan(
        put_back=values_from_json(plain["put_back"]),
        return_to=_named(StageId, plain["return_to"]),
        hold=_named(StageId, plain["hold"]),
        explain=tuple(by_rule[rule] for rule in plain["explain"]),
        ask=tuple(by_rule[rule] for rule in plain["ask"]),
        duel=plain["duel"],
        occasion=Occasion(plain.get("occasion", Occasion.CHANGE)),
    )


def _named(make: Any, plain: str | None) -> Any:
    return None if plain is None else make(plain)
