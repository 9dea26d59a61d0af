"""Everything that changed since a moment, oldest change first.

There are no pages to be shifted by what changes meanwhile: each query asks for what
follows the last record seen, by its stamp and, within one second, by its id. So any
number of records may have the same stamp.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from adapters.salesforce import mapping
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.linking import Linking
from adapters.salesforce.crm.reading import Reading
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.facts import sources
from adapters.salesforce.ids import prefix_of
from adapters.salesforce.kinds import MODIFIED
from adapters.salesforce.queries import quote, select, stamp
from adapters.salesforce.values import to_instant
from adapters.wire import Json, text
from rules.model import EvidenceKind, FieldMap, Kind, Record, RecordRef

LAG = timedelta(minutes=5)
"""A change is stamped when it is made and seen when all of its transaction is saved:
so much of the past is looked at again."""
PAGE = 2_000


class Scanning:
    """Asks for changed records."""

    def __init__(
        self,
        client: SalesforceClient,
        shape: Shape,
        *,
        reading: Reading,
        linking: Linking,
    ) -> None:
        """Ask with the client, make records and follow links with the others."""
        self._client = client
        self._shape = shape
        self._reading = reading
        self._linking = linking

    def count(self, kind: Kind, since: datetime | None) -> int | None:
        """Return how many records changed since then."""
        source = self._shape.type_of(kind).name
        where = "" if since is None else f"{MODIFIED} >= {stamp(since)}"
        query = select(["COUNT()"], source, where)
        total = self._client.get("query", {"q": query}).get("totalSize")
        return total if isinstance(total, int) else None

    def scan(
        self, kind: Kind, fields: FieldMap, since: datetime | None
    ) -> Iterator[Sequence[Record]]:
        """Yield the records that changed since then, each as it stands."""
        about = self._shape.type_of(kind)
        names = self._reading.names(about, fields)
        for rows in self._pages(about.name, names, since):
            yield [
                self._reading.to_record(
                    row, mapping.to_ref(kind, text(row, "Id")), about, fields
                )
                for row in rows
            ]

    def touched(
        self, kind: Kind, evidence: frozenset[EvidenceKind], since: datetime
    ) -> Iterator[Sequence[RecordRef]]:
        """Yield the records that rows hang on which count and changed since then."""
        about = self._shape.type_of(kind)
        for source in sources(about, evidence):
            if source.is_optional and self._shape.find(source.name) is None:
                continue
            names = ["Id", source.of, MODIFIED]
            only = f"{source.of} != null"
            if condition := self._linking.condition(source):
                only = f"{only} AND {condition}"
            for rows in self._pages(source.name, names, since, only=only):
                ends = dict.fromkeys(text(row, source.of) for row in rows)
                ids = self._linking.hung_on(about, source, list(ends))
                # A task may hang on an account as well as on a deal.
                own = [one for one in ids if prefix_of(one) == about.prefix]
                if own:
                    yield [mapping.to_ref(kind, one) for one in own]

    def _pages(
        self,
        name: str,
        names: Sequence[str],
        since: datetime | None,
        *,
        only: str = "",
    ) -> Iterator[list[Json]]:
        """Yield the rows of an object that changed since then, oldest change first."""
        where = "" if since is None else f"{MODIFIED} >= {stamp(since - LAG)}"
        while True:
            both = " AND ".join(one for one in (where, only) if one)
            query = select(names, name, both, [MODIFIED, "Id"])
            rows = self._client.rows(f"{query} LIMIT {PAGE}")
            if rows:
                yield rows
            at = to_instant(rows[-1].get(MODIFIED)) if len(rows) == PAGE else None
            if at is None:
                return
            last_id = quote(text(rows[-1], "Id"))
            # Led by a range, which Salesforce finds by index; an OR alone is a scan.
            where = (
                f"{MODIFIED} >= {stamp(at)} AND ({MODIFIED} > {stamp(at)}"
                f" OR Id > {last_id})"
            )
