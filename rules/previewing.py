"""What a policy would say of records as they stand: a preview, and a comparison of two.

A record is judged as if a person had just made it where it stands: all that its stage
requires, the stage's gate, and every check. How it came there is not judged, and when
it was created is no matter. The judge is the one that judges everything else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from rules.comparing import DifferenceKind, Placed, Setting, compare, statements
from rules.demands import conditions_of, gate_id, is_demanded, people_id, required_id
from rules.evidence import needs
from rules.expressions import Condition
from rules.facts import evidence_read, fields_read
from rules.judge import judge
from rules.model import (
    PLACES,
    Actor,
    ActorClass,
    Change,
    Enforcement,
    Evidence,
    EvidenceKind,
    Record,
    Result,
    RuleId,
    Verdict,
)
from rules.moves import is_in_pipeline
from rules.policy import Policy

_NEVER = datetime.max.replace(tzinfo=UTC)
_SILENT = object()
_HARMLESS = frozenset({"title", "goals", "sponsor", "fallback", "locale", "since"})
"""Settings that change no verdict; of others that is not sure."""
_PERSON = Actor(ActorClass.PERSON)


class Effect(StrEnum):
    """How the judgement of one rule differs between two policies.

    `fails`: now, and not before. `passes`: no longer fails. `power`: fails under both,
    and other things are done about it. `unknown`: it cannot be told from what is known.
    """

    FAILS = "fails"
    PASSES = "passes"
    POWER = "power"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shift:
    """One rule that judges one record differently. Powers are off where it is silent.

    `verdict` is the one that fails, now or before; None if it cannot be told.
    """

    rule: RuleId
    effect: Effect
    was: Enforcement
    now: Enforcement
    verdict: Verdict | None = None


class Preview:
    """One policy, made ready to judge many records as they stand."""

    def __init__(self, policy: Policy) -> None:
        """Work out what each rule reads, and how much power it has."""
        self.policy = policy
        # Nothing is put back here: every rule speaks of where the record stands.
        self._quiet = replace(
            policy,
            since=_NEVER,
            skip=None,
            back=None,
            born_late=None,
            conversion=None,
        )
        self._powers = {
            RuleId(key): one.enforcement or Enforcement.OFF
            for key, one in statements(policy).items()
        }
        self._read = dict(_conditions(policy))
        every = frozenset().union(*(read for read, _ in self._read.values()))
        self._read_by_any = every - PLACES

    def power_of(self, rule: RuleId) -> Enforcement:
        """Return how much power a rule has; off if the policy does not have it."""
        return self._powers.get(rule, Enforcement.OFF)

    def needs(self, record: Record, now: datetime) -> frozenset[EvidenceKind]:
        """Return the evidence that judging this record takes."""
        return needs(self._quiet, _entry(record), now)

    def verdicts(
        self, record: Record, evidence: Evidence, now: datetime
    ) -> Mapping[RuleId, Verdict | None]:
        """Return what every rule says of the record; None where that is not known.

        A rule is not known that reads evidence which was not asked for, or a field that
        the record was never read with.
        """
        if not is_in_pipeline(self.policy, record):
            return {}
        judgement = judge(self._quiet, _entry(record), evidence, now)
        lacking = self._read_by_any - record.fields.keys()
        found: dict[RuleId, Verdict | None] = {
            one.rule: None if self._is_guess(one, lacking, evidence) else one
            for one in judgement.verdicts
        }
        stage = self.policy.stage(record.stage)
        if lacking and judgement.is_governed and stage is not None:
            # A check says nothing of fields that are empty, as these seem to be.
            for check in self.policy.checks:
                read, _ = self._read[check.id]
                if read & lacking and is_demanded(check, stage):
                    found[check.id] = None
        return found

    def _is_guess(
        self, verdict: Verdict, lacking: frozenset[str], evidence: Evidence
    ) -> bool:
        """Return whether a verdict rests on what is not known: on fields that lack."""
        if verdict.result is not Result.SKIP and not lacking:
            return False
        read, condition = self._read.get(verdict.rule, (frozenset(), None))
        if read & lacking:
            return True
        return (
            condition is not None
            and verdict.result is Result.SKIP
            and bool(evidence_read(condition) - evidence.tallies.keys())
        )


class Pair:
    """Two policies, made ready to judge many records; `before` may be none at all."""

    def __init__(self, before: Policy | None, after: Policy) -> None:
        """Work out in what they differ: only that is judged at all."""
        differences = compare(before, after)
        changed = {
            one.key: one
            for difference in differences
            for one in (difference.before, difference.after)
            if one is not None
        }
        self._changed = frozenset(changed)
        reaches_all = any(
            isinstance(one.subject, Setting | Placed) and key not in _HARMLESS
            for key, one in changed.items()
        )
        # Rules that only have another power judge alike: once is enough.
        self._is_alike = all(
            one.kind is DifferenceKind.POWER and Enforcement.OFF not in one.powers
            for one in differences
        )
        if not reaches_all:
            before = before and _only(before, self._changed)
            after = _only(after, self._changed)
        self._before = None if before is None else Preview(before)
        self._after = Preview(after)

    def needs(self, record: Record, now: datetime) -> frozenset[EvidenceKind]:
        """Return the evidence that judging this record by both takes."""
        kinds = self._after.needs(record, now)
        return (
            kinds if self._before is None else kinds | self._before.needs(record, now)
        )

    def shifts(
        self, record: Record, evidence: Evidence, now: datetime
    ) -> Iterator[Shift]:
        """Yield every rule that would now judge this record differently."""
        new = self._after.verdicts(record, evidence, now)
        old: Mapping[RuleId, Verdict | None] = {}
        if self._is_alike:
            old = new
        elif self._before is not None:
            old = self._before.verdicts(record, evidence, now)
        for rule in sorted({*old, *new}):
            was = Enforcement.OFF
            if self._before is not None:
                was = self._before.power_of(rule)
            power = self._after.power_of(rule)
            is_unknown = None in (old.get(rule, _SILENT), new.get(rule, _SILENT))
            if is_unknown:
                # One that is the same in both cannot but judge alike.
                if rule in self._changed or (rule in old) is not (rule in new):
                    yield Shift(rule, Effect.UNKNOWN, was, power)
                continue
            found = _shift(_failed(old.get(rule)), _failed(new.get(rule)))
            if found is not None:
                effect, verdict = found
                if effect is not Effect.POWER or was is not power:
                    yield Shift(rule, effect, was, power, verdict)


def _only(policy: Policy, changed: frozenset[str]) -> Policy:
    """Return a policy with these rules alone."""
    stages = []
    for stage in policy.stages:
        requires = [one for one in stage.requires if required_id(stage, one) in changed]
        people = {
            kind: one
            for kind, one in stage.people.items()
            if people_id(stage, kind) in changed
        }
        gate = stage.gate if gate_id(stage) in changed else None
        stages.append(
            replace(stage, requires=tuple(requires), people=people, gate=gate)
        )
    checks = tuple(one for one in policy.checks if one.id in changed)
    return replace(policy, stages=tuple(stages), checks=checks)


def _shift(
    former: Verdict | None, present: Verdict | None
) -> tuple[Effect, Verdict] | None:
    if present is not None:
        return (Effect.FAILS if former is None else Effect.POWER), present
    return None if former is None else (Effect.PASSES, former)


def _failed(verdict: Verdict | None) -> Verdict | None:
    if verdict is None or verdict.result is not Result.FAIL:
        return None
    return verdict


def _entry(record: Record) -> Change:
    return Change(before=None, after=record, actor=_PERSON, is_new=True)


def _conditions(
    policy: Policy,
) -> Iterator[tuple[RuleId, tuple[frozenset[str], Condition | None]]]:
    """Yield for each rule the fields that it reads, and its condition if it has one."""
    governs = frozenset() if policy.governs is None else fields_read(policy.governs)
    for stage in policy.stages:
        for name in stage.requires:
            yield required_id(stage, name), (governs | {name}, None)
        for rule, condition in conditions_of(stage):
            yield rule, (governs | fields_read(condition), condition)
    for check in policy.checks:
        read = governs | fields_read(check.condition)
        yield check.id, (read, check.condition)
