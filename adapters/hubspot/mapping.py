"""HubSpot's JSON to our values and back. Pure, and the only place that knows it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.hubspot.actors import to_actor
from adapters.hubspot.kinds import (
    CONVERTED,
    FOLLOWS_THE_STAGE,
    LIFECYCLE_PIPELINE,
    OWNER_PROPERTY,
    SHARES,
    ObjectType,
)
from adapters.hubspot.values import to_field_type, to_instant, to_value, to_wire
from adapters.ports import CrmUser, Passage, Traced
from adapters.wire import Json, part, parts, text
from rules.account import AccountPipeline, AccountProperty, AccountStage
from rules.model import (
    PIPELINE,
    PLACES,
    FieldMap,
    FieldName,
    FieldType,
    Kind,
    OwnerId,
    PipelineId,
    PropertyName,
    Record,
    RecordId,
    RecordRef,
    StageId,
    Value,
)

Types = Mapping[PropertyName, FieldType]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WON, _LOST = 1.0, 0.0
_PERCENT, _PLACES = 100, 6


def property_names(kind: ObjectType, fields: FieldMap) -> list[str]:
    """Return the properties to ask for, each once, in a steady order."""
    wanted = (theirs for ours, theirs in sorted(fields.items()) if ours not in PLACES)
    return list(dict.fromkeys([*kind.standing, *wanted]))


def to_record(
    raw: Json,
    ref: RecordRef,
    kind: ObjectType,
    *,
    fields: FieldMap,
    types: Types,
    portal_id: str,
) -> Record:
    """Return the record of an object; `types` says what its properties hold."""
    values = part(raw, "properties")
    stage = values.get(kind.stage)
    modified = to_instant(values.get(kind.modified)) or to_instant(raw.get("updatedAt"))
    return Record(
        ref=ref,
        name=_name(kind, values, ref),
        pipeline=_pipeline(kind, values),
        stage=StageId(stage) if stage else None,
        owner=OwnerId(str(values[OWNER_PROPERTY]))
        if values.get(OWNER_PROPERTY)
        else None,
        created_at=to_instant(raw.get("createdAt")) or _EPOCH,
        modified_at=modified or _EPOCH,
        fields={
            ours: _to_value(values.get(theirs), theirs, types)
            for ours, theirs in fields.items()
            if ours not in PLACES
        },
        url=f"https://app.hubspot.com/contacts/{portal_id}/record/"
        f"{kind.type_id}/{ref.id}",
    )


def _to_value(wire: str | None, theirs: PropertyName, types: Types) -> Value:
    value = to_value(wire, types.get(theirs, FieldType.TEXT))
    if theirs in SHARES and isinstance(value, float):
        return round(value * _PERCENT, _PLACES)
    return value


def _name(kind: ObjectType, values: Json, ref: RecordRef) -> str:
    parts = [str(values[name]) for name in kind.names if values.get(name)]
    if kind.scope == "contacts":
        # The e-mail address only speaks for a contact without a name.
        named = [str(values[one]) for one in kind.names[:2] if values.get(one)]
        parts = [" ".join(named)] if named else parts
    return parts[0] if parts else f"{ref.kind} {ref.id}"


def _pipeline(kind: ObjectType, values: Json) -> PipelineId | None:
    if kind.pipeline is None:
        return PipelineId(LIFECYCLE_PIPELINE)
    found = values.get(kind.pipeline)
    return PipelineId(found) if found else None


def to_traced(
    raw: Json, record: Record, kind: ObjectType, app_id: int | None
) -> Traced:
    """Return the record with its way through the stages, oldest first."""
    versions = parts(part(raw, "propertiesWithHistory"), kind.stage)
    passages: list[Passage] = []
    # HubSpot lists the newest first: of two in one millisecond the later one is older.
    dated = [
        (to_instant(one.get("timestamp")) or _EPOCH, one) for one in reversed(versions)
    ]
    for entered_at, one in sorted(dated, key=lambda pair: pair[0]):
        stage = one.get("value")
        if not stage or (passages and passages[-1].stage == stage):
            continue
        actor = to_actor(
            text(one, "sourceType"),
            text(one, "sourceId"),
            app_id=app_id,
            user_id=text(one, "updatedByUserId"),
            label=text(one, "sourceLabel"),
        )
        passages.append(Passage(StageId(stage), entered_at, actor))
    return Traced(record, tuple(passages))


def to_wire_properties(
    values: Mapping[FieldName, Value], kind: ObjectType, fields: FieldMap, types: Types
) -> dict[str, str]:
    """Return what to set on the wire; what HubSpot derives from the stage is left out.

    Raises KeyError for a field that is not in the field map.
    """
    found: dict[str, str] = {}
    for ours, value in values.items():
        theirs = kind.place_of(ours)
        if theirs is None:
            if ours == PIPELINE:
                continue
            theirs = fields[ours]
        if theirs not in FOLLOWS_THE_STAGE:
            found[theirs] = to_wire(value, types.get(theirs))
    return found


def to_pipelines(raw: Json) -> tuple[AccountPipeline, ...]:
    """Return the pipelines of an object type, in the account's order."""
    return tuple(
        AccountPipeline(
            id=PipelineId(str(one["id"])),
            label=str(one.get("label") or one["id"]),
            stages=tuple(_to_stage(stage) for stage in _ordered(one, "stages")),
        )
        for one in _ordered(raw, "results")
    )


def _ordered(raw: Json | None, name: str) -> list[Json]:
    return sorted(parts(raw, name), key=lambda one: int(one.get("displayOrder") or 0))


def _to_stage(raw: Json) -> AccountStage:
    facts = part(raw, "metadata")
    state = facts.get("leadState")
    probability = _probability(facts)
    is_closed = facts.get("isClosed") in {"true", True}
    if state:
        is_closed = state in {"QUALIFIED", "UNQUALIFIED"}
    elif "isClosed" not in facts:
        is_closed = probability in {_WON, _LOST}
    is_won = state == "QUALIFIED" if state else probability == _WON
    return AccountStage(
        id=StageId(str(raw["id"])),
        label=str(raw.get("label") or raw["id"]),
        is_closed=is_closed,
        is_won=is_closed and is_won,
        is_archived=bool(raw.get("archived")),
    )


def _probability(facts: Json) -> float | None:
    try:
        return float(facts.get("probability") or "")
    except ValueError:
        return None


def to_lifecycle(properties: Sequence[Json], name: str) -> tuple[AccountPipeline, ...]:
    """Return the pipeline that a property's options make, or nothing."""
    found = next((one for one in properties if one.get("name") == name), None)
    options = _ordered(found, "options")
    if not options:
        return ()
    stages = tuple(
        AccountStage(
            StageId(str(one["value"])),
            str(one.get("label") or one["value"]),
            is_closed=one["value"] in CONVERTED,
            is_won=one["value"] in CONVERTED,
        )
        for one in options
    )
    label = text(found, "label") or "Lifecycle stage"
    return (AccountPipeline(PipelineId(LIFECYCLE_PIPELINE), label, stages),)


def to_property(raw: Json) -> AccountProperty:
    """Return a property as the account has it."""
    about = part(raw, "modificationMetadata")
    return AccountProperty(
        name=PropertyName(str(raw["name"])),
        label=str(raw.get("label") or raw["name"]),
        type=to_field_type(str(raw.get("type") or "")),
        is_read_only=bool(about.get("readOnlyValue") or raw.get("calculated")),
        # What is chosen from a list is of the type enumeration.
        is_free_text=raw.get("type") == "string",
        options=_named_otherwise(raw),
    )


def _named_otherwise(raw: Json) -> dict[str, str]:
    """Return the values that people know by another name, each with that name."""
    named = {
        str(one.get("value")): str(one.get("label") or "")
        for one in _ordered(raw, "options")
    }
    return {value: label for value, label in named.items() if label not in {"", value}}


def to_user(raw: Json) -> CrmUser:
    """Return a person who can own records; archived ones are former colleagues."""
    email = str(raw.get("email") or "")
    parts = (raw.get("firstName"), raw.get("lastName"))
    return CrmUser(
        owner=OwnerId(str(raw["id"])),
        email=email,
        name=" ".join(str(part) for part in parts if part) or email,
        is_active=not raw.get("archived"),
    )


def to_ref(kind: Kind, record_id: object) -> RecordRef:
    """Return a reference to a record."""
    return RecordRef(kind, RecordId(str(record_id)))
