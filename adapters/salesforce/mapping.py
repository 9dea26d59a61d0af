"""Salesforce's rows to our values and back. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.ports import CrmUser, Passage, Traced
from adapters.salesforce.actors import to_actor
from adapters.salesforce.ids import to_18
from adapters.salesforce.kinds import (
    CREATED,
    MASTER_RECORD_TYPE,
    MODIFIED,
    OWNER_FIELD,
    RECORD_TYPE,
    ObjectType,
)
from adapters.salesforce.values import to_instant, to_value, to_wire
from adapters.wire import Json, part, text
from rules.model import (
    PLACES,
    UNKNOWN_ACTOR,
    Actor,
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


def field_names(
    kind: ObjectType, fields: FieldMap, *, has_record_types: bool
) -> list[str]:
    """Return the fields to ask for, each once, in a steady order.

    An object without record types lacks the field for them, and a request that names a
    field that is not there fails whole.
    """
    wanted = (theirs for ours, theirs in sorted(fields.items()) if ours not in PLACES)
    record_type = (RECORD_TYPE,) if has_record_types else ()
    return list(dict.fromkeys([*kind.standing, *record_type, *wanted]))


def to_ref(kind: Kind, record_id: str) -> RecordRef:
    """Return a reference to a record; raises ValueError for what is no id."""
    return RecordRef(kind, RecordId(to_18(record_id)))


def to_record(
    row: Json,
    ref: RecordRef,
    kind: ObjectType,
    *,
    fields: FieldMap,
    types: Types,
    site_url: str,
) -> Record:
    """Return the record of a row; `types` says what its fields hold.

    `site_url` is where people open the organisation.
    """
    stage, owner = _stage_of(row, kind), text(row, OWNER_FIELD)
    return Record(
        ref=ref,
        name=text(row, "Name") or f"{kind.name} {ref.id}",
        pipeline=PipelineId(text(row, RECORD_TYPE) or MASTER_RECORD_TYPE)
        if kind.stage
        else None,
        stage=StageId(stage) if stage else None,
        owner=OwnerId(owner) if owner else None,
        created_at=to_instant(row.get(CREATED)) or _EPOCH,
        modified_at=to_instant(row.get(MODIFIED)) or _EPOCH,
        fields={
            ours: to_value(row.get(theirs), types.get(theirs, FieldType.TEXT))
            for ours, theirs in fields.items()
            if ours not in PLACES
        },
        url=f"{site_url}/lightning/r/{kind.name}/{ref.id}/view",
    )


def _stage_of(row: Json, kind: ObjectType) -> str:
    return text(row, kind.stage) if kind.stage else ""


def to_author(row: Json, *, ours: str | None) -> Actor:
    """Return who made a row, from what was asked for of its `CreatedBy`."""
    author = part(row, "CreatedBy")
    return to_actor(
        text(row, "CreatedById"),
        ours=ours,
        name=text(author, "Name"),
        user_type=text(author, "UserType"),
    )


def to_traced(
    record: Record,
    history: Sequence[Json] | None,
    kind: ObjectType,
    *,
    ours: str | None,
    creator: Actor = UNKNOWN_ACTOR,
) -> Traced:
    """Return the record with its way through the stages, oldest first.

    `history` are rows of the kind's history, in the order of their CreatedDate; None if
    there is none. Rows that tell of something else than the stage are passed over. A
    history by field tells of moves only: where a record stood at first, `creator` put
    it.
    """
    passages: list[Passage] = []
    for row in history or ():
        if row.get("Field", kind.stage) != kind.stage:
            continue
        if "NewValue" in row and not passages and row.get("OldValue"):
            stage = StageId(text(row, "OldValue"))
            passages.append(Passage(stage, record.created_at, creator))
        stage = StageId(text(row, "NewValue") or _stage_of(row, kind))
        if not stage or (passages and passages[-1].stage == stage):
            continue
        entered_at = to_instant(row.get("CreatedDate")) or _EPOCH
        passages.append(Passage(stage, entered_at, to_author(row, ours=ours)))
    tells_moves = (
        history is not None and kind.history is not None and kind.history.is_by_field
    )
    if tells_moves and not passages and record.stage is not None:
        passages.append(Passage(record.stage, record.created_at, creator))
    return Traced(record, tuple(passages))


def to_wire_fields(
    values: Mapping[FieldName, Value], kind: ObjectType, fields: FieldMap, types: Types
) -> dict[str, str | float | bool | None]:
    """Return what to set on the wire.

    The stage resets probability and forecast category, unless these are sent along:
    so a faithful return holds all three. Raises KeyError for a field that is not in
    the field map.
    """
    found: dict[str, str | float | bool | None] = {}
    for ours, value in values.items():
        theirs = kind.place_of(ours) or fields[ours]
        if theirs == RECORD_TYPE and value == MASTER_RECORD_TYPE:
            # It stands for having no record type.
            value = None  # noqa: PLW2901
        found[theirs] = to_wire(value, types.get(theirs))
    return found


def to_user(row: Json) -> CrmUser:
    """Return a person who can own records; inactive ones are former colleagues."""
    email, manager = text(row, "Email"), text(row, "ManagerId")
    return CrmUser(
        owner=OwnerId(to_18(text(row, "Id"))),
        email=email,
        name=text(row, "Name") or email,
        is_active=row.get("IsActive") is not False,
        manager=OwnerId(to_18(manager)) if manager else None,
    )
