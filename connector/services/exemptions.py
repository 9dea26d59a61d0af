"""Exemptions: granting and revoking them, and the advice that comes of many."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.lookup import find_record, reference
from connector.services.policies import Active, Policies
from connector.services.until import read_until
from connector.store import Store, Transaction
from connector.store.baselines import KnownRecord
from connector.store.exemptions import Granted, NewExemption
from connector.store.notices import NEWS
from rules.document.problems import did_you_mean, listed
from rules.exemptions import ALL, covers, judged_rules
from rules.moves import speaks_of

RECURRING_WITHIN = timedelta(days=90)
"""Exemptions from one rule are counted over so long."""


class ExemptionMissing(ConfigError):
    """There is no exemption of this id that still holds."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An exemption, with how many there were like it in the last 90 days.

    `times_for_owner` counts those for the same owner's records, `times_for_rule` those
    from the same rule of the same process; `advice` is what that leads to, or None.
    """

    granted: Granted
    times_for_owner: int
    times_for_rule: int
    advice: str | None


class Exemptions:
    """The permissions to deviate, as people handle them."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Check them against the policies in force."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def grant(
        self,
        record: str,
        rule: str,
        *,
        until: str,
        why: str,
        by: str,
        author: str,
        process: str | None = None,
    ) -> tuple[KnownRecord, datetime]:
        """Exempt one record from a rule; `by` is who answers for it.

        `rule` is a rule's id, the beginning of some (`stage.won`), or `all`; `until` is
        as `read_until` takes it. What stands against the record is closed, and a move
        that waits for what is not demanded any more is made. Returns the record and
        when it ends. Raises ConfigError.
        """
        if not why.strip() or not by.strip():
            raise ConfigError("Say why, and who answers for it.")
        now = self._clock.now()

        def give(tx: Transaction) -> tuple[KnownRecord, datetime]:
            known = find_record(tx, record)
            active = self._find_policy(tx, known, rule, process)
            policy = active.policy
            end = read_until(
                until, policy.calendar, now=now, longest=policy.exemption_longest
            )
            exemption_id = tx.exemptions.grant(
                NewExemption(
                    record_id=known.id,
                    process_id=active.version.process_id,
                    rule=rule,
                    until=end,
                    why=why.strip(),
                    granted_by=by.strip(),
                    owner=_owner(tx, known),
                ),
                now=now,
            )
            _close_violations(tx, known.id, rule, now)
            tx.records.hint([known.id], due_at=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.EXEMPTION_GRANTED,
                target=reference(known),
                after={
                    "id": exemption_id,
                    "rule": rule,
                    "process": policy.process,
                    "until": end.isoformat(),
                    "by": by.strip(),
                },
                reason=why.strip(),
                now=now,
            )
            self._advise(tx, active, rule, now)
            return known, end

        # Again where it met with a worker that judges the same record.
        return self._store.run(give)

    def revoke(self, exemption_id: int, *, why: str, author: str) -> Granted:
        """End an exemption early. Raises ExemptionMissing."""
        now = self._clock.now()
        with self._store.begin() as tx:
            revoked = tx.exemptions.revoke(exemption_id, by=author, now=now)
            if revoked is None:
                raise ExemptionMissing(
                    f"No exemption with the id {exemption_id} holds. See `slagboom"
                    " exemptions`."
                )
            tx.audit.add(
                actor=author,
                action=AuditAction.EXEMPTION_REVOKED,
                target=f"{revoked.kind}:{revoked.crm_id}",
                before={"id": exemption_id, "rule": revoked.rule},
                reason=why,
                now=now,
            )
        return revoked

    def latest(self, *, only_holding: bool, limit: int) -> list[Counted]:
        """Return exemptions, newest first, each with its counts."""
        now = self._clock.now()
        since = now - RECURRING_WITHIN
        with self._store.begin() as tx:
            found = tx.exemptions.latest(
                only_holding=only_holding, now=now, limit=limit
            )
            by_rule = tx.exemptions.by_rule(since=since)
            by_owner = tx.exemptions.by_owner(since=since)
            limits = {
                (version.connection, version.name): self._policies.version(
                    tx, version.id
                ).policy.exemptions_recur
                for version in tx.processes.current()
            }
        counted = []
        for one in found:
            times = by_rule.get((one.connection, one.process, one.rule), 0)
            limit_of_rule = limits.get((one.connection, one.process))
            is_many = limit_of_rule is not None and times >= limit_of_rule
            counted.append(
                Counted(
                    one,
                    times_for_owner=by_owner.get(one.owner, 0),
                    times_for_rule=times,
                    advice=_advice(one.process, one.rule, times) if is_many else None,
                )
            )
        return counted

    def _find_policy(
        self, tx: Transaction, known: KnownRecord, rule: str, process: str | None
    ) -> Active:
        speaking = [
            active
            for active in self._policies.active(tx, known.connection_id)
            if speaks_of(active.policy, known.record)
            and process in {None, active.policy.process}
        ]
        if not speaking:
            named = "No policy" if process is None else f"No policy {process!r}"
            raise ConfigError(f"{named} in force speaks of {reference(known)}.")
        fitting = [
            active
            for active in speaking
            if rule == ALL
            or any(covers(rule, one) for one in judged_rules(active.policy))
        ]
        if not fitting:
            every = (one for active in speaking for one in judged_rules(active.policy))
            rules = list(dict.fromkeys(every))
            raise ConfigError(
                f"There is no rule {rule!r}.{did_you_mean(rule, rules)} There are:"
                f" {listed(rules)}; {ALL} is every one of them."
            )
        if len(fitting) > 1:
            names = listed(active.policy.process for active in fitting)
            raise ConfigError(
                f"Several policies have {rule!r}: {names}. Choose one with --process."
            )
        return fitting[0]

    def _advise(
        self, tx: Transaction, active: Active, rule: str, now: datetime
    ) -> None:
        """Tell the admin of a rule that is deviated from again and again."""
        version = active.version
        counts = tx.exemptions.by_rule(since=now - RECURRING_WITHIN)
        times = counts.get((version.connection, version.name, rule), 0)
        if times >= active.policy.exemptions_recur:
            tx.notices.tell(
                f"exemptions/{version.process_id}/{rule}",
                code="exemptions_recur",
                message=f"{version.connection}: {_advice(version.name, rule, times)}",
                connection_id=version.connection_id,
                now=now,
                fades_at=now + NEWS,
            )


def _close_violations(
    tx: Transaction, record_id: int, rule: str, now: datetime
) -> None:
    violated = tx.violations.open_rules([record_id]).get(record_id, frozenset())
    exempt = {one for one in violated if covers(rule, one)}
    tx.violations.exempt(record_id, exempt, now=now)


def _advice(process: str, rule: str, times: int) -> str:
    return (
        f"{process} was deviated from {times} times in 90 days by exemptions from"
        f" {rule}. What recurs is another process: write a second policy for those"
        " records, with governs, or change the rule. See `slagboom exemptions`."
    )


def _owner(tx: Transaction, known: KnownRecord) -> str | None:
    owner = known.record.owner
    if owner is None:
        return None
    found = tx.people.find_owner(known.connection_id, owner)
    return found.email if found is not None else str(owner)
