"""What due clocks watch: read in batches, whatever their number."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.ports import Crm
from connector.services.policies import Active, fields_by_kind
from connector.services.steps import Watched
from connector.store.clocks import DueClock
from rules.model import NO_EVIDENCE, Evidence, EvidenceKind, Record, RecordRef
from rules.starts import find_follow_up, has_power, watched_evidence


def watch(
    crm: Crm,
    actives: Mapping[int, Active],
    due: Sequence[DueClock],
    now: datetime,
) -> list[Watched]:
    """Read what the clocks watch; those that no policy asks for are left out.

    `actives` are the policies by process. Raises what `adapters.errors` has.
    """
    asked = [
        (clock, active, follow_up)
        for clock in due
        if (active := actives.get(clock.process_id)) is not None
        and (follow_up := find_follow_up(active.policy, clock.follow_up)) is not None
        and has_power(follow_up)
    ]
    records: dict[RecordRef, Record] = {}
    fields = fields_by_kind(tuple(actives.values()))
    for kind in sorted({clock.ref.kind for clock, _, _ in asked}):
        refs = sorted({clock.ref for clock, _, _ in asked if clock.ref.kind is kind})
        records.update(crm.read(refs, fields.get(kind, {})))
    wanted: dict[frozenset[EvidenceKind], set[RecordRef]] = {}
    for clock, _, follow_up in asked:
        kinds = watched_evidence(follow_up)
        if kinds and clock.ref in records:
            wanted.setdefault(kinds, set()).add(clock.ref)
    evidence = {
        kinds: crm.evidence(sorted(refs), kinds, now) for kinds, refs in wanted.items()
    }
    tasks = [
        clock.task_id
        for clock, _, follow_up in asked
        if clock.task_id and follow_up.is_done_by_task
    ]
    completed = crm.completed_tasks(tasks) if tasks else frozenset()
    return [
        Watched(
            clock=clock,
            active=active,
            follow_up=follow_up,
            record=records.get(clock.ref),
            evidence=_of(evidence, watched_evidence(follow_up), clock.ref),
            is_task_completed=clock.task_id in completed,
        )
        for clock, active, follow_up in asked
    ]


def _of(
    evidence: Mapping[frozenset[EvidenceKind], Mapping[RecordRef, Evidence]],
    kinds: frozenset[EvidenceKind],
    ref: RecordRef,
) -> Evidence:
    return evidence.get(kinds, {}).get(ref, NO_EVIDENCE)
