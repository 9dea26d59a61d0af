"""`/composite/sobjects`: many rows in one call; a refused row is no refused call."""

from collections.abc import Callable
from typing import Any

from adapters.sandbox.salesforce import ids, queries, web_rows
from adapters.sandbox.salesforce.errors import (
    ApiError,
    malformed_id,
    no_such_type,
)
from adapters.sandbox.salesforce.paths import resolve
from adapters.sandbox.salesforce.records import Record
from adapters.sandbox.salesforce.web_call import Answer, Call, Frame

Json = dict[str, Any]

MOST_READ = 2_000
MOST_READ_BY_URL = 800
MOST_WRITTEN = 200
MOST_RUNS = 10


def register(frame: Frame) -> None:
    """Serve these paths."""
    path, one_type = "/composite/sobjects", "/composite/sobjects/<entity>"
    frame.route(one_type, read, methods=("GET", "POST"), operation="collection.read")
    frame.route(path, create, methods=("POST",), operation="collection.create")
    frame.route(path, update, methods=("PATCH",), operation="collection.update")
    frame.route(path, delete, methods=("DELETE",), operation="collection.delete")


def read(call: Call, entity: str) -> Answer:
    """Return rows in the order asked for; null for what is gone or no id."""
    kind = call.kind(entity)
    if call.body is None:
        wanted, names, most = call.names("ids"), call.names("fields"), MOST_READ_BY_URL
    else:
        body = call.mapping()
        wanted, names, most = body.get("ids") or [], body.get("fields") or [], MOST_READ
    _demand_size(wanted, most)
    if not names:
        raise ApiError(400, "INVALID_FIELD", "The fields parameter is required.")
    paths = [resolve(call.org, kind.name, str(name)) for name in names]
    rows: list[Json | None] = []
    for text in wanted:
        record = call.org.records[kind.name].get(ids.find(text) or "")
        is_gone = record is None or record.is_deleted
        rows.append(
            None
            if record is None or is_gone
            else queries.shape(call.org, record, paths, call.version)
        )
    call.rows = len(rows)
    return 200, rows


def create(call: Call) -> Answer:
    """Make up to 200 rows."""

    def step(raw: Json) -> Record:
        name = _type_of(raw)
        kind = call.org.type(name)
        if kind is None:
            raise no_such_type(name)
        return web_rows.make(call, kind, raw)

    return _write(call, _rows(call), step, all_or_none=_all_or_none(call))


def update(call: Call) -> Answer:
    """Set fields of up to 200 rows."""

    def step(raw: Json) -> Record:
        given = next((raw[name] for name in ("Id", "id") if name in raw), None)
        record = _find(call, given)
        web_rows.change(call, record, raw)
        return record

    return _write(call, _rows(call), step, all_or_none=_all_or_none(call))


def delete(call: Call) -> Answer:
    """Delete up to 200 rows, by `ids`."""

    def step(raw: Json) -> Record:
        record = _find(call, raw["id"])
        web_rows.remove(call, record)
        return record

    rows = [{"id": one} for one in call.names("ids")]
    _demand_size(rows, MOST_WRITTEN)
    return _write(call, rows, step, all_or_none=_all_or_none(call))


def _write(
    call: Call, rows: list[Json], step: Callable[[Json], Record], *, all_or_none: bool
) -> Answer:
    """Take a step per row; with all-or-none the first refusal takes all back."""
    outer = call.org.begin()
    results = [_result(call, index, raw, step) for index, raw in enumerate(rows)]
    is_undone = all_or_none and not all(one["success"] for one in results)
    call.org.finish(outer, keep=not is_undone)
    if is_undone:
        rolled_back = ApiError(
            400,
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request "
            "was using AllOrNone header",
        )
        results = [rolled_back.row() if one["success"] else one for one in results]
    return 200, results


def _result(call: Call, index: int, raw: Json, step: Callable[[Json], Record]) -> Json:
    given = str(raw.get("Id") or raw.get("id") or "")
    try:
        _suffer(call, index, given)
        record = step(raw)
    except ApiError as error:
        row = error.row()
        return {"id": given, **row} if given and ids.find(given) else row
    return {"id": record.id, "success": True, "errors": []}


def _suffer(call: Call, index: int, record_id: str) -> None:
    """Refuse the row if a planned fault says so."""
    fault = call.partial
    if fault is not None and fault.hits_row(index, record_id):
        raise ApiError(
            400,
            fault.category or "UNABLE_TO_LOCK_ROW",
            fault.message or "unable to obtain exclusive access to this record",
        )


def _all_or_none(call: Call) -> bool:
    if call.body is None:
        return call.query.get("allOrNone") == "true"
    return bool(call.mapping().get("allOrNone"))


def _rows(call: Call) -> list[Json]:
    rows = call.listed("records")
    _demand_size(rows, MOST_WRITTEN)
    names = [_type_of(raw) for raw in rows]
    call.types |= set(names)
    runs = sum(one != other for one, other in zip(names, ["", *names], strict=False))
    if runs > MOST_RUNS:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"Cannot have more than {MOST_RUNS} chunks in a single operation. Please "
            "rearrange the data to reduce chunking.",
        )
    return rows


def _type_of(raw: Json) -> str:
    attributes = raw.get("attributes")
    return str(attributes.get("type")) if isinstance(attributes, dict) else ""


def _find(call: Call, given: Any) -> Record:
    record_id = ids.find(given)
    kind = None if record_id is None else call.org.type_of(record_id)
    if record_id is None or kind is None:
        raise malformed_id("Id", given)
    record = call.org.find(record_id)
    if record is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if record.is_deleted:
        raise ApiError(400, "ENTITY_IS_DELETED", "entity is deleted")
    return record


def _demand_size(rows: list[Any], most: int) -> None:
    if len(rows) > most:
        raise ApiError(
            400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot exceed {most}"
        )
