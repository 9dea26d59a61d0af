"""The port `Crm` on one HubSpot account, put together from its parts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from adapters.http import Clock
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.describing import Describing
from adapters.hubspot.crm.linking import Linking
from adapters.hubspot.crm.noting import Noting
from adapters.hubspot.crm.reading import Reading
from adapters.hubspot.crm.scanning import Scanning
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.crm.writing import Writing
from adapters.hubspot.paths import Paths
from adapters.ports import CrmUser, FieldWrite, Note, Outcome, Probe, Task, Traced
from rules.account import Account
from rules.model import Evidence, EvidenceKind, FieldMap, Kind, Record, RecordRef

__all__ = ["HubSpotCrm"]


class HubSpotCrm:
    """One connected HubSpot account. Safe to use from several threads."""

    round_size = 1_000
    """Everything goes by the hundred: what a round has over costs a request each."""

    def __init__(
        self,
        client: HubSpotClient,
        paths: Paths,
        *,
        portal_id: str,
        app_id: int | None,
        clock: Clock,
    ) -> None:
        """Put the parts together; nothing is sent."""
        shape = Shape(client, paths, clock)
        self._describing = Describing(
            client, paths, shape, clock=clock, portal_id=portal_id
        )
        self._reading = Reading(
            client, paths, shape, portal_id=portal_id, app_id=app_id
        )
        self._linking = Linking(client, paths, shape, self._reading)
        self._scanning = Scanning(
            client, paths, shape, reading=self._reading, linking=self._linking
        )
        self._writing = Writing(client, paths, shape)
        self._noting = Noting(
            client,
            paths,
            shape=shape,
            reading=self._reading,
            linking=self._linking,
            writing=self._writing,
        )

    def account(self, kinds: Sequence[Kind]) -> Account:
        """Return pipelines, stages and properties, afresh, archived stages included."""
        return self._describing.account(kinds)

    def people(self) -> Sequence[CrmUser]:
        """Return everybody who can own a record, former colleagues included."""
        return self._describing.people()

    def read(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Record]:
        """Return the records as they stand: one request for a hundred."""
        return self._reading.read(refs, fields)

    def trace(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Traced]:
        """Return the records and who moved them: one request for fifty."""
        return self._reading.trace(refs, fields)

    def scan(
        self, kind: Kind, fields: FieldMap, *, since: datetime | None = None
    ) -> Iterator[Sequence[Record]]:
        """Yield what changed since then, oldest change first."""
        return self._scanning.scan(kind, fields, since)

    def count(self, kind: Kind, *, since: datetime | None = None) -> int | None:
        """Return how many records `scan` will yield, about."""
        return self._scanning.count(kind, since)

    def touched(
        self, kind: Kind, evidence: frozenset[EvidenceKind], *, since: datetime
    ) -> Iterator[Sequence[RecordRef]]:
        """Yield records to which something of `evidence` was linked since then."""
        return self._scanning.touched(kind, evidence, since)

    def evidence(
        self, refs: Sequence[RecordRef], kinds: frozenset[EvidenceKind], now: datetime
    ) -> Mapping[RecordRef, Evidence]:
        """Return for every ref what of `kinds` is linked."""
        return self._linking.evidence(refs, kinds, now)

    def write(
        self, writes: Sequence[FieldWrite], fields: FieldMap
    ) -> Mapping[str, Outcome]:
        """Set fields: one request for a hundred records.

        HubSpot has no conditional write, so `expected` only names the record: whoever
        calls has read it just before.
        """
        return self._writing.write(writes, fields)

    def write_notes(self, notes: Sequence[Note]) -> Mapping[str, Outcome]:
        """Put notes on timelines: one request for a hundred."""
        return self._noting.write_notes(notes)

    def create_tasks(self, tasks: Sequence[Task]) -> Mapping[str, Outcome]:
        """Create tasks: one request for a hundred."""
        return self._noting.create_tasks(tasks)

    def find_notes(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those notes, by key, that HubSpot already has."""
        return self._noting.find_notes(wanted)

    def find_tasks(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those tasks, by key, that HubSpot already has."""
        return self._noting.find_tasks(wanted)

    def completed_tasks(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these tasks somebody has completed."""
        return self._noting.completed_tasks(ids)

    def probe(self) -> Probe:
        """Try, without side effects, every right that is needed."""
        return self._describing.probe()
