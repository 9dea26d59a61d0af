"""What conditions read of one record: its fields, the evidence, and the time."""

from datetime import date, datetime
from enum import StrEnum

from rules.calendar import today
from rules.expressions import Condition
from rules.model import (
    Evidence,
    EvidenceKind,
    FieldName,
    FieldType,
    Record,
    TextUse,
    Value,
)
from rules.moves import value_of
from rules.policy import Policy

_EVIDENCE = {kind.value: kind for kind in EvidenceKind}

TIMES = frozenset({"today", "now"})
"""Names that change their value though nobody edits anything."""

NOT_FIELDS = frozenset({*_EVIDENCE, *TIMES})
"""Names that a condition may read and that are no fields of the record."""


class Ruling(StrEnum):
    """What a condition says of a record; `undecided`: something it reads is empty."""

    TRUE = "true"
    FALSE = "false"
    UNDECIDED = "undecided"


class Facts:
    """The values of one record, worked out once, as conditions want them.

    Numbers are floats, days are days in the calendar's zone.
    """

    __slots__ = ("_evidence", "_now", "_values", "policy", "record")

    def __init__(
        self, policy: Policy, record: Record, evidence: Evidence, now: datetime
    ) -> None:
        """Work out nothing yet: many changes ask for no condition at all."""
        self.record = record
        self.policy = policy
        self._evidence = evidence
        self._now = now
        self._values: dict[str, Value] = {}

    def on(self, record: Record) -> "Facts":
        """Return the facts of this record, with the same evidence at the same time."""
        return Facts(self.policy, record, self._evidence, self._now)

    def decide(self, condition: Condition) -> Ruling:
        """Return what `condition` says of the record."""
        decision = condition.evaluate(self._read(condition))
        if decision.is_true:
            return Ruling.TRUE
        return Ruling.FALSE if decision.is_false else Ruling.UNDECIDED

    def use_of(self, name: FieldName) -> TextUse | None:
        """Return where else the text of a field stands, None if that is not known."""
        found = self._evidence.uses.get(name)
        # A former value stood elsewhere in other numbers.
        is_it = found is not None and found.text == value_of(self.record, name)
        return found if is_it else None

    def first_empty(self, condition: Condition) -> str | None:
        """Return the name of the first thing that keeps a condition undecided."""
        decision = condition.evaluate(self._read(condition))
        return min(decision.undecided, default=None)

    def _read(self, condition: Condition) -> dict[str, Value]:
        values = self._values
        for name in condition.fields:
            if name not in values:
                values[name] = self._value(name)
        return values

    def _value(self, name: str) -> Value:
        if name == "now":
            return self._now
        if name == "today":
            return today(self._now, self.policy.calendar)
        if name in _EVIDENCE:
            tally = self._evidence.tallies.get(_EVIDENCE[name])
            return None if tally is None else float(tally.count)
        value = value_of(self.record, name)
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return float(value)
        return self._to_day(name, value) if isinstance(value, datetime) else value

    def _to_day(self, name: str, value: datetime) -> datetime | date:
        """Return the day of a field that holds days, however the CRM writes it."""
        if self.policy.types.get(FieldName(name)) is not FieldType.DATE:
            return value
        return today(value, self.policy.calendar)


def is_governed(policy: Policy, facts: Facts) -> bool:
    """Return whether the policy speaks of this record; in doubt it does."""
    return policy.governs is None or facts.decide(policy.governs) is not Ruling.FALSE


def fields_read(condition: Condition) -> frozenset[str]:
    """Return the record's fields that a condition reads: no evidence and no time."""
    return condition.fields - NOT_FIELDS


def evidence_read(condition: Condition) -> frozenset[EvidenceKind]:
    """Return the evidence that a condition reads."""
    return frozenset(_EVIDENCE[name] for name in condition.fields & _EVIDENCE.keys())
