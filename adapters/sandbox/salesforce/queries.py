"""Running queries, and handing out their rows page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.sandbox.salesforce import conditions, ids, soql
from adapters.sandbox.salesforce.errors import (
    ApiError,
    malformed_query,
    no_such_type,
)
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.paths import Path, follow, resolve
from adapters.sandbox.salesforce.records import Record
from adapters.sandbox.salesforce.soql import Order, Select

Json = dict[str, Any]

_MOST_FIELDS_ALL = 200
_MOST_OFFSET = 2_000


@dataclass(slots=True)
class Cursor:
    """A query under way: the rows that it found, shaped when they are fetched."""

    entity: str
    paths: Sequence[Path]
    found: Sequence[str]
    size: int
    is_expired: bool = False


def run(org: Org, text: str, *, version: str, size: int, with_deleted: bool) -> Json:
    """Return the first page of a query; raises ApiError."""
    query = soql.parse(text)
    kind = org.type(query.entity)
    if kind is None:
        raise no_such_type(query.entity)
    entity = kind.name
    paths = _paths(org, entity, query)
    test = conditions.compile_test(org, entity, query.where)
    rows = org.records[entity].values()
    found = [row for row in rows if (with_deleted or not row.is_deleted) and test(row)]
    for order in reversed(query.orders):
        found = _sort(found, resolve(org, entity, order.path), order)
    if query.offset > _MOST_OFFSET:
        raise ApiError(
            400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"
        )
    end = None if query.limit is None else query.offset + query.limit
    found = found[query.offset : end]
    if not query.fields:
        return {"totalSize": len(found), "done": True, "records": []}
    cursor = Cursor(entity, paths, [row.id for row in found], size)
    if len(found) <= size:
        return _page(org, cursor, "", 0, version)
    cursor_id = ids.make("01g", org.numbers.next_number())
    org.cursors[cursor_id] = cursor
    return _page(org, cursor, cursor_id, 0, version)


def more(org: Org, locator: str, version: str) -> Json:
    """Return a further page, by what follows `query/` in `nextRecordsUrl`."""
    cursor_id, _, start = locator.partition("-")
    cursor = org.cursors.get(cursor_id)
    if cursor is None or not start.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    if cursor.is_expired:
        raise ApiError(400, "QUERY_LOCATOR_EXPIRED", "query locator has expired")
    return _page(org, cursor, cursor_id, int(start), version)


def shape(org: Org, record: Record, paths: Sequence[Path], version: str) -> Json:
    """Return a record with these fields, nested along references."""
    shaped: Json = {"attributes": attributes(record, version)}
    for path in paths:
        inner = shaped
        for depth, step in enumerate(path.steps, 1):
            name = str(step.relationship)
            target = follow(org, record, path.steps[:depth])
            if target is None:
                inner.setdefault(name, None)
                break
            inner = inner.setdefault(name, {"attributes": attributes(target, version)})
        else:
            inner[path.field.name] = path.field.wire(path.value(record))
    return shaped


def attributes(record: Record, version: str) -> Json:
    """Return what says of which type a record is and where it is."""
    url = f"/services/data/{version}/sobjects/{record.type}/{record.id}"
    return {"type": record.type, "url": url}


def _paths(org: Org, entity: str, query: Select) -> list[Path]:
    paths: list[Path] = []
    for name in query.fields:
        if not name.startswith("FIELDS("):
            paths.append(resolve(org, entity, name))
            continue
        if name != "FIELDS(STANDARD)" and (query.limit or 201) > _MOST_FIELDS_ALL:
            raise malformed_query(
                "The SOQL FIELDS function must have a LIMIT of at most 200"
            )
        paths += [
            Path(org, (), field)
            for field in org.types[entity].visible()
            if name == "FIELDS(ALL)" or (name == "FIELDS(CUSTOM)") == field.is_custom
        ]
    return paths


def _sort(rows: list[Record], path: Path, order: Order) -> list[Record]:
    def key(record: Record) -> Any:
        value = path.value(record)
        return value.lower() if isinstance(value, str) else value

    empty = [row for row in rows if path.value(row) is None]
    filled = [row for row in rows if path.value(row) is not None]
    # Ids are ordered as they are, others without case.
    by = path.value if path.field.type in {"id", "reference"} else key
    filled.sort(key=by, reverse=order.is_descending)
    return filled + empty if order.nulls_last else empty + filled


def _page(org: Org, cursor: Cursor, cursor_id: str, start: int, version: str) -> Json:
    table = org.records[cursor.entity]
    end = start + cursor.size
    body: Json = {
        "totalSize": len(cursor.found),
        "done": end >= len(cursor.found),
        "records": [
            shape(org, table[found], cursor.paths, version)
            for found in cursor.found[start:end]
        ],
    }
    if not body["done"]:
        body["nextRecordsUrl"] = f"/services/data/{version}/query/{cursor_id}-{end}"
    return body
