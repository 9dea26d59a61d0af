"""A round: the records that one worker looks at together, and what is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.ports import Crm
from connector.services.policies import Active, Policies, fields_by_kind
from connector.store import Transaction
from connector.store.changes import PendingChange
from connector.store.connections import Connection
from connector.store.holds import Hold
from connector.store.interventions import EndedWrite, PlannedIntervention
from connector.store.judgements import StoredJudgement
from connector.store.records import ClaimedRecord
from connector.store.reversals import Reversal
from connector.store.violations import OpenViolation
from rules.exemptions import exempting
from rules.model import FieldMap, Kind, RuleId

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Round:
    """What is known before the CRM is asked anything. Row ids are the keys.

    `planned` and `stored` hold what an earlier round began and did not end, `written`
    what it did end of that, by judgement, and `judged_by` the policies that it was
    judged by. `told_at` says when auto moves were last made or asked for, `standing`
    what is violated. `exempted` has the policies, by process, as they are for records
    with exemptions. `paused` are the processes that are only observed. `reversals` are
    what somebody asked for, `reversed_on` what they go back on, by judgement.
    """

    connection: Connection
    crm: Crm
    lease: str
    claimed: tuple[ClaimedRecord, ...]
    actives: tuple[Active, ...]
    fields: Mapping[Kind, FieldMap]
    heard: Mapping[int, tuple[PendingChange, ...]]
    planned: Mapping[int, tuple[PlannedIntervention, ...]]
    stored: Mapping[int, StoredJudgement]
    written: Mapping[int, EndedWrite]
    judged_by: Mapping[int, Active]
    holds: Mapping[int, Hold]
    returns_today: Mapping[int, int]
    told_at: Mapping[int, Mapping[RuleId, datetime]]
    standing: Mapping[int, tuple[OpenViolation, ...]]
    exempted: Mapping[int, Mapping[int, Active]]
    paused: frozenset[int]
    reversals: Mapping[int, Reversal]
    reversed_on: Mapping[int, tuple[StoredJudgement, Active]]

    @property
    def ids(self) -> list[int]:
        """The rows of its records."""
        return [one.id for one in self.claimed]

    def is_paused(self, process_id: int) -> bool:
        """Return whether a process is only observed, or its whole connection."""
        return self.connection.paused_at is not None or process_id in self.paused

    def of_kind(self, kind: Kind) -> list[Active]:
        """Return the policies that speak of this kind of record."""
        return [active for active in self.actives if active.policy.kind is kind]

    def of_record(self, record_id: int, kind: Kind) -> list[Active]:
        """Return the policies that speak of a record, as they are for this one."""
        own = self.exempted.get(record_id, {})
        return [own.get(one.version.process_id, one) for one in self.of_kind(kind)]

    def active(self, process_id: int) -> Active | None:
        """Return the policy in force of a process, None if there is none."""
        return next(
            (one for one in self.actives if one.version.process_id == process_id), None
        )

    def fields_of(self, kind: Kind) -> FieldMap:
        """Return the fields of this kind that some policy speaks of."""
        return self.fields.get(kind, {})


def prepare(
    tx: Transaction,
    policies: Policies,
    crm: Crm,
    connection: Connection,
    claimed: Sequence[ClaimedRecord],
    *,
    lease: str,
    now: datetime,
) -> Round:
    """Return what the store knows of these records."""
    ids = [one.id for one in claimed]
    actives = policies.active(tx, connection.id)
    planned = tx.interventions.planned(ids)
    stored = tx.judgements.get(
        {
            row.judgement_id
            for rows in planned.values()
            for row in rows
            if row.judgement_id is not None
        }
    )
    reversals = tx.reversals.pending(ids)
    return Round(
        # Afresh: it may have been paused since it was last read.
        connection=tx.connections.get(connection.id),
        crm=crm,
        lease=lease,
        claimed=tuple(claimed),
        actives=actives,
        fields=fields_by_kind(actives),
        heard=tx.changes.pending(ids),
        planned=planned,
        stored=stored,
        written=tx.interventions.ended_writes(stored.keys()),
        judged_by={
            one.id: policies.version(tx, one.process_version_id)
            for one in stored.values()
        },
        holds=tx.holds.of(ids),
        returns_today=tx.interventions.returns_since(ids, now - DAY),
        told_at=tx.violations.last_opened(
            ids,
            {move.id for active in actives for move in active.policy.auto_moves},
        ),
        standing=tx.violations.open_of(ids),
        exempted=_exempted(tx, actives, ids, now),
        paused=tx.processes.paused(connection.id),
        reversals=reversals,
        reversed_on={
            one.id: (one, policies.version(tx, one.process_version_id))
            for one in tx.judgements.get(
                {one.judgement_id for one in reversals.values()}
            ).values()
        },
    )


def _exempted(
    tx: Transaction, actives: Sequence[Active], ids: Sequence[int], now: datetime
) -> dict[int, dict[int, Active]]:
    by_process = {active.version.process_id: active for active in actives}
    return {
        record_id: {
            process_id: replace(
                by_process[process_id],
                policy=exempting(by_process[process_id].policy, exemptions, now),
            )
            for process_id, exemptions in of_record.items()
            if process_id in by_process
        }
        for record_id, of_record in tx.exemptions.of(ids, now=now).items()
    }
