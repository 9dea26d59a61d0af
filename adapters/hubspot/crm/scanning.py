"""Everything that changed since a moment, oldest change first.

The search has three traps: it ends after 10,000 results, its index lags behind, and a
record that changes meanwhile shifts every later page. So there are no pages: each
search asks for what follows the last change seen, and the search only names records;
what they hold is read from the database. Limits:
developers.hubspot.com/docs/api-reference/search/guide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.hubspot import mapping
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.linking import Linking
from adapters.hubspot.crm.reading import Reading
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.kinds import ObjectType
from adapters.hubspot.paths import Paths
from adapters.hubspot.tallies import ACTIVITIES
from adapters.hubspot.values import to_instant, to_ms
from adapters.wire import Json, part, parts, text
from rules.model import EvidenceKind, FieldMap, Kind, Record, RecordRef

Filters = list[dict[str, Any]]

LAG = timedelta(minutes=2)
"""How far the index may be behind: so much of the past is looked at again."""
PAGE = 200
_ACTIVITY_MODIFIED = "hs_lastmodifieddate"


@dataclass(frozen=True, slots=True)
class _Hit:
    id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class _Searched:
    """Objects of one type, those that `filters` let through."""

    name: str
    modified: str
    filters: tuple[dict[str, Any], ...] = ()


class Scanning:
    """Searches for changed records."""

    def __init__(
        self,
        client: HubSpotClient,
        paths: Paths,
        shape: Shape,
        *,
        reading: Reading,
        linking: Linking,
    ) -> None:
        """Search with the client, and read and follow links with the others."""
        self._client = client
        self._paths = paths
        self._shape = shape
        self._reading = reading
        self._linking = linking

    def count(self, kind: Kind, since: datetime | None) -> int | None:
        """Return how many records changed since then, as far as the index knows."""
        searched = _records(self._shape.type_of(kind))
        since_ms = None if since is None else to_ms(since)
        filters = _changed(searched, since_ms)
        total = self._search(searched, filters, searched.modified, 1).get("total")
        return total if isinstance(total, int) else None

    def scan(
        self, kind: Kind, fields: FieldMap, since: datetime | None
    ) -> Iterator[Sequence[Record]]:
        """Yield the records, each as it stands at the moment it is read.

        A record that has changed since the index saw it is kept for the end, so that
        the `modified_at` of what was yielded stays a cursor.
        """
        searched = _records(self._shape.type_of(kind))
        late: dict[str, Record] = {}
        since_ms = None if since is None else to_ms(since - LAG)
        for hits in self._hits(searched, since_ms):
            settled: list[Record] = []
            refs = {mapping.to_ref(kind, hit.id): hit for hit in hits}
            for ref, record in self._reading.read(list(refs), fields).items():
                if to_ms(record.modified_at) > refs[ref].at_ms:
                    late[ref.id] = record
                else:
                    late.pop(ref.id, None)
                    settled.append(record)
            if settled:
                yield _in_order(settled)
        if late:
            yield _in_order(late.values())

    def touched(
        self, kind: Kind, evidence: frozenset[EvidenceKind], since: datetime
    ) -> Iterator[Sequence[RecordRef]]:
        """Yield the records that activities hang on which changed since then.

        A contact does not change by being linked; the record does, and is scanned.
        """
        about = self._shape.type_of(kind)
        searchable = (one for one in sorted(evidence) if ACTIVITIES[one].properties)
        # One search serves all evidence that is kept as objects of the same type.
        for name, wanted in {ACTIVITIES[one].name: one for one in searchable}.items():
            searched = _Searched(name, _ACTIVITY_MODIFIED)
            for hits in self._hits(searched, to_ms(since - LAG)):
                ids = self._linking.hung_on(about, wanted, [hit.id for hit in hits])
                if ids:
                    yield [mapping.to_ref(kind, one) for one in ids]

    def _hits(self, searched: _Searched, since_ms: int | None) -> Iterator[list[_Hit]]:
        seen: set[_Hit] = set()
        while True:
            found = self._page(
                searched, _changed(searched, since_ms), searched.modified
            )
            hits = [hit for hit in found if hit not in seen]
            if hits:
                yield hits
            if len(found) < PAGE:
                return
            last_ms = found[-1].at_ms
            if last_ms != since_ms:
                seen = {hit for hit in found if hit.at_ms == last_ms}
                since_ms = last_ms
                continue
            # A bulk edit gives thousands the same moment: they are told apart by id.
            yield from self._same_moment(searched, last_ms)
            seen, since_ms = set(), last_ms + 1

    def _same_moment(self, searched: _Searched, at_ms: int) -> Iterator[list[_Hit]]:
        last_id = "0"
        while True:
            filters = [
                *_changed(searched, at_ms),
                _filter(searched.modified, "LTE", at_ms),
                _filter("hs_object_id", "GT", last_id),
            ]
            found = self._page(searched, filters, "hs_object_id")
            if found:
                yield found
                last_id = found[-1].id
            if len(found) < PAGE:
                return

    def _page(self, searched: _Searched, filters: Filters, order: str) -> list[_Hit]:
        answer = self._search(searched, filters, order, PAGE)
        return [_to_hit(one, searched) for one in parts(answer, "results")]

    def _search(
        self, searched: _Searched, filters: Filters, order: str, limit: int
    ) -> Json:
        return self._client.search(
            self._paths.objects(searched.name, "search"),
            {
                "filterGroups": [{"filters": filters}] if filters else [],
                "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
                "properties": [searched.modified],
                "limit": limit,
            },
        )


def _records(about: ObjectType) -> _Searched:
    """Return how records of ours are searched for."""
    if not about.only_stages:
        return _Searched(about.name, about.modified)
    stages = list(about.only_stages)
    only = {"propertyName": about.stage, "operator": "IN", "values": stages}
    return _Searched(about.name, about.modified, (only,))


def _changed(searched: _Searched, since_ms: int | None) -> Filters:
    filters = list(searched.filters)
    if since_ms is not None:
        filters.insert(0, _filter(searched.modified, "GTE", since_ms))
    return filters


def _filter(name: str, operator: str, value: object) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _to_hit(raw: Json, searched: _Searched) -> _Hit:
    changed = part(raw, "properties").get(searched.modified) or raw.get("updatedAt")
    at = to_instant(changed)
    return _Hit(text(raw, "id"), 0 if at is None else to_ms(at))


def _in_order(records: Any) -> list[Record]:
    return sorted(records, key=lambda record: (record.modified_at, record.ref))
