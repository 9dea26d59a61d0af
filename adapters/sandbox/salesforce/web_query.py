"""`/query` and `/queryAll`, and what changed in a span of time."""

from adapters.sandbox.salesforce import moments, queries
from adapters.sandbox.salesforce.errors import ApiError, malformed_query
from adapters.sandbox.salesforce.web_call import Answer, Call, Frame

_SMALLEST_PAGE, _LARGEST_PAGE = 200, 2_000
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_LONGEST_UPDATED_MS = 30 * _DAY_MS


def register(frame: Frame) -> None:
    """Serve these paths."""
    for rest, view, operation in (
        ("/query", query, "query"),
        ("/queryAll", query_all, "queryAll"),
        ("/query/<locator>", more, "query.more"),
        ("/sobjects/<entity>/updated", updated, "updated"),
        ("/sobjects/<entity>/deleted", deleted, "deleted"),
    ):
        frame.route(rest, view, methods=("GET",), operation=operation)


def query(call: Call) -> Answer:
    """Return the first page of a query."""
    return _first(call, with_deleted=False)


def query_all(call: Call) -> Answer:
    """Return the first page of a query that also finds deleted rows."""
    return _first(call, with_deleted=True)


def more(call: Call, locator: str) -> Answer:
    """Return a further page."""
    body = queries.more(call.org, locator, call.version)
    call.rows = len(body["records"])
    return 200, body


def updated(call: Call, entity: str) -> Answer:
    """Return the ids of the rows that changed in a span; seconds are cut off."""
    start, end = _span(call)
    if start < call.at - _LONGEST_UPDATED_MS:
        raise ApiError(
            400, "INVALID_REPLICATION_DATE", "startDate before org creation or too old"
        )
    rows = call.org.living(call.kind(entity).name)
    found = [row.id for row in rows if start <= row.values["SystemModstamp"] < end]
    return 200, {"ids": found, "latestDateCovered": moments.rest(end)}


def deleted(call: Call, entity: str) -> Answer:
    """Return the rows that were deleted in a span."""
    start, end = _span(call)
    rows = call.org.records[call.kind(entity).name].values()
    found = [
        {"id": row.id, "deletedDate": moments.rest(row.values["SystemModstamp"])}
        for row in rows
        if row.is_deleted and start <= row.values["SystemModstamp"] < end
    ]
    return 200, {
        "deletedRecords": found,
        "earliestDateAvailable": moments.rest(call.at - _LONGEST_UPDATED_MS),
        "latestDateCovered": moments.rest(end),
    }


def _first(call: Call, *, with_deleted: bool) -> Answer:
    text = call.query.get("q", "")
    if not text:
        raise malformed_query("A query string has to be specified")
    size = call.org.settings.query_batch
    wanted = call.headers.get("Sforce-Query-Options", "").partition("batchSize=")[2]
    if wanted.strip().isdigit():
        size = min(size, max(_SMALLEST_PAGE, min(_LARGEST_PAGE, int(wanted))))
    body = queries.run(
        call.org, text, version=call.version, size=size, with_deleted=with_deleted
    )
    call.rows = len(body["records"])
    return 200, body


def _span(call: Call) -> tuple[int, int]:
    # An unquoted + arrives as a space.
    texts = (call.query.get(name, "").replace(" ", "+") for name in ("start", "end"))
    start, end = (moments.parse(text) for text in texts)
    if start is None or end is None or start >= end:
        raise ApiError(
            400, "INVALID_REPLICATION_DATE", "start and end must be ISO 8601, in order"
        )
    return start - start % _MINUTE_MS, end - end % _MINUTE_MS
