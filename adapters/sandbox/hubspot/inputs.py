"""What requests bring: found, checked and turned into writes."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.hubspot import computed, writes
from adapters.sandbox.hubspot.catalog import ObjectType
from adapters.sandbox.hubspot.errors import (
    ApiError,
    invalid_properties,
    not_found,
    problem,
)
from adapters.sandbox.hubspot.links import BY_ID, LinkType, Ref
from adapters.sandbox.hubspot.records import Record
from adapters.sandbox.hubspot.web_call import Call

Json = dict[str, Any]

ENFORCING_SINCE = "2026-09"
"""From this version on an admin's rules hold for writes by the API as well:
developers.hubspot.com/changelog/crm-api-write-validation-enforcement."""


def find(
    call: Call, kind: ObjectType, record_id: str, id_property: str | None = None
) -> Record:
    """Return a living record by id or by a property's value, or raise 404."""
    if id_property and id_property != "hs_object_id":
        for record in call.account.living(kind.name):
            if record.value(id_property).lower() == record_id.lower():
                return record
        raise not_found()
    record_or_none = call.account.find(kind.name, record_id)
    if record_or_none is None:
        raise not_found()
    return record_or_none


def create(call: Call, kind: ObjectType, raw: Mapping[str, Any]) -> Record:
    """Check an input for creation and carry it out, or raise ApiError."""
    values, links = checked(call, kind, raw)
    return writes.create(
        call.account, kind, values, source=call.source, at=call.at, links=links
    )


def checked(
    call: Call, kind: ObjectType, raw: Mapping[str, Any]
) -> tuple[dict[str, str], list[tuple[Ref, LinkType]]]:
    """Return the cleaned values and associations of a creation, or raise ApiError."""
    properties = raw.get("properties")
    if not isinstance(properties, Mapping):
        raise ApiError(400, "Invalid input JSON: properties are required.")
    values, problems = call.account.schema.clean(kind.name, properties)
    problems += [
        problem(name, "MISSING_REQUIRED", f"{name} is required")
        for name in kind.required
        if not values.get(name)
    ]
    if problems:
        raise invalid_properties(problems)
    _check_stage(call, kind, values, None)
    if call.version >= ENFORCING_SINCE and kind.stage:
        draft = Record(kind, "0", call.at, call.at)
        _check_rules(call, draft, values)
    links = _links(call, kind, raw.get("associations") or ())
    if kind.name == "leads" and not any(link.label == "Primary" for _, link in links):
        raise ApiError(
            400, "Lead is not associated to a primary contact or a primary company."
        )
    return values, links


def changes(call: Call, record: Record, properties: Any) -> dict[str, str]:
    """Return the cleaned values of an update, or raise ApiError."""
    if not isinstance(properties, Mapping):
        raise ApiError(400, "Invalid input JSON: properties are required.")
    values, problems = call.account.schema.clean(record.type.name, properties)
    if problems:
        raise invalid_properties(problems)
    _check_stage(call, record.type, values, record)
    if call.version >= ENFORCING_SINCE and record.type.stage in values:
        _check_rules(call, record, values)
    return values


def _check_stage(
    call: Call, kind: ObjectType, values: Mapping[str, str], record: Record | None
) -> None:
    """Raise 400 if the stage is archived or does not belong to the pipeline."""
    if not kind.stage or not (kind.stage in values or kind.pipeline in values):
        return
    known = record.values if record is not None else {}
    stage_id = values.get(kind.stage, known.get(kind.stage, ""))
    pipeline_id = values.get(kind.pipeline) or known.get(kind.pipeline, "")
    if not stage_id:
        return
    if not pipeline_id:
        home = call.account.pipelines.home_of(kind.name, stage_id)
        pipeline_id = home.id if home else ""
    stage = call.account.pipelines.stage(kind.name, pipeline_id, stage_id)
    if stage is None or stage.archived_at is not None:
        message = (
            f"{stage_id} is not a valid stage of the pipeline {pipeline_id or '?'}"
        )
        raise invalid_properties([problem(kind.stage, "INVALID_OPTION", message)])


def _check_rules(call: Call, record: Record, values: Mapping[str, str]) -> None:
    lacking = computed.lacking(call.account, record, values)
    if lacking:
        raise invalid_properties(
            [
                problem(
                    name,
                    "CONDITIONAL_REQUIRED_PROPERTY",
                    f"{name} is required in this stage by a rule of the account",
                )
                for name in lacking
            ]
        )


def _links(call: Call, kind: ObjectType, raw: Any) -> list[tuple[Ref, LinkType]]:
    """Return the inline associations that come about.

    A type id of another pair of objects leaves the record silently unassociated; an id
    of no record is refused.
    """
    links: list[tuple[Ref, LinkType]] = []
    for one in raw:
        target = str((one.get("to") or {}).get("id") or "")
        for spec in one.get("types") or ():
            link = BY_ID.get(int(spec.get("associationTypeId") or 0))
            if link is None or link.source != kind.name:
                continue
            found = call.account.find(link.target, target)
            if found is None:
                if _is_some_record(call, target):
                    continue
                raise ApiError(
                    400,
                    "One or more associations are not valid",
                    errors=[
                        {
                            "message": f"{link.target}={target} is not valid",
                            "code": "INVALID_ASSOCIATION",
                            "context": {"id": [target]},
                        }
                    ],
                )
            links.append(((link.target, found.id), link))
    return links


def _is_some_record(call: Call, record_id: str) -> bool:
    return any(
        (record := records.get(record_id)) is not None and not record.is_archived
        for records in call.account.records.values()
    )
