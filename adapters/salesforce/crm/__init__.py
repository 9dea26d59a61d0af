"""The port `Crm` on one Salesforce organisation, put together from its parts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from adapters.http import Clock, Sleep
from adapters.ports import CrmUser, FieldWrite, Note, Outcome, Probe, Task, Traced
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.describing import Describing
from adapters.salesforce.crm.linking import Linking
from adapters.salesforce.crm.noting import Noting
from adapters.salesforce.crm.people import People
from adapters.salesforce.crm.probing import Probing
from adapters.salesforce.crm.reading import Reading
from adapters.salesforce.crm.scanning import Scanning
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.crm.writing import Writing
from rules.account import Account
from rules.model import Evidence, EvidenceKind, FieldMap, Kind, Record, RecordRef

__all__ = ["SalesforceCrm"]


class SalesforceCrm:
    """One connected Salesforce organisation. Safe to use from several threads."""

    round_size = 500
    """Returns go one by one anyway: larger rounds save next to nothing, and take room
    in memory."""

    def __init__(
        self,
        client: SalesforceClient,
        *,
        organization_id: str,
        site_url: str,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        """Put the parts together; nothing is sent."""
        shape = Shape(client, clock)
        self._people = People(client, shape, clock)
        self._describing = Describing(client, shape, clock)
        self._probing = Probing(client, shape, organization_id=organization_id)
        self._reading = Reading(
            client, shape, site_url=site_url, clock=clock, sleep=sleep
        )
        self._linking = Linking(client, shape)
        self._scanning = Scanning(
            client, shape, reading=self._reading, linking=self._linking
        )
        self._writing = Writing(client, shape)
        self._noting = Noting(
            client, shape, reading=self._reading, people=self._people, clock=clock
        )

    def account(self, kinds: Sequence[Kind]) -> Account:
        """Return record types as pipelines, stages and fields, afresh."""
        return self._describing.account(kinds)

    def people(self) -> Sequence[CrmUser]:
        """Return everybody who can own a record, former colleagues included."""
        return self._people.all()

    def read(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Record]:
        """Return the records as they stand: one request for two thousand."""
        return self._reading.read(refs, fields)

    def trace(
        self, refs: Sequence[RecordRef], fields: FieldMap
    ) -> Mapping[RecordRef, Traced]:
        """Return the records and who moved them: one request for four hundred.

        May wait for the end of a second, see `Reading.trace`.
        """
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
        """Set fields of records that nobody has touched: one request for each."""
        return self._writing.write(writes, fields)

    def write_notes(self, notes: Sequence[Note]) -> Mapping[str, Outcome]:
        """Put notes on timelines: one request for two hundred."""
        return self._noting.write_notes(notes)

    def create_tasks(self, tasks: Sequence[Task]) -> Mapping[str, Outcome]:
        """Create tasks: one request for two hundred."""
        return self._noting.create_tasks(tasks)

    def find_notes(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those notes, by key, that Salesforce already has."""
        return self._noting.find_notes(wanted)

    def find_tasks(self, wanted: Mapping[str, RecordRef]) -> Mapping[str, str]:
        """Return the ids of those tasks, by key, that Salesforce already has."""
        return self._noting.find_tasks(wanted)

    def completed_tasks(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these tasks somebody has completed."""
        return self._noting.completed_tasks(ids)

    def probe(self) -> Probe:
        """Look, without side effects, at every right that is needed."""
        return self._probing.probe()
