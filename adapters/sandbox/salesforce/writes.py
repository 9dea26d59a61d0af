"""Changing records: what is demanded, what follows, and what is told."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.salesforce import computed, inputs
from adapters.sandbox.salesforce.catalog import ObjectType
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.moments import whole
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Author, Happening, Record

Json = dict[str, Any]


def create(
    org: Org, kind: ObjectType, raw: Mapping[str, Any], *, author: Author, at: int
) -> Record:
    """Make a record of what a request or a person gave; raises ApiError."""
    values = _with_defaults(org, kind, author)
    values |= inputs.clean(org, kind, raw, is_new=True)
    inputs.demand(kind, values)
    inputs.demand_unique(org, kind, values)
    computed.complete(org, kind.name, {}, values, at)
    _judge(org, kind, {}, values, author)
    record = org.insert(kind.name, values, at=at, by=author.user_id)
    _tell(org, record, "CREATE", at=at, author=author)
    computed.follow(org, record, {}, author, at)
    return record


def update(
    org: Org, record: Record, raw: Mapping[str, Any], *, author: Author, at: int
) -> None:
    """Set fields of a record; raises ApiError."""
    kind = org.types[record.type]
    before = dict(record.values)
    values = inputs.clean(org, kind, raw, is_new=False)
    demand_free(record)
    if record.type == "Lead" and record.get("IsConverted"):
        raise ApiError(
            400,
            "CANNOT_UPDATE_CONVERTED_LEAD",
            "cannot reference converted lead",
        )
    inputs.demand(kind, {**before, **values})
    inputs.demand_unique(org, kind, values, record.id)
    computed.complete(org, kind.name, before, values, at)
    _judge(org, kind, before, {**before, **values}, author)
    changed = [name for name, value in values.items() if before.get(name) != value]
    org.remember(record)
    moment = whole(at)
    record.values |= values | {
        "LastModifiedDate": moment,
        "LastModifiedById": author.user_id,
        "SystemModstamp": moment,
    }
    _tell(org, record, "UPDATE", at=at, author=author, changed=tuple(changed))
    computed.follow(org, record, before, author, at)


def delete(org: Org, record: Record, *, author: Author, at: int) -> None:
    """Put a record into the recycle bin."""
    demand_free(record)
    before = dict(record.values)
    org.remember(record)
    moment = whole(at)
    record.values |= {
        "IsDeleted": True,
        "LastModifiedDate": moment,
        "SystemModstamp": moment,
    }
    _tell(org, record, "DELETE", at=at, author=author)
    computed.follow(org, record, before, author, at)


def restore(org: Org, record: Record, *, author: Author, at: int) -> None:
    """Take a record out of the recycle bin."""
    before = dict(record.values)
    org.remember(record)
    record.values |= {"IsDeleted": False, "SystemModstamp": whole(at)}
    _tell(org, record, "UNDELETE", at=at, author=author)
    computed.follow(org, record, before, author, at)


def demand_free(record: Record) -> None:
    """Raise ApiError while an approval locks the record."""
    if record.is_locked:
        raise ApiError(400, "ENTITY_IS_LOCKED", "the entity is locked for editing")


def _with_defaults(org: Org, kind: ObjectType, author: Author) -> Json:
    values: Json = {
        name: field.default if field.type != "boolean" else bool(field.default)
        for name, field in kind.fields.items()
        if field.default is not None or field.type == "boolean"
    }
    values.pop("IsDeleted", None)
    if "OwnerId" in kind.fields:
        values["OwnerId"] = author.user_id
    if kind.name == "Lead":
        values["Status"] = org.default_status("LeadStatus")
    return values


def _judge(
    org: Org, kind: ObjectType, before: Json, after: Json, author: Author
) -> None:
    for rule in org.rules:
        if rule.type == kind.name:
            rule.judge(before, after, author.user_id)


def _tell(
    org: Org,
    record: Record,
    kind: str,
    *,
    at: int,
    author: Author,
    changed: tuple[str, ...] = (),
) -> None:
    org.outbox.append(
        Happening(kind, record.type, record.id, at, author, changed=changed)
    )
