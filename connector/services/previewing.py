"""What a policy would judge differently: the stored records, by two policies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters.ports import Crm
from connector.clock import Clock
from connector.services.policies import CrmFor
from connector.services.progress import Progress
from connector.store import Store
from connector.store.connections import Connection
from rules.exemptions import covers
from rules.model import (
    NO_EVIDENCE,
    Enforcement,
    Evidence,
    EvidenceKind,
    Record,
    RecordRef,
    RuleId,
    StageId,
    Verdict,
)
from rules.policy import Policy
from rules.previewing import Effect, Pair, Shift

AT_A_TIME = 1000
"""Records in memory at once."""

MOST_EXAMPLES = 3

NOTHING_ASKED: Mapping[RecordRef, Evidence] = {}


@dataclass(frozen=True, slots=True)
class Example:
    """A record that is judged differently, and why, or why it was before."""

    ref: RecordRef
    name: str
    url: str
    verdict: Verdict | None


@dataclass(slots=True)
class Shifted:
    """One rule in one stage: how many records it judges differently, and how."""

    rule: RuleId
    stage: StageId | None
    effect: Effect
    was: Enforcement
    now: Enforcement
    count: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two policies judge differently of so many records, by rule and stage."""

    records: int
    differing: int
    shifts: tuple[Shifted, ...]

    def of(self, effect: Effect) -> list[Shifted]:
        """Return what differs in one way, most records first."""
        found = [one for one in self.shifts if one.effect is effect]
        return sorted(found, key=lambda one: (-one.count, one.rule, one.stage or ""))


class Previewing:
    """Judges stored records by policies that are not in force."""

    def __init__(
        self,
        store: Store,
        *,
        crm_for: CrmFor,
        clock: Clock,
        at_a_time: int = AT_A_TIME,
    ) -> None:
        """Ask accounts through `crm_for`, only where that is wanted."""
        self._store = store
        self._crm_for = crm_for
        self._clock = clock
        self._at_a_time = at_a_time

    def compare(
        self,
        connection: Connection,
        before: Policy | None,
        after: Policy,
        *,
        asks_crm: bool,
        progress: Progress,
    ) -> Comparison:
        """Judge every live record that is stored by both policies, as it stands.

        What a record is exempt from makes no difference. With `asks_crm` what is not
        stored is asked for: evidence, and fields that no policy has read so far. Raises
        then what `adapters.errors` has. However many records there are, only some of
        them are held at a time.
        """
        now = self._clock.now()
        pair = Pair(before, after)
        with self._store.begin() as tx:
            exempt = tx.exemptions.in_process(connection.id, after.process, now=now)
        crm = self._crm_for(connection) if asks_crm else None
        gathering = _Gathering()
        for stored, total in self._pages(connection, before, after):
            page, evidence = stored, NOTHING_ASKED
            if crm is not None:
                page = _read_missing(crm, stored, after)
                evidence = _ask(crm, page, pair, now)
            for record in page:
                found = evidence.get(record.ref, NO_EVIDENCE)
                waived = exempt.get(record.ref, ())
                gathering.take(
                    record,
                    [
                        shift
                        for shift in pair.shifts(record, found, now)
                        if not any(covers(one.rule, shift.rule) for one in waived)
                    ],
                )
            progress(gathering.records, total)
        return gathering.comparison()

    def _pages(
        self, connection: Connection, before: Policy | None, after: Policy
    ) -> Iterator[tuple[list[Record], int]]:
        """Yield the records that either policy speaks of, with how many there are."""
        pipelines = {
            after.pipeline,
            after.pipeline if before is None else before.pipeline,
        }
        known = frozenset(one for one in pipelines if one is not None)
        places = None if None in pipelines else known
        with self._store.begin() as tx:
            total = tx.baselines.count_live(connection.id, after.kind, places)
        last = 0
        while True:
            with self._store.begin() as tx:
                page = tx.baselines.live(
                    connection.id,
                    after.kind,
                    after=last,
                    limit=self._at_a_time,
                    pipelines=places,
                )
            if not page:
                return
            yield [record for _, record, _ in page], total
            last = page[-1][0]


class _Gathering:
    """The figures of a comparison in the making."""

    def __init__(self) -> None:
        self.records = 0
        self._differing = 0
        self._found: dict[tuple[RuleId, StageId | None, Effect], Shifted] = {}

    def take(self, record: Record, shifts: Sequence[Shift]) -> None:
        """Count one record, with what is judged differently of it."""
        self.records += 1
        self._differing += any(one.effect is not Effect.UNKNOWN for one in shifts)
        for one in shifts:
            key = one.rule, record.stage, one.effect
            kept = self._found.get(key)
            if kept is None:
                kept = self._found[key] = Shifted(*key, one.was, one.now)
            kept.count += 1
            if len(kept.examples) < MOST_EXAMPLES:
                example = Example(record.ref, record.name, record.url, one.verdict)
                kept.examples.append(example)

    def comparison(self) -> Comparison:
        return Comparison(self.records, self._differing, tuple(self._found.values()))


def _read_missing(crm: Crm, page: Sequence[Record], policy: Policy) -> list[Record]:
    """Return the records, read afresh where a field that is needed was never read."""
    lacking = [one.ref for one in page if policy.fields.keys() - one.fields.keys()]
    fresh = crm.read(lacking, policy.fields) if lacking else {}
    gone = set(lacking) - fresh.keys()
    return [fresh.get(one.ref, one) for one in page if one.ref not in gone]


def _ask(
    crm: Crm, page: Sequence[Record], pair: Pair, now: datetime
) -> dict[RecordRef, Evidence]:
    """Return the evidence that judging a page takes, asked for in batches."""
    wanted: dict[frozenset[EvidenceKind], list[RecordRef]] = {}
    for record in page:
        if kinds := pair.needs(record, now):
            wanted.setdefault(kinds, []).append(record.ref)
    found: dict[RecordRef, Evidence] = {}
    for kinds, refs in wanted.items():
        found.update(crm.evidence(refs, kinds, now))
    return found
