"""What a write asks for, checked against the fields, references and picklists."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.salesforce import ids
from adapters.sandbox.salesforce.catalog import ObjectType
from adapters.sandbox.salesforce.defaults import MASTER_RECORD_TYPE
from adapters.sandbox.salesforce.errors import ApiError, malformed_id
from adapters.sandbox.salesforce.fields import Field
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Record

Json = dict[str, Any]


def clean(
    org: Org, kind: ObjectType, raw: Mapping[str, Any], *, is_new: bool
) -> dict[str, Any]:
    """Return the values to keep; raises ApiError for the first that cannot be."""
    values: Json = {}
    for name, given in raw.items():
        if name.lower() in {"attributes", "id"}:
            continue
        field = kind.find(name)
        if field is None:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"No such column '{name}' on sobject of type {kind.name}",
                fields=(),
            )
        is_open = field.is_createable if is_new else field.is_updateable
        if not is_open or field.name in kind.read_only:
            raise ApiError(
                400,
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {field.name}. Please check the "
                "security settings of this field and verify that it is read/write for "
                "your profile or permission set.",
                fields=[field.name],
            )
        values[field.name] = _settle(org, kind, field, field.clean(given))
    return values


def demand(kind: ObjectType, values: Mapping[str, Any]) -> None:
    """Raise ApiError while a needed field is empty."""
    missing = [
        field.name
        for field in kind.fields.values()
        if field.is_required and values.get(field.name) is None
    ]
    if missing:
        raise ApiError(
            400,
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{', '.join(missing)}]",
            fields=missing,
        )


def demand_unique(
    org: Org, kind: ObjectType, values: Mapping[str, Any], own_id: str = ""
) -> None:
    """Raise ApiError if another record has a value that must be unique."""
    for name, value in values.items():
        field = kind.fields[name]
        if value is None or not field.is_unique:
            continue
        for other in find_by(org, kind, field, value):
            if other.id != own_id:
                raise ApiError(
                    400,
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {name} duplicates value on record with "
                    f"id: {other.id[: ids.SHORT]}",
                )


def find_by(org: Org, kind: ObjectType, field: Field, value: Any) -> list[Record]:
    """Return the living records with this value; text is compared without case."""
    wanted = value.lower() if isinstance(value, str) else value
    return [
        record
        for record in org.living(kind.name)
        if (has.lower() if isinstance(has := record.get(field.name), str) else has)
        == wanted
    ]


def _settle(org: Org, kind: ObjectType, field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.type == "reference":
        return _reference(org, field, value)
    if field.is_restricted and value not in org.choices(kind.name, field.name):
        raise ApiError(
            400,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {value}",
            fields=[field.name],
        )
    return value


def _reference(org: Org, field: Field, value: str) -> str | None:
    if value == MASTER_RECORD_TYPE:
        return None
    kind = org.type_of(value)
    if kind is None or kind.name not in field.refers_to:
        raise malformed_id(field.label, value)
    target = org.find(value)
    if target is None:
        raise ApiError(
            400,
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            fields=[field.name],
        )
    if target.is_deleted:
        raise ApiError(
            400, "ENTITY_IS_DELETED", "entity is deleted", fields=[field.name]
        )
    if field.name == "OwnerId" and target.get("IsActive") is False:
        raise ApiError(
            400,
            "INACTIVE_OWNER_OR_USER",
            "operation performed with inactive user "
            f"[{value[: ids.SHORT]}] as owner of {field.name}",
            fields=[field.name],
        )
    return value
