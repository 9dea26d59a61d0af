"""Explaining one record: read afresh, judged as it stands, and nothing done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.ports import Crm
from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.lookup import RecordMissing, find_record, reference
from connector.services.pausing import is_paused
from connector.services.policies import Active, CrmFor, Policies, fields_by_kind
from connector.services.texts import count_uses
from connector.store import Store, Transaction
from connector.store.baselines import KnownRecord
from connector.store.connections import Connection
from connector.store.holds import Hold
from rules.document.meaning import fold
from rules.document.problems import did_you_mean, listed
from rules.evidence import needs
from rules.exemptions import Exemption, exempting
from rules.explaining import Prospect, next_stage, think_through, to_change
from rules.holds import Wish, judge_wish
from rules.model import (
    NO_EVIDENCE,
    Change,
    Evidence,
    EvidenceKind,
    Record,
    Result,
    RuleId,
    StageId,
    Verdict,
)
from rules.moves import speaks_of
from rules.policy import Policy
from rules.wording import Standing

DAY = timedelta(days=1)


class StageMissing(ConfigError):
    """The policy has no such stage."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A record as it stands now; `policy` is None if none in force speaks of it.

    `prospect` is None at the end of the path.
    """

    known: KnownRecord
    record: Record
    policy: Policy | None
    standing: Standing
    prospect: Prospect | None


@dataclass(frozen=True, slots=True)
class _Case:
    """One record and the policy that speaks of it; `own` with its exemptions."""

    account: Connection
    known: KnownRecord
    record: Record
    active: Active
    exemptions: tuple[Exemption, ...]
    own: Policy
    hold: Hold | None
    returns_today: int
    is_paused: bool
    now: datetime


class Explaining:
    """Says what would happen, and what is still needed."""

    def __init__(
        self, store: Store, *, crm_for: CrmFor, policies: Policies, clock: Clock
    ) -> None:
        """Read records through `crm_for`."""
        self._store = store
        self._crm_for = crm_for
        self._policies = policies
        self._clock = clock

    def explain(
        self, words: str, *, to: str | None = None, connection: Connection | None = None
    ) -> Explained:
        """Explain the record that `words` mean, and a move of it.

        `to` names a stage by its key, label or id; the next one if None. Raises
        RecordMissing, RecordAmbiguous, StageMissing, and what `adapters.errors` has.
        """
        connection_id = None if connection is None else connection.id
        with self._store.begin() as tx:
            known = find_record(tx, words, connection_id=connection_id)
            account = tx.connections.get(known.connection_id)
            actives = self._policies.active(tx, account.id)
        crm = self._crm_for(account)
        record = _read(crm, known, actives)
        active = next((one for one in actives if speaks_of(one.policy, record)), None)
        if active is None:
            return Explained(known, record, None, Standing(), None)
        with self._store.begin() as tx:
            case = self._case(tx, account, known, record, active)
        target = _find_stage(active.policy, record, to)
        wished = None if case.hold is None else case.hold.to_stage
        evidence = _ask(crm, case, [target, wished])
        with self._store.begin() as tx:
            change = Change(known.record, record)
            uses = count_uses(tx, account.id, known.id, change, case.own)
            evidence = replace(evidence, uses=uses)
            standing = _standing(tx, case, evidence)
        prospect = None
        if target is not None:
            prospect = think_through(
                case.own,
                record,
                target,
                evidence,
                case.now,
                returns_today=case.returns_today,
            )
        return Explained(known, record, active.policy, standing, prospect)

    def _case(
        self,
        tx: Transaction,
        account: Connection,
        known: KnownRecord,
        record: Record,
        active: Active,
    ) -> _Case:
        now = self._clock.now()
        exempted = tx.exemptions.of([known.id], now=now).get(known.id, {})
        exemptions = exempted.get(active.version.process_id, ())
        hold = tx.holds.of([known.id]).get(known.id)
        returns = tx.interventions.returns_since([known.id], now - DAY)
        return _Case(
            account=account,
            known=known,
            record=record,
            active=active,
            exemptions=exemptions,
            own=exempting(active.policy, exemptions, now),
            hold=hold,
            returns_today=returns.get(known.id, 0),
            is_paused=is_paused(tx, account, active.version.process_id),
            now=now,
        )


def _read(crm: Crm, known: KnownRecord, actives: tuple[Active, ...]) -> Record:
    ref = known.record.ref
    found = crm.read([ref], fields_by_kind(actives).get(ref.kind, {})).get(ref)
    if found is None:
        raise RecordMissing(
            f"{known.record.name} ({reference(known)}) is no longer in"
            f" {known.connection}, or hidden from Slagboom."
        )
    return found


def _ask(crm: Crm, case: _Case, targets: Sequence[StageId | None]) -> Evidence:
    """Return what is linked to the record, as far as these moves need it."""
    kinds: frozenset[EvidenceKind] = frozenset()
    for target in targets:
        if target is not None:
            kinds |= needs(case.own, to_change(case.record, target), case.now)
    if not kinds:
        return NO_EVIDENCE
    ref = case.record.ref
    return crm.evidence([ref], kinds, case.now).get(ref, NO_EVIDENCE)


def _standing(tx: Transaction, case: _Case, evidence: Evidence) -> Standing:
    known, record, version = case.known, case.record, case.active.version
    owner = None
    if record.owner is not None:
        owner = tx.people.find_owner(case.account.id, record.owner)
    has_stayed = record.stage == known.record.stage
    return Standing(
        entered_at=known.stage_entered_at if has_stayed else None,
        owner_name="" if owner is None else owner.name,
        against=tuple(
            Verdict(one.rule, Result.FAIL, one.enforcement, one.reason)
            for one in tx.violations.latest(only_open=True, record_id=known.id)
            if one.process == version.name
        ),
        wish=None if case.hold is None else case.hold.to_stage,
        lacks=_lacks(case, evidence),
        clocks=tuple(
            (RuleId(one.follow_up), one.due_at)
            for one in tx.clocks.latest(only_running=True, record_id=known.id)
            if one.due_at is not None
        ),
        exemptions=case.exemptions,
        is_paused=case.is_paused,
    )


def _lacks(case: _Case, evidence: Evidence) -> tuple[Verdict, ...]:
    hold = case.hold
    if hold is None:
        return ()
    wish = Wish(hold.from_stage, hold.to_stage, hold.opened_at)
    return judge_wish(case.own, wish, case.record, evidence, case.now).lacks


def _find_stage(policy: Policy, record: Record, name: str | None) -> StageId | None:
    """Return the stage that is meant; the next one if none is named."""
    if name is None:
        following = next_stage(policy, record)
        return None if following is None else following.id
    wanted = fold(name)
    for stage in policy.stages:
        if wanted in {fold(stage.key), fold(stage.label), fold(stage.id)}:
            return stage.id
    keys = [stage.key for stage in policy.stages]
    raise StageMissing(
        f"The policy {policy.process} has no stage {name!r}.{did_you_mean(name, keys)}"
        f" There are: {listed(keys)}."
    )
