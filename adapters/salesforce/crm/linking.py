"""What is linked to records: the evidence, in one request for several objects."""

from collections.abc import Collection, Sequence
from datetime import datetime

from adapters.batching import cut
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.reading import by_kind
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.facts import Source, sources, to_tallies
from adapters.salesforce.kinds import ObjectType
from adapters.salesforce.queries import IDS, is_in, select
from adapters.wire import Json, text
from rules.model import Evidence, EvidenceKind, RecordRef, Tally

Rows = dict[str, dict[str, list[Json]]]
"""By the record's id and the name of the object."""


class Linking:
    """Activities, quotes and contacts of one organisation's records."""

    def __init__(self, client: SalesforceClient, shape: Shape) -> None:
        """Ask with one, and know from the other which objects there are."""
        self._client = client
        self._shape = shape

    def evidence(
        self, refs: Sequence[RecordRef], kinds: frozenset[EvidenceKind], now: datetime
    ) -> dict[RecordRef, Evidence]:
        """Return for every ref what of `kinds` is linked."""
        found = {ref: Evidence(dict.fromkeys(kinds, Tally())) for ref in refs}
        for kind, own in by_kind(refs).items():
            about = self._shape.type_of(kind)
            rows = self._rows(about, list(own), kinds)
            for record_id, ref in own.items():
                tallies = to_tallies(rows.get(record_id, {}), about, now)
                found[ref] = Evidence({one: tallies[one] for one in kinds})
        return found

    def hung_on(
        self, about: ObjectType, source: Source, ids: Sequence[str]
    ) -> list[str]:
        """Return the records that rows of a source hang on, by what they refer to."""
        if not source.via:
            return list(ids)
        rows = self._client.rows_of(
            [
                select(["Id"], about.name, is_in(source.via, piece))
                for piece in cut(ids, IDS)
            ]
        )
        return [text(row, "Id") for found in rows for row in found]

    def _rows(
        self, about: ObjectType, ids: Sequence[str], kinds: frozenset[EvidenceKind]
    ) -> Rows:
        wanted = [
            source
            for source in sources(about, kinds)
            if not source.is_optional or self._shape.find(source.name)
        ]
        ends = self._ends(about, ids, {source.via for source in wanted if source.via})
        # Most rows refer to the record itself.
        ends[""] = {one: [one] for one in ids}
        asked = [
            (source, piece)
            for source in wanted
            for piece in cut(list(ends[source.via]), IDS)
        ]
        answers = self._client.rows_of([self._query(*one) for one in asked])
        rows: Rows = {}
        for (source, _), found in zip(asked, answers, strict=True):
            for row in found:
                for record_id in ends[source.via].get(text(row, source.of), ()):
                    of_record = rows.setdefault(record_id, {})
                    of_record.setdefault(source.name, []).append(row)
        return rows

    def _query(self, source: Source, ids: Sequence[str]) -> str:
        """Return what asks for these rows, by the fields that are there."""
        where = is_in(source.of, ids)
        if condition := self.condition(source):
            where = f"{where} AND {condition}"
        described = self._shape.find(source.name)
        fields = [
            one for one in source.fields if described is None or one in described.types
        ]
        return select(["Id", source.of, *fields], source.name, where)

    def condition(self, source: Source) -> str:
        """Return what holds of the rows of a source here; empty if they all count."""
        field, besides = source.besides
        described = self._shape.find(source.name) if field else None
        if described is None or field not in described.types:
            return source.where
        return f"({source.where} OR {besides})"

    def _ends(
        self, about: ObjectType, ids: Sequence[str], vias: Collection[str]
    ) -> dict[str, dict[str, list[str]]]:
        """Return what stands in fields of records: by the field, who has it."""
        found: dict[str, dict[str, list[str]]] = {via: {} for via in vias}
        if not vias:
            return found
        names = ["Id", *sorted(vias)]
        asked = [
            select(names, about.name, is_in("Id", piece)) for piece in cut(ids, IDS)
        ]
        for rows in self._client.rows_of(asked):
            for row in rows:
                for via in vias:
                    if end := text(row, via):
                        found[via].setdefault(end, []).append(text(row, "Id"))
        return found
