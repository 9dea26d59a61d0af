"""`/crm/.../objects/{type}/batch/...`: a hundred records in one request."""

from collections.abc import Sequence
from typing import Any

from flask import g

from adapters.sandbox.clock import iso
from adapters.sandbox.hubspot import inputs, writes
from adapters.sandbox.hubspot.catalog import ObjectType
from adapters.sandbox.hubspot.errors import ApiError
from adapters.sandbox.hubspot.present import Shaper, whole
from adapters.sandbox.hubspot.records import Record
from adapters.sandbox.hubspot.web_call import Answer, Call, Frame

Json = dict[str, Any]

LARGEST = 100
LARGEST_WITH_HISTORY = 50


def register(frame: Frame) -> None:
    """Serve these paths."""
    for name, view in (
        ("read", read),
        ("create", create),
        ("update", update),
        ("archive", archive),
    ):
        frame.route(
            "objects",
            f"/<object_type>/batch/{name}",
            view,
            methods=["POST"],
            operation=f"batch.{name}",
        )


def read(call: Call, object_type: str) -> Answer:
    """Return many records, in the order of their ids and not of the request."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.read")
    history = call.body.get("propertiesWithHistory") or []
    rows = _rows(call, with_history=bool(history))
    shaper = Shaper(call.account, kind, call.body.get("properties") or (), history)
    id_property = call.body.get("idProperty")
    found: dict[str, Record] = {}
    missing: list[str] = []
    failed: list[Json] = []
    for index, row in enumerate(rows):
        record_id = str(row.get("id"))
        if (refusal := _struck(call, index, record_id)) is not None:
            failed.append(refusal.row(ids=[record_id]))
            continue
        try:
            record = inputs.find(call, kind, record_id, id_property)
        except ApiError:
            missing.append(record_id)
        else:
            found[record.id] = record
    if missing:
        failed.append(_gone(kind, missing))
    ordered = sorted(found.values(), key=Record.number)
    return _answer(call, 200, [shaper.shape(record) for record in ordered], failed)


def create(call: Call, object_type: str) -> Answer:
    """Make many records.

    Rows fail one by one only if each has an `objectWriteTraceId` of its own; otherwise
    one bad row refuses all. The results come in another order than the inputs:
    developers.hubspot.com/docs/api-reference/error-handling.
    """
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    rows = _rows(call)
    is_partial = _has_traces(rows)
    failed: list[Json] = []
    good: list[tuple[Json, Any]] = []
    for index, row in enumerate(rows):
        try:
            if (refusal := _struck(call, index, "")) is not None:
                raise refusal
            good.append((row, inputs.checked(call, kind, row)))
        except ApiError as error:
            if not is_partial:
                raise
            failed.append(error.row(objectWriteTraceId=[_trace(row)]))
    results = []
    for row, (values, links) in good:
        record = writes.create(
            call.account, kind, values, source=call.source, at=call.at, links=links
        )
        results.append(whole(record) | _traced(row))
    return _answer(call, 201, results[::-1], failed)


def update(call: Call, object_type: str) -> Answer:
    """Set properties of many records.

    Ids that are not there fail as rows; values that cannot be taken refuse the whole
    batch, unless each row has an `objectWriteTraceId` of its own.
    """
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    rows = _rows(call)
    _refuse_twins(rows)
    is_partial = _has_traces(rows)
    missing: list[str] = []
    failed: list[Json] = []
    good: list[tuple[Json, Record, dict[str, str]]] = []
    for index, row in enumerate(rows):
        record_id = str(row.get("id"))
        if (refusal := _struck(call, index, record_id)) is not None:
            failed.append(refusal.row(ids=[record_id]))
            continue
        try:
            record = inputs.find(call, kind, record_id, row.get("idProperty"))
        except ApiError:
            missing.append(record_id)
            continue
        try:
            good.append(
                (row, record, inputs.changes(call, record, row.get("properties")))
            )
        except ApiError as error:
            if not is_partial:
                raise
            failed.append(error.row(ids=[record_id], objectWriteTraceId=[_trace(row)]))
    results = []
    for row, record, values in good:
        writes.update(call.account, record, values, source=call.source, at=call.at)
        results.append(whole(record) | _traced(row))
    if missing:
        failed.append(_gone(kind, missing))
    return _answer(call, 200, results, failed)


def archive(call: Call, object_type: str) -> Answer:
    """Put many records into the recycling bin; unknown ids are no error."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    for row in _rows(call):
        record = call.account.find(kind.name, str(row.get("id")))
        if record is not None:
            writes.archive(call.account, record, source=call.source, at=call.at)
    return 204, None


def _rows(call: Call, *, with_history: bool = False) -> list[Json]:
    rows = call.body.get("inputs")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ApiError(400, "Invalid input JSON: inputs are required.")
    if with_history and len(rows) > LARGEST_WITH_HISTORY:
        raise ApiError(
            400,
            "The maximum number of inputs supported in a batch request for property "
            f"histories is {LARGEST_WITH_HISTORY}",
        )
    if len(rows) > LARGEST:
        raise ApiError(
            400,
            f"The maximum number of inputs supported in a batch is {LARGEST}. Please "
            "reduce the number of items and try again",
        )
    g.rows = len(rows)
    return rows


def _refuse_twins(rows: Sequence[Json]) -> None:
    ids = [str(row.get("id")) for row in rows]
    twins = sorted({one for one in ids if ids.count(one) > 1}) if ids else []
    if twins:
        raise ApiError(
            400, f"Duplicate IDs found in batch input: [{', '.join(twins)}]."
        )


def _trace(row: Json) -> str:
    return str(row.get("objectWriteTraceId") or "")


def _traced(row: Json) -> Json:
    trace = _trace(row)
    return {"objectWriteTraceId": trace} if trace else {}


def _has_traces(rows: Sequence[Json]) -> bool:
    traces = {_trace(row) for row in rows}
    return len(traces) == len(rows) and "" not in traces


def _struck(call: Call, index: int, record_id: str) -> ApiError | None:
    """Return the refusal that a planned fault has for this row, if any."""
    fault = call.partial
    if fault is None or not fault.hits_row(index, record_id):
        return None
    message = fault.message or "This row was refused."
    return ApiError(400, message, category=fault.category or "VALIDATION_ERROR")


def _gone(kind: ObjectType, ids: Sequence[str]) -> Json:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {kind.singular.upper()} objects, they may be "
        "deleted or not exist. Check that ids are valid.",
        "context": {"ids": list(ids)},
    }


def _answer(call: Call, status: int, results: list[Json], failed: list[Json]) -> Answer:
    body: Json = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(call.at),
        "completedAt": iso(call.account.clock.now_ms()),
    }
    if not failed:
        return status, body
    return 207, body | {"numErrors": len(failed), "errors": failed}
