"""Violations: failed verdicts that stand until they are put right."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from connector.store.codec import reason_from_json, reason_to_json
from connector.store.tables import connections, processes, records, violations
from rules.model import Enforcement, FieldName, Reason, RuleId, Verdict


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation as lists show it."""

    id: int
    connection: str
    process: str
    kind: str
    crm_id: str
    record: str
    owner: str | None
    rule: RuleId
    enforcement: Enforcement
    reason: Reason
    state: str
    opened_at: datetime
    seen_at: datetime
    times: int
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class OpenViolation:
    """A violation that stands, and the power that its rule had when it was told."""

    id: int
    process_id: int
    rule: RuleId
    enforcement: Enforcement


class Violations:
    """The `violations` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(
        self,
        failed: Sequence[tuple[int, int, Verdict]],
        *,
        now: datetime,
    ) -> None:
        """Open a violation for each (record row, process, failed verdict).

        One that stands already is counted and not opened again.
        """
        if not failed:
            return
        unique = {
            (record_id, process_id, verdict.rule): verdict
            for record_id, process_id, verdict in failed
        }
        rows: list[dict[str, Any]] = [
            {
                "record_id": record_id,
                "process_id": process_id,
                "rule": rule,
                "goal": verdict.goal,
                "enforcement": verdict.enforcement,
                "reason": reason_to_json(verdict.reason),
                "opened_at": now,
                "seen_at": now,
                "times": 1,
            }
            for (record_id, process_id, rule), verdict in sorted(
                unique.items(), key=lambda item: item[0]
            )
        ]
        statement = insert(violations)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["record_id", "process_id", "rule"],
                index_where=violations.c.closed_at.is_(None),
                set_={
                    "seen_at": statement.excluded.seen_at,
                    "reason": statement.excluded.reason,
                    "enforcement": statement.excluded.enforcement,
                    "times": violations.c.times + 1,
                },
            ),
            rows,
        )

    def resolve(
        self, passed: Collection[tuple[int, RuleId]], *, by: str, now: datetime
    ) -> None:
        """Close the open violations of these (record row, rule) pairs."""
        if passed:
            self._close(
                tuple_(violations.c.record_id, violations.c.rule).in_(sorted(passed)),
                by=by,
                now=now,
            )

    def resolve_all(
        self, record_ids: Collection[int], *, by: str, now: datetime
    ) -> None:
        """Close every open violation of these records, as when they are gone."""
        if record_ids:
            self._close(violations.c.record_id.in_(record_ids), by=by, now=now)

    def close(self, violation_ids: Collection[int], *, by: str, now: datetime) -> None:
        """Close these violations, if they are open."""
        if violation_ids:
            self._close(violations.c.id.in_(violation_ids), by=by, now=now)

    def withdraw(self, found: Collection[tuple[int, int, RuleId]]) -> None:
        """Remove open violations, by (record row, process, rule), found only once.

        For those found in a change that was gone before anything was done about it.
        """
        if found:
            self._connection.execute(
                delete(violations).where(
                    tuple_(
                        violations.c.record_id,
                        violations.c.process_id,
                        violations.c.rule,
                    ).in_(sorted(found)),
                    violations.c.closed_at.is_(None),
                    violations.c.times == 1,
                )
            )

    def open_of(
        self, record_ids: Collection[int]
    ) -> dict[int, tuple[OpenViolation, ...]]:
        """Return what stands against these records, by row id."""
        found: dict[int, tuple[OpenViolation, ...]] = {}
        for row in self._connection.execute(
            select(
                violations.c.record_id,
                violations.c.id,
                violations.c.process_id,
                violations.c.rule,
                violations.c.enforcement,
            )
            .where(
                violations.c.record_id.in_(record_ids),
                violations.c.closed_at.is_(None),
            )
            .order_by(violations.c.id)
        ):
            one = OpenViolation(
                row.id,
                row.process_id,
                RuleId(row.rule),
                Enforcement(row.enforcement),
            )
            found[row.record_id] = (*found.get(row.record_id, ()), one)
        return found

    def kept_open(self, process_id: int, *, kinds: Sequence[str]) -> list[int]:
        """Return the records that violate rules of a process whose ids begin so."""
        return list(
            self._connection.scalars(
                select(violations.c.record_id)
                .where(
                    violations.c.process_id == process_id,
                    violations.c.closed_at.is_(None),
                    or_(*(violations.c.rule.startswith(kind) for kind in kinds)),
                )
                .distinct()
            )
        )

    def exempt(
        self, record_id: int, rules: Collection[RuleId], *, now: datetime
    ) -> None:
        """Close the open violations of these rules: they are permitted for a time."""
        if rules:
            self._close(
                and_(
                    violations.c.record_id == record_id,
                    violations.c.rule.in_(sorted(rules)),
                ),
                state="exempted",
                by="exempted",
                now=now,
            )

    def requiring(self, connection_id: int, field: FieldName) -> list[int]:
        """Return the records that lack this required field, as far as we know."""
        return list(
            self._connection.scalars(
                select(violations.c.record_id)
                .join(records, records.c.id == violations.c.record_id)
                .where(
                    records.c.connection_id == connection_id,
                    violations.c.closed_at.is_(None),
                    violations.c.rule.endswith(f".requires.{field}", autoescape=True),
                )
                .distinct()
            )
        )

    def open_rules(self, record_ids: Collection[int]) -> dict[int, frozenset[RuleId]]:
        """Return the rules that these records violate now, by row id."""
        found: dict[int, set[RuleId]] = {}
        for record_id, rule in self._connection.execute(
            select(violations.c.record_id, violations.c.rule).where(
                violations.c.record_id.in_(record_ids),
                violations.c.closed_at.is_(None),
            )
        ):
            found.setdefault(record_id, set()).add(RuleId(rule))
        return {record_id: frozenset(rules) for record_id, rules in found.items()}

    def last_opened(
        self, record_ids: Collection[int], rules: Collection[RuleId]
    ) -> dict[int, dict[RuleId, datetime]]:
        """Return when each of these rules was last found violated, by row id."""
        found: dict[int, dict[RuleId, datetime]] = {}
        if not rules:
            return found
        for record_id, rule, at in self._connection.execute(
            select(
                violations.c.record_id,
                violations.c.rule,
                func.max(violations.c.seen_at),
            )
            .where(violations.c.record_id.in_(record_ids), violations.c.rule.in_(rules))
            .group_by(violations.c.record_id, violations.c.rule)
        ):
            found.setdefault(record_id, {})[RuleId(rule)] = at
        return found

    def latest(
        self, *, only_open: bool, record_id: int | None = None, limit: int = 200
    ) -> list[Violation]:
        """Return violations, newest first; of one record, or of all if None."""
        query = (
            select(
                violations.c.id,
                connections.c.name.label("connection"),
                processes.c.name.label("process"),
                records.c.kind,
                records.c.crm_id,
                func.coalesce(records.c.name, "").label("record"),
                records.c.owner,
                violations.c.rule,
                violations.c.enforcement,
                violations.c.reason,
                violations.c.state,
                violations.c.opened_at,
                violations.c.seen_at,
                violations.c.times,
                violations.c.closed_at,
                violations.c.closed_by,
            )
            .join(records, records.c.id == violations.c.record_id)
            .join(processes, processes.c.id == violations.c.process_id)
            .join(connections, connections.c.id == records.c.connection_id)
            .order_by(violations.c.id.desc())
            .limit(limit)
        )
        if only_open:
            query = query.where(violations.c.closed_at.is_(None))
        if record_id is not None:
            query = query.where(violations.c.record_id == record_id)
        return [
            Violation(
                **{
                    **row,
                    "rule": RuleId(row["rule"]),
                    "enforcement": Enforcement(row["enforcement"]),
                    "reason": reason_from_json(row["reason"]),
                }
            )
            for row in self._connection.execute(query).mappings()
        ]

    def _close(
        self, condition: Any, *, by: str, now: datetime, state: str = "resolved"
    ) -> None:
        self._connection.execute(
            update(violations)
            .where(condition, violations.c.closed_at.is_(None))
            .values(state=state, closed_at=now, closed_by=by)
        )
