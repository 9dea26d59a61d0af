"""What an organisation has: describe, stages and record types to our shape. Pure.

Stages belong to the whole organisation; a record type chooses among them. Which ones it
chose, the UI API's picklist values tell:
developer.salesforce.com/docs/atlas.en-us.uiapi.meta/uiapi/
ui_api_resources_picklist_values.htm
"""

from collections.abc import Mapping, Sequence

from adapters.salesforce.ids import to_18
from adapters.salesforce.kinds import (
    MASTER_RECORD_TYPE,
    OWNER_FIELD,
    RECORD_TYPE,
    ObjectType,
)
from adapters.salesforce.values import to_field_type
from adapters.wire import Json, parts, text
from rules.account import AccountKind, AccountPipeline, AccountProperty, AccountStage
from rules.model import OWNER, STAGE, PipelineId, PropertyName, StageId

Offers = Mapping[str, frozenset[str]]
"""The stages that each record type offers, by its id of 18 characters."""

_COMPOUND = frozenset({"address", "location", "base64", "complexvalue"})
"""Made of other fields, or no value at all: no condition can be on them."""

_FREE_TEXTS = frozenset({"email", "phone", "string", "textarea", "url"})
"""What people write; a picklist or a reference is chosen."""


def to_account_kind(
    described: Json,
    kind: ObjectType,
    stages: Sequence[AccountStage],
    offers: Offers,
) -> AccountKind:
    """Return what the organisation has for one kind of record.

    A field that is switched off, or hidden from our user, is not described; so the
    usual names are those of `kind` whose fields are there.
    """
    properties = to_properties(described)
    known = {one.name for one in properties}
    return AccountKind(
        builtin={
            ours: theirs for ours, theirs in kind.builtin.items() if theirs in known
        },
        pipelines=to_pipelines(described, stages, offers) if kind.stage else (),
        properties=properties,
        places={} if kind.stage is None else {STAGE: kind.stage, OWNER: OWNER_FIELD},
    )


def to_properties(described: Json) -> tuple[AccountProperty, ...]:
    """Return the fields of an object that hold one value."""
    return tuple(
        AccountProperty(
            name=PropertyName(text(one, "name")),
            label=text(one, "label") or text(one, "name"),
            type=to_field_type(text(one, "type")),
            is_read_only=one.get("updateable") is not True,
            is_free_text=text(one, "type") in _FREE_TEXTS,
            options=_named_otherwise(one),
        )
        for one in parts(described, "fields")
        if text(one, "name") and text(one, "type") not in _COMPOUND
    )


def _named_otherwise(field: Json) -> dict[str, str]:
    """Return the values that people know by another name, each with that name."""
    named = {
        text(one, "value"): text(one, "label") for one in parts(field, "picklistValues")
    }
    return {value: label for value, label in named.items() if label not in {"", value}}


def has_record_types(described: Json) -> bool:
    """Return whether records of this object say of which record type they are."""
    return any(text(one, "name") == RECORD_TYPE for one in parts(described, "fields"))


def to_deal_stages(rows: Sequence[Json]) -> tuple[AccountStage, ...]:
    """Return the stages of OpportunityStage rows, in the organisation's order."""
    return tuple(
        AccountStage(
            id=StageId(text(row, "ApiName") or text(row, "MasterLabel")),
            label=text(row, "MasterLabel") or text(row, "ApiName"),
            is_closed=row.get("IsClosed") is True,
            is_won=row.get("IsWon") is True,
            is_archived=row.get("IsActive") is False,
        )
        for row in _ordered(rows)
    )


def to_lead_stages(rows: Sequence[Json]) -> tuple[AccountStage, ...]:
    """Return the stages of LeadStatus rows; a converted lead is won.

    Salesforce does not say which of the others ends a lead without success.
    """
    return tuple(
        AccountStage(
            id=StageId(text(row, "ApiName") or text(row, "MasterLabel")),
            label=text(row, "MasterLabel") or text(row, "ApiName"),
            is_closed=row.get("IsConverted") is True,
            is_won=row.get("IsConverted") is True,
        )
        for row in _ordered(rows)
    )


def to_offer(picklist: Json) -> frozenset[str]:
    """Return the stages that one record type offers, from its picklist values."""
    return frozenset(text(one, "value") for one in parts(picklist, "values"))


def to_pipelines(
    described: Json, stages: Sequence[AccountStage], offers: Offers
) -> tuple[AccountPipeline, ...]:
    """Return a pipeline for each record type, and one for records that have none.

    A stage that is switched off stays in all of them: records may stand in it. A
    record type of which nothing is known offers every stage.
    """
    types = [
        (to_18(record_type_id), text(one, "name") or record_type_id)
        for one in parts(described, "recordTypeInfos")
        if (record_type_id := text(one, "recordTypeId"))
        and one.get("master") is not True
    ]
    label = "Master" if types else text(described, "labelPlural") or "Records"
    return tuple(
        AccountPipeline(
            id=PipelineId(record_type_id),
            label=name,
            stages=tuple(
                stage
                for stage in stages
                if stage.is_archived
                or record_type_id not in offers
                or stage.id in offers[record_type_id]
            ),
        )
        for record_type_id, name in [*types, (MASTER_RECORD_TYPE, label)]
    )


def _ordered(rows: Sequence[Json]) -> list[Json]:
    return sorted(rows, key=lambda row: int(row.get("SortOrder") or 0))
