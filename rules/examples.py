"""Examples: records, changes and the verdicts that a policy must give on them.

A file beside the policy, judged by the same judge as everything else:

    examples:
      - name: A jump over the demo goes back
        before: {stage: lead}
        after: {stage: quote_sent, amount: 5000, close_date: 2026-12-24}
        evidence: {quotes: 1}
        expect: {move.skip: fail, return_to: lead}

Stages are meant by the policy's names. `before` is left out for a record that has just
been created; fields that `before` does not name are as in `after`. Under `expect` stand
the verdicts (pass, fail, skip) of the rules that matter, and, if that matters,
`return_to`: the stage that the record goes back to, or null.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from rules.document import DocumentInvalid, Problem
from rules.document.problems import Path, did_you_mean, listed
from rules.document.source import Source, read
from rules.judge import judge
from rules.model import (
    OWNER,
    Change,
    Evidence,
    EvidenceKind,
    FieldName,
    FieldType,
    Judgement,
    OwnerId,
    Record,
    RecordId,
    RecordRef,
    Result,
    StageId,
    Tally,
    Value,
)
from rules.policy import Policy, Stage

RETURN_TO = "return_to"
_KEYS = ("name", "before", "after", "evidence", "expect")
_RESULTS = tuple(result.value for result in Result)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example went; `differences` say what was expected and what was found."""

    name: str
    line: int
    differences: tuple[str, ...]

    @property
    def is_ok(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences

    def __str__(self) -> str:
        """Return one line, and one more for each difference."""
        head = f"{'ok    ' if self.is_ok else 'FAILED'}  {self.name}"
        return "\n".join(
            [head, *(f"        line {self.line}: {one}" for one in self.differences)]
        )


def run_examples(policy: Policy, text: str, *, now: datetime) -> list[ExampleResult]:
    """Judge every example of a file, and say how each went.

    Raises DocumentInvalid with everything that makes no sense in the file.
    """
    reading = _Reading(policy, read(text), now)
    examples = list(reading.examples())
    if reading.problems:
        raise DocumentInvalid(reading.problems)
    return [_judge(policy, example, now) for example in examples]


@dataclass(frozen=True, slots=True)
class _Example:
    name: str
    line: int
    change: Change
    evidence: Evidence
    verdicts: Mapping[str, str]
    return_to: StageId | None
    has_return: bool


def _judge(policy: Policy, example: _Example, now: datetime) -> ExampleResult:
    judgement = judge(policy, example.change, example.evidence, now)
    return ExampleResult(
        example.name, example.line, tuple(_differences(policy, example, judgement))
    )


def _differences(
    policy: Policy, example: _Example, judgement: Judgement
) -> Iterator[str]:
    found = {str(one.rule): one.result.value for one in judgement.verdicts}
    for rule, expected in example.verdicts.items():
        result = found.get(rule)
        if result is None:
            yield (
                f"{rule} was to {expected}, but says nothing of this change."
                f" What speaks: {listed(found) or 'no rule'}."
            )
        elif result != expected:
            yield f"{rule} was to {expected}, and is {result}."
    if example.has_return and judgement.return_to != example.return_to:
        wanted, got = (
            _key(policy, stage) for stage in (example.return_to, judgement.return_to)
        )
        yield f"It was to go back to {wanted}, and goes back to {got}."


def _key(policy: Policy, stage_id: StageId | None) -> str:
    stage = policy.stage(stage_id)
    return "no stage" if stage is None else stage.key


class _Reading:
    """Examples out of their file, with everything that is wrong with them."""

    def __init__(self, policy: Policy, source: Source, now: datetime) -> None:
        self.problems: list[Problem] = []
        self._policy = policy
        self._source = source
        self._now = now
        self._stages: Mapping[str, Stage] = {one.key: one for one in policy.stages}

    def examples(self) -> Iterator[_Example]:
        values = self._source.values
        found = values.get("examples") if isinstance(values, dict) else None
        if not isinstance(found, list) or not found:
            self._complain((), "Examples are a list: examples: [{name: ..., ...}].")
            return
        for index, raw in enumerate(found):
            path: Path = ("examples", index)
            if isinstance(raw, dict) and self._keys(raw, path):
                yield self._example(raw, path)
            elif not isinstance(raw, dict):
                self._complain(path, "An example has keys with values: name, after.")

    def _keys(self, raw: Mapping[str, Any], path: Path) -> bool:
        unknown = [key for key in raw if key not in _KEYS]
        for key in unknown:
            hint = did_you_mean(key, _KEYS)
            self._complain((*path, key), f"An example has no “{key}”.{hint}")
        missing = [key for key in ("after", "expect") if not raw.get(key)]
        for key in missing:
            self._complain(path, f"“{key}” is missing here.")
        return not unknown and not missing

    def _example(self, raw: Mapping[str, Any], path: Path) -> _Example:
        after = self._record(raw["after"], (*path, "after"), like=None)
        before = None
        if raw.get("before") is not None:
            before = self._record(raw["before"], (*path, "before"), like=after)
        expect = self._mapping(raw["expect"], (*path, "expect"))
        back = expect.get(RETURN_TO)
        return _Example(
            name=str(raw.get("name") or f"Example {int(path[1]) + 1}"),
            line=self._source.place(path).line,
            change=Change(before=before, after=after, is_new=before is None),
            evidence=self._evidence(raw.get("evidence"), (*path, "evidence")),
            verdicts=self._verdicts(expect, (*path, "expect")),
            return_to=None
            if back is None
            else self._stage(back, (*path, "expect", RETURN_TO)),
            has_return=RETURN_TO in expect,
        )

    def _record(self, raw: Any, path: Path, *, like: Record | None) -> Record:
        values = self._mapping(raw, path)
        fields: dict[FieldName, Value] = dict.fromkeys(self._policy.fields)
        if like is not None:
            fields.update(like.fields)
        stage = None if like is None else like.stage
        owner: OwnerId | None = None if like is None else like.owner
        for name, value in values.items():
            if name == "stage":
                stage = self._stage(value, (*path, name))
            elif name == OWNER:
                owner = None if value is None else OwnerId(str(value))
            elif name in self._policy.fields:
                fields[FieldName(name)] = self._value(name, value, (*path, name))
            else:
                hint = did_you_mean(name, ["stage", *self._policy.fields])
                self._complain(
                    (*path, name), f"The policy knows no field “{name}”.{hint}"
                )
        return Record(
            ref=RecordRef(self._policy.kind, RecordId("example")),
            name="Example",
            pipeline=self._policy.pipeline,
            stage=stage,
            owner=owner,
            created_at=self._policy.since or _LONG_AGO,
            modified_at=self._now,
            fields=fields,
        )

    def _value(self, name: str, value: Any, path: Path) -> Value:
        kind = self._policy.types.get(FieldName(name), FieldType.TEXT)
        found = None if value is None else _convert(kind, value)
        if value is not None and found is None:
            self._complain(path, f"{name} holds a {kind.value}, and this is none.")
        return found

    def _evidence(self, raw: Any, path: Path) -> Evidence:
        counts = {} if raw is None else self._mapping(raw, path)
        tallies = {kind: Tally() for kind in EvidenceKind}
        for name, count in counts.items():
            if name not in set(EvidenceKind):
                hint = did_you_mean(name, [kind.value for kind in EvidenceKind])
                self._complain((*path, name), f"Nothing counts “{name}”.{hint}")
            elif not isinstance(count, int) or isinstance(count, bool) or count < 0:
                self._complain((*path, name), "A number should stand here.")
            else:
                tallies[EvidenceKind(name)] = Tally(count)
        return Evidence(tallies)

    def _verdicts(self, expect: Mapping[str, Any], path: Path) -> dict[str, str]:
        wanted = {rule: result for rule, result in expect.items() if rule != RETURN_TO}
        for rule, result in wanted.items():
            if result not in _RESULTS:
                self._complain(
                    (*path, rule), f"A verdict is one of {listed(_RESULTS)}."
                )
        return {rule: str(result) for rule, result in wanted.items()}

    def _stage(self, name: Any, path: Path) -> StageId | None:
        stage = self._stages.get(str(name))
        if stage is None:
            hint = did_you_mean(str(name), self._stages)
            self._complain(path, f"The policy has no stage “{name}”.{hint}")
            return None
        return stage.id

    def _mapping(self, raw: Any, path: Path) -> Mapping[str, Any]:
        if isinstance(raw, dict):
            return raw
        self._complain(path, "Keys with values should stand here.")
        return {}

    def _complain(self, path: Path, message: str) -> None:
        self.problems.append(self._source.problem(path, message))


def _convert(kind: FieldType, value: Any) -> Value:
    """Return a value of YAML as a field of this kind holds it; None if it cannot."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    match kind:
        case FieldType.NUMBER if isinstance(value, int | float):
            return float(value)
        case FieldType.DATE if is_day:
            return date.fromisoformat(value.isoformat())
        case FieldType.INSTANT if is_day:
            return datetime.combine(value, time(), tzinfo=UTC)
        case FieldType.BOOLEAN if isinstance(value, bool):
            return value
        case FieldType.TEXT if isinstance(value, str | int | float):
            return str(value)
        case _:
            return None
