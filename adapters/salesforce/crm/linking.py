"""What is linked to records: the evidence, in one request for several objects."""

from collections.abc import Sequence
from datetime import datetime

from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.reading import by_kind
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.facts import Source, sources, to_tallies
from adapters.salesforce.kinds import ObjectType
from adapters.salesforce.queries import IDS, cut, is_in, select
from adapters.salesforce.wire import Json, text
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

    def _rows(
        self, about: ObjectType, ids: Sequence[str], kinds: frozenset[EvidenceKind]
    ) -> Rows:
        asked = [
            (source, piece)
            for source in sources(about, kinds)
            if not source.is_optional or self._shape.find(source.name)
            for piece in cut(ids, IDS)
        ]
        answers = self._client.rows_of([_ask(*one) for one in asked])
        rows: Rows = {}
        for (source, _), found in zip(asked, answers, strict=True):
            for row in found:
                of_record = rows.setdefault(text(row, source.of), {})
                of_record.setdefault(source.name, []).append(row)
        return rows


def _ask(source: Source, ids: Sequence[str]) -> str:
    where = is_in(source.of, ids)
    if source.where:
        where = f"{where} AND {source.where}"
    return select(["Id", source.of, *source.fields], source.name, where)
