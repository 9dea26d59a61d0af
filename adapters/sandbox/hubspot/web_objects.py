"""`/crm/.../objects/{type}`: single records, lists, searches and merges."""

from typing import Any

from adapters.sandbox.hubspot import inputs, search, writes
from adapters.sandbox.hubspot.errors import ApiError, not_found
from adapters.sandbox.hubspot.present import Shaper, whole
from adapters.sandbox.hubspot.records import Record
from adapters.sandbox.hubspot.web_call import Answer, Call, Frame

Json = dict[str, Any]

LONGEST_LIST = 100
LONGEST_WITH_HISTORY = 50


def register(frame: Frame) -> None:
    """Serve these paths."""
    one = "/<object_type>/<record_id>"
    many = "/<object_type>"
    for rest, view, method, operation in (
        (one, read, "GET", "read"),
        (one, update, "PATCH", "update"),
        (one, archive, "DELETE", "archive"),
        (many, list_page, "GET", "list"),
        (many, create, "POST", "create"),
        (many + "/merge", merge, "POST", "merge"),
    ):
        frame.route("objects", rest, view, methods=[method], operation=operation)
    frame.route(
        "objects",
        many + "/search",
        do_search,
        methods=["POST"],
        operation="search",
        is_search=True,
    )


def read(call: Call, object_type: str, record_id: str) -> Answer:
    """Return one record."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.read")
    history = call.names("propertiesWithHistory")
    if call.query.get("archived") == "true":
        record = call.account.records[kind.name].get(record_id)
        if record is None or not record.is_archived:
            raise not_found()
    else:
        record = inputs.find(call, kind, record_id, call.query.get("idProperty"))
    shaper = Shaper(call.account, kind, call.names("properties"), history)
    shaped = shaper.shape(record)
    if wanted := call.names("associations"):
        shaped["associations"] = _associations(call, record, wanted)
    return 200, shaped


def list_page(call: Call, object_type: str) -> Answer:
    """Return a page of records in the order of their ids."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.read")
    history = call.names("propertiesWithHistory")
    most = LONGEST_WITH_HISTORY if history else LONGEST_LIST
    limit = int(call.query.get("limit", 10))
    if not 0 < limit <= most:
        raise ApiError(400, f"limit must be between 1 and {most}, it is {limit}")
    after = int(call.query.get("after", 0) or 0)
    archived = call.query.get("archived") == "true"
    found = [
        record
        for record in call.account.records[kind.name].values()
        if record.is_archived == archived and record.number() > after
    ]
    found.sort(key=Record.number)
    shaper = Shaper(call.account, kind, call.names("properties"), history)
    body: Json = {"results": [shaper.shape(record) for record in found[:limit]]}
    for shaped, record in zip(body["results"], found, strict=False):
        if wanted := call.names("associations"):
            shaped["associations"] = _associations(call, record, wanted)
    if len(found) > limit:
        body["paging"] = {"next": {"after": found[limit - 1].id, "link": ""}}
    return 200, body


def create(call: Call, object_type: str) -> Answer:
    """Make one record."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    record = inputs.create(call, kind, call.body)
    return 201, whole(record)


def update(call: Call, object_type: str, record_id: str) -> Answer:
    """Set properties of one record."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    record = inputs.find(call, kind, record_id, call.query.get("idProperty"))
    values = inputs.changes(call, record, call.body.get("properties"))
    writes.update(call.account, record, values, source=call.source, at=call.at)
    return 200, whole(record)


def archive(call: Call, object_type: str, record_id: str) -> Answer:
    """Put one record into the recycling bin; unknown ids are no error."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    record = call.account.find(kind.name, record_id)
    if record is not None:
        writes.archive(call.account, record, source=call.source, at=call.at)
    return 204, None


def merge(call: Call, object_type: str) -> Answer:
    """Merge two records into a new one."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    primary = inputs.find(call, kind, str(call.body.get("primaryObjectId")))
    other = inputs.find(call, kind, str(call.body.get("objectIdToMerge")))
    if primary is other:
        raise ApiError(400, "Cannot merge an object with itself.")
    merged = writes.merge(call.account, primary, other, source=call.source, at=call.at)
    return 200, whole(merged)


def do_search(call: Call, object_type: str) -> Answer:
    """Search records."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.read")
    found = search.search(call.account, kind, call.body, call.size)
    shaper = Shaper(call.account, kind, call.body.get("properties") or ())
    body: Json = {
        "total": found["total"],
        "results": [shaper.shape(record, values) for record, values in found["found"]],
    }
    if found["after"] is not None:
        body["paging"] = {"next": {"after": found["after"]}}
    return 200, body


def _associations(call: Call, record: Record, wanted: list[str]) -> Json:
    """Return the associated ids of the types wanted, those with any."""
    source = (record.type.name, record.id)
    shaped: Json = {}
    for name in wanted:
        other = call.kind(name)
        results = [
            {
                "id": record_id,
                "type": f"{record.type.singular}_to_{other.singular}"
                + ("" if link.label is None else f"_{link.label.lower()}"),
            }
            for record_id in call.account.links.ids(source, other.name)
            for link in call.account.links.types(source, (other.name, record_id))
        ]
        if results:
            shaped[other.name] = {"results": results}
    return shaped
