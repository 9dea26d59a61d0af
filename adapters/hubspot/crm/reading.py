"""Reading records in batches, and how they came where they are."""

from collections.abc import Iterable, Sequence

from adapters.batching import cut
from adapters.hubspot import mapping
from adapters.hubspot.batches import (
    LARGEST,
    LARGEST_WITH_HISTORY,
    demand_complete,
)
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.kinds import ObjectType
from adapters.hubspot.paths import Paths
from adapters.ports import Traced
from adapters.wire import Json, parts, text
from rules.model import FieldMap, Kind, Record, RecordRef


class Reading:
    """Records as they stand, straight from the database and not from the index."""

    def __init__(
        self,
        client: HubSpotClient,
        paths: Paths,
        shape: Shape,
        *,
        portal_id: str,
        app_id: int | None,
    ) -> None:
        """Remember whose records these are and which app we are."""
        self._client = client
        self._paths = paths
        self._shape = shape
        self._portal_id = portal_id
        self._app_id = app_id

    def read(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> dict[RecordRef, Record]:
        """Return the records as they stand; gone ones are absent."""
        found: dict[RecordRef, Record] = {}
        for kind, own in by_kind(refs).items():
            about = self._shape.type_of(kind)
            names = mapping.property_names(about, fields)
            raw = self.fetch(about.name, [ref.id for ref in own], names)
            for ref in own:
                if ref.id in raw:
                    found[ref] = self._record(raw[ref.id], ref, about, fields)
        return found

    def trace(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> dict[RecordRef, Traced]:
        """Return the records and their way through the stages; gone ones are absent."""
        found: dict[RecordRef, Traced] = {}
        for kind, own in by_kind(refs).items():
            about = self._shape.type_of(kind)
            names = mapping.property_names(about, fields)
            ids = [ref.id for ref in own]
            raw = self.fetch(about.name, ids, names, history=[about.stage])
            for ref in own:
                if ref.id not in raw:
                    continue
                record = self._record(raw[ref.id], ref, about, fields)
                found[ref] = mapping.to_traced(raw[ref.id], record, about, self._app_id)
        return found

    def fetch(
        self,
        type_name: str,
        ids: Iterable[str],
        properties: Sequence[str],
        *,
        history: Sequence[str] = (),
    ) -> dict[str, Json]:
        """Return objects by id, in batches; absent ones are left out."""
        path = self._paths.objects(type_name, "batch/read")
        size = LARGEST_WITH_HISTORY if history else LARGEST
        found: dict[str, Json] = {}
        for piece in cut(list(dict.fromkeys(ids)), size):
            body = self._client.ask(
                path,
                {
                    "properties": list(properties),
                    "propertiesWithHistory": list(history),
                    "inputs": [{"id": one} for one in piece],
                },
            )
            demand_complete(body)
            for one in parts(body, "results"):
                found[text(one, "id")] = one
        return found

    def _record(
        self, raw: Json, ref: RecordRef, about: ObjectType, fields: FieldMap
    ) -> Record:
        return mapping.to_record(
            raw,
            ref,
            about,
            fields=fields,
            types=self._shape.types(about, fields),
            portal_id=self._portal_id,
        )


def by_kind(refs: Iterable[RecordRef]) -> dict[Kind, list[RecordRef]]:
    """Return the refs by kind, each once."""
    found: dict[Kind, list[RecordRef]] = {}
    for ref in dict.fromkeys(refs):
        found.setdefault(ref.kind, []).append(ref)
    return found
