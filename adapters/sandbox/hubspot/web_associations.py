"""Associations: `/crm/v4/...` and `/crm/associations/<version>/...`."""

from typing import Any

from flask import g

from adapters.sandbox.clock import iso
from adapters.sandbox.hubspot import inputs, writes
from adapters.sandbox.hubspot.catalog import ObjectType
from adapters.sandbox.hubspot.errors import ApiError
from adapters.sandbox.hubspot.links import BY_ID, DEFAULT, INVERSE, LinkType, Ref
from adapters.sandbox.hubspot.web_call import Answer, Call, Frame, View

Json = dict[str, Any]

LARGEST_READ = 1_000
LARGEST_WRITE = 2_000
_PAGE = 500


def register(frame: Frame) -> None:
    """Serve these paths."""
    pair = "/<object_type>/<to_type>"
    many: tuple[tuple[str, View, str, str], ...] = (
        (pair + "/batch/read", batch_read, "POST", "associations.batch.read"),
        (pair + "/batch/create", batch_create, "POST", "associations.batch.create"),
        (
            pair + "/batch/associate/default",
            batch_default,
            "POST",
            "associations.batch.default",
        ),
        (pair + "/batch/archive", batch_archive, "POST", "associations.batch.archive"),
        (pair + "/labels", labels, "GET", "associations.labels"),
    )
    for rest, view, method, operation in many:
        frame.route("associations", rest, view, methods=[method], operation=operation)
    base = "/<object_type>/<record_id>/associations"
    single: tuple[tuple[str, View, str, str], ...] = (
        (base + "/<to_type>", page, "GET", "associations.read"),
        (
            base + "/default/<to_type>/<to_id>",
            put_default,
            "PUT",
            "associations.default",
        ),
        (base + "/<to_type>/<to_id>", put_labelled, "PUT", "associations.create"),
        (base + "/<to_type>/<to_id>", remove, "DELETE", "associations.archive"),
    )
    for rest, view, method, operation in single:
        frame.route("objects", rest, view, methods=[method], operation=operation)
        frame.plain(
            "/crm/<version>/objects" + rest,
            view,
            methods=[method],
            operation=operation,
        )


def batch_read(call: Call, object_type: str, to_type: str) -> Answer:
    """Return what many records are associated with; those with nothing are errors."""
    kind, other = _pair(call, object_type, to_type, "read")
    results: list[Json] = []
    failed: list[Json] = []
    for row in _rows(call, LARGEST_READ):
        record_id = str(row.get("id"))
        source = _ref(call, kind, record_id)
        found, after = _targets(call, source, other, row.get("after"))
        if not found:
            failed.append(_nothing(kind, other, record_id))
            continue
        result: Json = {"from": {"id": record_id}, "to": found}
        if after:
            result["paging"] = {"next": {"after": after}}
        results.append(result)
    return _answer(call, 200, results, failed)


def batch_create(call: Call, object_type: str, to_type: str) -> Answer:
    """Associate many pairs by type ids."""
    kind, other = _pair(call, object_type, to_type, "write")
    results: list[Json] = []
    failed: list[Json] = []
    for row in _rows(call, LARGEST_WRITE):
        try:
            results.append(_associate(call, kind, other, row))
        except ApiError as error:
            failed.append(error.row(ids=list(_ends(row))))
    return _answer(call, 201, results, failed)


def batch_default(call: Call, object_type: str, to_type: str) -> Answer:
    """Associate many pairs without a label."""
    kind, other = _pair(call, object_type, to_type, "write")
    results: list[Json] = []
    failed: list[Json] = []
    for row in _rows(call, LARGEST_WRITE):
        from_id, to_id = _ends(row)
        try:
            results += _associate_default(call, kind, other, from_id, to_id)
        except ApiError as error:
            failed.append(error.row(ids=[from_id, to_id]))
    return _answer(call, 200, results, failed)


def batch_archive(call: Call, object_type: str, to_type: str) -> Answer:
    """Take all associations between many pairs away."""
    kind, other = _pair(call, object_type, to_type, "write")
    for row in _rows(call, LARGEST_WRITE):
        source = _ref(call, kind, str((row.get("from") or {}).get("id")))
        for one in row.get("to") or ():
            target = _ref(call, other, str(one.get("id")))
            writes.dissociate(
                call.account, source, target, source=call.source, at=call.at
            )
    return 204, None


def labels(call: Call, object_type: str, to_type: str) -> Answer:
    """Return the association types between two object types."""
    kind, other = call.kind(object_type), call.kind(to_type)
    call.allow_any_read()
    types = [
        link.shape()
        for link in BY_ID.values()
        if (link.source, link.target) == (kind.name, other.name)
    ]
    return 200, {"results": types}


def page(call: Call, object_type: str, record_id: str, to_type: str) -> Answer:
    """Return what one record is associated with."""
    kind, other = _pair(call, object_type, to_type, "read")
    source = (kind.name, inputs.find(call, kind, record_id).id)
    limit = int(call.query.get("limit", _PAGE))
    found, after = _targets(call, source, other, call.query.get("after"), limit)
    body: Json = {"results": found}
    if after:
        body["paging"] = {"next": {"after": after, "link": ""}}
    return 200, body


def put_default(
    call: Call, object_type: str, record_id: str, to_type: str, to_id: str
) -> Answer:
    """Associate one pair without a label."""
    kind, other = _pair(call, object_type, to_type, "write")
    results = _associate_default(call, kind, other, record_id, to_id)
    return _answer(call, 200, results, [])


def put_labelled(
    call: Call, object_type: str, record_id: str, to_type: str, to_id: str
) -> Answer:
    """Associate one pair by the type ids in the body, a bare list."""
    kind, other = _pair(call, object_type, to_type, "write")
    row = {
        "from": {"id": record_id},
        "to": {"id": to_id},
        "types": call.body.get("inputs"),
    }
    return 201, _associate(call, kind, other, row)


def remove(
    call: Call, object_type: str, record_id: str, to_type: str, to_id: str
) -> Answer:
    """Take all associations of one pair away."""
    kind, other = _pair(call, object_type, to_type, "write")
    source, target = _ref(call, kind, record_id), _ref(call, other, to_id)
    writes.dissociate(call.account, source, target, source=call.source, at=call.at)
    return 204, None


def _pair(
    call: Call, object_type: str, to_type: str, right: str
) -> tuple[ObjectType, ObjectType]:
    kind, other = call.kind(object_type), call.kind(to_type)
    for one in (kind, other):
        call.allow(f"crm.objects.{one.scope}.{right}")
    return kind, other


def _rows(call: Call, largest: int) -> list[Json]:
    rows = call.body.get("inputs")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ApiError(400, "Invalid input JSON: inputs are required.")
    if len(rows) > largest:
        raise ApiError(
            400, f"The maximum number of inputs supported in a batch is {largest}."
        )
    g.rows = len(rows)
    return rows


def _ref(call: Call, kind: ObjectType, record_id: str) -> Ref:
    """Return where a record's associations are kept, also if its id is an old one."""
    record = call.account.find(kind.name, record_id)
    return kind.name, record.id if record is not None else record_id


def _targets(
    call: Call, source: Ref, other: ObjectType, after: Any, limit: int = _PAGE
) -> tuple[list[Json], str]:
    ids = [
        one
        for one in call.account.links.ids(source, other.name)
        if int(one) > int(after or 0) and call.account.find(other.name, one)
    ]
    shaped: list[Json] = []
    for one in ids[:limit]:
        types = call.account.links.types(source, (other.name, one))
        shaped.append(
            {
                # A number on the old paths, a text on the dated ones.
                "toObjectId": int(one) if call.version == "v4" else one,
                "associationTypes": [link.shape() for link in types],
            }
        )
    return shaped, ids[limit - 1] if len(ids) > limit else ""


def _ends(row: Json) -> tuple[str, str]:
    return str((row.get("from") or {}).get("id")), str((row.get("to") or {}).get("id"))


def _associate(call: Call, kind: ObjectType, other: ObjectType, row: Json) -> Json:
    from_id, to_id = _ends(row)
    source = (kind.name, inputs.find(call, kind, from_id).id)
    target = (other.name, inputs.find(call, other, to_id).id)
    names: list[str] = []
    for spec in row.get("types") or ():
        link = BY_ID.get(int(spec.get("associationTypeId") or 0))
        if link is None or (link.source, link.target) != (kind.name, other.name):
            raise ApiError(
                400,
                f"associationTypeId {spec.get('associationTypeId')} does not exist "
                f"between {kind.type_id} and {other.type_id}",
            )
        _write(call, source, target, link)
        if link.label:
            names.append(link.label)
    return {
        "fromObjectTypeId": kind.type_id,
        "fromObjectId": from_id,
        "toObjectTypeId": other.type_id,
        "toObjectId": to_id,
        "labels": names,
    }


def _associate_default(
    call: Call, kind: ObjectType, other: ObjectType, from_id: str, to_id: str
) -> list[Json]:
    link = DEFAULT.get((kind.name, other.name))
    if link is None:
        raise ApiError(400, f"No default from {kind.type_id} to {other.type_id}")
    source = (kind.name, inputs.find(call, kind, from_id).id)
    target = (other.name, inputs.find(call, other, to_id).id)
    _write(call, source, target, link)
    return [
        {
            "from": {"id": one[0][1]},
            "to": {"id": one[1][1]},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": one[2].id,
            },
        }
        for one in ((source, target, link), (target, source, INVERSE[link.id]))
    ]


def _write(call: Call, source: Ref, target: Ref, link: LinkType) -> None:
    writes.associate(call.account, source, target, link, source=call.source, at=call.at)


def _nothing(kind: ObjectType, other: ObjectType, record_id: str) -> Json:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {other.singular} is associated with {kind.singular} "
        f"{record_id}.",
        "context": {
            "fromObjectId": [record_id],
            "fromObjectType": [kind.type_id],
            "toObjectType": [other.type_id],
        },
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
