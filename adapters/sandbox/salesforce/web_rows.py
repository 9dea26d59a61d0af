"""`/sobjects/{type}`: describe, single rows, and rows by an external id."""

from typing import Any

from adapters.sandbox.salesforce import ids, inputs, moments, queries, writes
from adapters.sandbox.salesforce.catalog import ObjectType
from adapters.sandbox.salesforce.errors import ApiError, malformed_id, not_found
from adapters.sandbox.salesforce.paths import Path, resolve
from adapters.sandbox.salesforce.records import Record
from adapters.sandbox.salesforce.web_call import Answer, Call, Frame

Json = dict[str, Any]


def register(frame: Frame) -> None:
    """Serve these paths."""
    one = "/sobjects/<entity>/<record_id>"
    by_key = "/sobjects/<entity>/<field_name>/<path:value>"
    for rest, view, method, operation in (
        ("/sobjects/<entity>", create, "POST", "create"),
        (one, read, "GET", "read"),
        (one, update, "PATCH", "update"),
        (one, delete, "DELETE", "delete"),
        (by_key, read_by_key, "GET", "readByKey"),
        (by_key, upsert, "PATCH", "upsert"),
    ):
        frame.route(rest, view, methods=(method,), operation=operation)


def create(call: Call, entity: str) -> Answer:
    """Make one row."""
    kind = call.kind(entity)
    made = make(call, kind, call.mapping())
    return 201, {"id": made.id, "success": True, "errors": []}


def read(call: Call, entity: str, record_id: str) -> Answer:
    """Return one row, or nothing if it was not changed since a given moment."""
    kind = call.kind(entity)
    record = find(call, kind, record_id)
    since = call.headers.get("If-Modified-Since")
    if since and record.values["LastModifiedDate"] <= _moment(since):
        return 304, None
    return 200, shape(call, kind, record)


def update(call: Call, entity: str, record_id: str) -> Answer:
    """Set fields of one row, unless it was changed since a given moment.

    The check is weak: whole seconds, and a change within the same second passes.
    """
    kind = call.kind(entity)
    record = find(call, kind, record_id)
    since = call.headers.get("If-Unmodified-Since")
    if since and record.values["LastModifiedDate"] > _moment(since):
        raise ApiError(
            412,
            "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE",
            "Entity was modified since the given date",
        )
    change(call, record, call.mapping())
    return 204, None


def delete(call: Call, entity: str, record_id: str) -> Answer:
    """Put one row into the recycle bin."""
    kind = call.kind(entity)
    remove(call, find(call, kind, record_id))
    return 204, None


def read_by_key(call: Call, entity: str, field_name: str, value: str) -> Answer:
    """Return the one row with this external id; 300 if there are several."""
    kind = call.kind(entity)
    found = _by_key(call, kind, field_name, value)
    if not found:
        raise not_found()
    if len(found) > 1:
        return 300, [queries.attributes(one, call.version)["url"] for one in found]
    return 200, shape(call, kind, found[0])


def upsert(call: Call, entity: str, field_name: str, value: str) -> Answer:
    """Set fields of the row with this external id, or make it."""
    kind = call.kind(entity)
    found = _by_key(call, kind, field_name, value)
    if len(found) > 1:
        return 300, [queries.attributes(one, call.version)["url"] for one in found]
    if found:
        change(call, found[0], call.mapping())
        body = {"id": found[0].id, "success": True, "errors": [], "created": False}
        return 200, body
    made = make(call, kind, {**call.mapping(), field_name: value})
    return 201, {"id": made.id, "success": True, "errors": [], "created": True}


def make(call: Call, kind: ObjectType, raw: Json) -> Record:
    """Make a row, or raise ApiError."""
    _demand_written(kind, "inserted")
    call.rows += 1
    return writes.create(call.org, kind, raw, author=call.author, at=call.at)


def change(call: Call, record: Record, raw: Json) -> None:
    """Set fields of a row, or raise ApiError."""
    if record.type != "User":
        _demand_written(call.org.types[record.type], "updated")
    call.rows += 1
    writes.update(call.org, record, raw, author=call.author, at=call.at)


def remove(call: Call, record: Record) -> None:
    """Delete a row, or raise ApiError."""
    _demand_written(call.org.types[record.type], "deleted")
    call.rows += 1
    writes.delete(call.org, record, author=call.author, at=call.at)


def find(call: Call, kind: ObjectType, text: str) -> Record:
    """Return a living row by an id of either form, or raise ApiError."""
    record_id = ids.find(text)
    if record_id is None or not record_id.startswith(kind.prefix):
        if len(text) in {ids.SHORT, ids.LONG}:
            raise malformed_id("Id", text)
        raise not_found()
    record = call.org.records[kind.name].get(record_id)
    if record is None:
        raise not_found()
    if record.is_deleted:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return record


def shape(call: Call, kind: ObjectType, record: Record) -> Json:
    """Return a row with the fields asked for, else with all."""
    names = call.names("fields")
    paths = [resolve(call.org, kind.name, name) for name in names] or [
        Path(call.org, (), field) for field in kind.visible()
    ]
    return queries.shape(call.org, record, paths, call.version)


def _demand_written(kind: ObjectType, done: str) -> None:
    if not kind.is_written or kind.is_read_only:
        raise ApiError(
            400,
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            f"entity type cannot be {done}: {kind.name}",
        )


def _by_key(call: Call, kind: ObjectType, name: str, value: str) -> list[Record]:
    field = kind.find(name)
    if field is None or not (field.is_external_id or field.name == "Id"):
        raise ApiError(
            404,
            "NOT_FOUND",
            f"Provided external ID field does not exist or is not accessible: {name}",
        )
    return inputs.find_by(call.org, kind, field, field.clean(value))


def _moment(text: str) -> int:
    at = moments.parse_http(text)
    if at is None:
        raise ApiError(400, "INVALID_DATE_FORMAT", f"Invalid date in header: {text}")
    return at
