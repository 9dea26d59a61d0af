"""Reading records in batches, and how they came where they are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from adapters.batching import cut
from adapters.http import Clock, Sleep
from adapters.ports import Traced
from adapters.salesforce import mapping
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.ids import prefix_of, to_18
from adapters.salesforce.kinds import CREATED, TYPES, History, ObjectType
from adapters.salesforce.queries import IDS, is_in, quote, select
from adapters.wire import Json, objects, text
from rules.model import FieldMap, Kind, Record, RecordRef

LARGEST = 2_000
"""Records in one retrieval."""
_SETTLINGS = 3
_MARGIN_S = 0.01
_AUTHOR = ("CreatedById", "CreatedBy.Name", "CreatedBy.UserType")


class Reading:
    """Records as they stand, straight from the database."""

    def __init__(
        self,
        client: SalesforceClient,
        shape: Shape,
        *,
        site_url: str,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        """Remember where people open the records."""
        self._client = client
        self._shape = shape
        self._site_url = site_url
        self._clock = clock
        self._sleep = sleep

    def read(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> dict[RecordRef, Record]:
        """Return the records as they stand; gone ones are absent."""
        found: dict[RecordRef, Record] = {}
        for kind, own in by_kind(refs).items():
            about = self._shape.type_of(kind)
            rows = self.fetch(about.name, list(own), self.names(about, fields))
            for record_id, ref in own.items():
                if record_id in rows:
                    found[ref] = self.to_record(rows[record_id], ref, about, fields)
        return found

    def fetch(
        self, name: str, ids: Sequence[str], names: Sequence[str]
    ) -> dict[str, Json]:
        """Return rows by id; those that are gone are left out."""
        found: dict[str, Json] = {}
        for piece in cut(ids, LARGEST):
            rows = objects(self._client.retrieve(name, piece, names))
            found |= {text(row, "Id"): row for row in rows}
        return found

    def trace(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> dict[RecordRef, Traced]:
        """Return the records and their way through the stages; gone ones are absent.

        Salesforce stamps a change with its second and compares no more than that. What
        was changed in the very second of being read may so be changed once more under
        the same stamp, and a write that states the stamp would not notice. So these
        are read again once that second is over.
        """
        found: dict[RecordRef, Traced] = {}
        for kind, own in by_kind(refs).items():
            for piece in cut(list(own), IDS):
                asked = {one: own[one] for one in piece}
                traced = self._settle(asked, self._shape.type_of(kind), fields)
                found |= {own[record_id]: one for record_id, one in traced.items()}
        return found

    def _settle(
        self, own: Mapping[str, RecordRef], about: ObjectType, fields: FieldMap
    ) -> dict[str, Traced]:
        """Return what there is of these by id, once their last second is over."""
        traced, at = self._trace(own, about, fields)
        for _ in range(_SETTLINGS):
            again = [
                record_id
                for record_id, one in traced.items()
                if at is not None and one.record.modified_at >= at
            ]
            if not again:
                break
            self._sleep(self._rest_of_second())
            retraced, at = self._trace({one: own[one] for one in again}, about, fields)
            for record_id in again:
                del traced[record_id]
            traced |= retraced
        return traced

    def _trace(
        self, own: Mapping[str, RecordRef], about: ObjectType, fields: FieldMap
    ) -> tuple[dict[str, Traced], datetime | None]:
        """Return what there is of these, in one request, and when it was answered."""
        names = [*self.names(about, fields), *_AUTHOR]
        queries = [select(names, about.name, is_in("Id", list(own)))]
        history = self._history_of(about)
        if history is not None:
            queries.append(_steps(history, about, list(own)))
        (rows, *past), at = self._client.rows_at(queries)
        steps: dict[str, list[Json]] = {}
        for step in (step for found in past for step in found):
            steps.setdefault(text(step, history.of if history else ""), []).append(step)
        ours = self._client.user
        traced = {}
        for row in rows:
            record_id = text(row, "Id")
            traced[record_id] = mapping.to_traced(
                self.to_record(row, own[record_id], about, fields),
                steps.get(record_id, ()) if history else None,
                about,
                ours=ours,
                creator=mapping.to_author(row, ours=ours),
            )
        return traced, at

    def _history_of(self, about: ObjectType) -> History | None:
        """Return the history that this organisation keeps of such records, if any."""
        history = about.history
        is_tracked = history is not None and history.is_by_field
        if history is not None and is_tracked and not self._shape.find(history.name):
            return None
        return history

    def names(self, about: ObjectType, fields: FieldMap) -> list[str]:
        """Return the fields that a record is made of."""
        described = self._shape.for_fields(about, fields)
        return mapping.field_names(
            about, fields, has_record_types=described.has_record_types
        )

    def to_record(
        self, row: Json, ref: RecordRef, about: ObjectType, fields: FieldMap
    ) -> Record:
        """Return the record of a row."""
        return mapping.to_record(
            row,
            ref,
            about,
            fields=fields,
            types=self._shape.for_fields(about, fields).types,
            site_url=self._site_url,
        )

    def _rest_of_second(self) -> float:
        return 1 - self._clock.now().microsecond / 1_000_000 + _MARGIN_S


def by_kind(refs: Iterable[RecordRef]) -> dict[Kind, dict[str, RecordRef]]:
    """Return the refs by kind and by id of 18 characters; what is no id is left out.

    No record can be meant by it, and a request that names it fails as a whole.
    """
    found: dict[Kind, dict[str, RecordRef]] = {}
    for ref in refs:
        record_id = find_id(ref)
        if record_id is not None:
            found.setdefault(ref.kind, {})[record_id] = ref
    return found


def find_id(ref: RecordRef) -> str | None:
    """Return the id of 18 characters of a record; None if it cannot be one's."""
    try:
        record_id = to_18(ref.id)
    except ValueError:
        return None
    return record_id if prefix_of(record_id) == TYPES[ref.kind].prefix else None


def _steps(history: History, about: ObjectType, ids: Sequence[str]) -> str:
    names, only = [str(about.stage)], ""
    if history.is_by_field:
        names = ["Field", "OldValue", "NewValue"]
        only = f" AND Field = {quote(str(about.stage))}"
    return select(
        [history.of, *names, CREATED, *_AUTHOR],
        history.name,
        is_in(history.of, ids) + only,
        [CREATED, "Id"],
    )
