"""Examples out of their file, or everything that makes no sense in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from rules.calendar import to_moment
from rules.document import DocumentInvalid, Problem
from rules.document.problems import Path, did_you_mean, listed
from rules.document.source import Source, read
from rules.document.words import LANGUAGES
from rules.examples.model import (
    ASK,
    EXPLAIN,
    HOLD,
    RESTORE,
    RETURN_TO,
    SILENT,
    WANTED,
    Example,
    Expected,
)
from rules.model import (
    OWNER,
    Actor,
    ActorClass,
    Change,
    Evidence,
    EvidenceKind,
    FieldName,
    FieldType,
    OwnerId,
    Record,
    RecordId,
    RecordRef,
    Result,
    StageId,
    Tally,
    TextUse,
    Value,
)
from rules.policy import Policy, Stage

_KEYS = (
    "name",
    "today",
    "now",
    "actor",
    "before",
    "path",
    "after",
    "stands",
    "evidence",
    "others",
    "share",
    "exempt",
    "returns_today",
    "wanted",
    "expect",
)
_FILE_KEYS = ("today", "now", "examples")
_OTHER = (RETURN_TO, RESTORE, HOLD, ASK, EXPLAIN, WANTED)
_RESULTS = (*(result.value for result in Result), SILENT)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NOON = time(12)


def read_examples(policy: Policy, text: str, *, now: datetime) -> list[Example]:
    """Return the examples of a file; raises DocumentInvalid with all its faults."""
    reading = _Reading(policy, read(text), now)
    examples = list(reading.examples())
    if reading.problems:
        raise DocumentInvalid(reading.problems)
    return examples


class _Reading:
    """Examples out of their file, with everything that is wrong with them."""

    def __init__(self, policy: Policy, source: Source, now: datetime) -> None:
        self.problems: list[Problem] = []
        self._policy = policy
        self._source = source
        self._now = now
        self._stages: Mapping[str, Stage] = {one.key: one for one in policy.stages}

    def examples(self) -> Iterator[Example]:
        values = self._source.values
        found = values.get("examples") if isinstance(values, dict) else None
        if not isinstance(found, list) or not found:
            self._complain((), "Examples are a list: examples: [{name: ..., ...}].")
            return
        self._refuse_others(values, (), _FILE_KEYS, "A file of examples")
        self._now = self._moment(values, (), self._now)
        for index, raw in enumerate(found):
            path: Path = ("examples", index)
            if isinstance(raw, dict) and self._keys(raw, path):
                yield self._example(raw, path)
            elif not isinstance(raw, dict):
                self._complain(path, "An example has keys with values: name, after.")

    def _keys(self, raw: Mapping[str, Any], path: Path) -> bool:
        is_known = self._refuse_others(raw, path, _KEYS, "An example")
        changed = [key for key in ("before", "after") if key in raw]
        if "stands" in raw and changed:
            self._complain(
                path, "Who stands was not changed. Write either stands or after."
            )
        record = "stands" if "stands" in raw else "after"
        missing = [key for key in (record, "expect") if not raw.get(key)]
        for key in missing:
            self._complain(path, f"“{key}” is missing here.")
        return is_known and not missing

    def _refuse_others(
        self, raw: Mapping[str, Any], path: Path, known: Sequence[str], what: str
    ) -> bool:
        unknown = [key for key in raw if key not in known]
        for key in unknown:
            hint = did_you_mean(key, known)
            self._complain((*path, key), f"{what} has no “{key}”.{hint}")
        return not unknown

    def _example(self, raw: Mapping[str, Any], path: Path) -> Example:
        now = self._moment(raw, path, self._now)
        is_standing = "stands" in raw
        key = "stands" if is_standing else "after"
        after = self._record(raw[key], (*path, key), like=None, now=now)
        before = after if is_standing else None
        if raw.get("before") is not None:
            before = self._record(raw["before"], (*path, "before"), like=after, now=now)
        wanted = raw.get("wanted")
        return Example(
            name=str(raw.get("name") or f"Example {int(path[1]) + 1}"),
            line=self._source.place(path).line,
            now=now,
            change=Change(
                before=before,
                after=after,
                actor=self._actor(raw.get("actor"), (*path, "actor")),
                is_new=before is None,
            ),
            path=self._path(raw.get("path"), (*path, "path")),
            evidence=replace(
                self._evidence(raw.get("evidence"), (*path, "evidence")),
                uses=self._uses(raw, path, after),
            ),
            is_standing=is_standing,
            exempt=self._words(raw.get("exempt"), (*path, "exempt")),
            returns_today=self._count(
                raw.get("returns_today", 0), (*path, "returns_today")
            ),
            wanted=None if wanted is None else self._stage(wanted, (*path, "wanted")),
            expected=self._expected(raw["expect"], (*path, "expect")),
        )

    def _moment(
        self, raw: Mapping[str, Any], path: Path, otherwise: datetime
    ) -> datetime:
        """Return when an example is judged: `now`, or `today` at noon."""
        calendar = self._policy.calendar
        now, today = raw.get("now"), raw.get("today")
        if isinstance(now, datetime):
            return to_moment(now, calendar)
        if now is not None:
            self._complain((*path, "now"), "Write a moment: 2026-12-01T09:00.")
        if isinstance(today, date) and not isinstance(today, datetime):
            return to_moment(datetime.combine(today, _NOON), calendar)
        if today is not None:
            self._complain((*path, "today"), "Write a day: 2026-12-01.")
        return otherwise

    def _actor(self, raw: Any, path: Path) -> Actor:
        if raw is None:
            return Actor(ActorClass.PERSON)
        if str(raw) in set(ActorClass):
            return Actor(ActorClass(str(raw)))
        known = [one.value for one in ActorClass]
        hint = did_you_mean(str(raw), known)
        self._complain(path, f"Nobody is a “{raw}”.{hint} There are: {listed(known)}.")
        return Actor(ActorClass.PERSON)

    def _path(self, raw: Any, path: Path) -> tuple[StageId, ...]:
        words = self._words(raw, path)
        found = (self._stage(one, (*path, index)) for index, one in enumerate(words))
        return tuple(one for one in found if one is not None)

    def _words(self, raw: Any, path: Path) -> tuple[str, ...]:
        if raw is None:
            return ()
        if isinstance(raw, str):
            return (raw,)
        if isinstance(raw, list):
            return tuple(str(one) for one in raw)
        self._complain(path, "A list should stand here.")
        return ()

    def _count(self, raw: Any, path: Path) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
            return raw
        self._complain(path, "A number should stand here.")
        return 0

    def _expected(self, raw: Any, path: Path) -> Expected:
        expect = self._mapping(raw, path)
        stages = {
            key: self._stage(expect[key], (*path, key))
            for key in (RETURN_TO, HOLD)
            if expect.get(key) is not None
        }
        return Expected(
            verdicts=self._verdicts(expect, path),
            told=frozenset(expect) & frozenset(_OTHER),
            return_to=stages.get(RETURN_TO),
            restore=self._fields(expect.get(RESTORE) or {}, (*path, RESTORE)),
            hold=stages.get(HOLD),
            ask=frozenset(self._words(expect.get(ASK), (*path, ASK))),
            explain=self._texts(expect.get(EXPLAIN), (*path, EXPLAIN)),
            wanted=str(expect.get(WANTED) or ""),
        )

    def _texts(self, raw: Any, path: Path) -> dict[str, tuple[str, ...]]:
        """Return the texts that a note must have, by language."""
        if not isinstance(raw, dict):
            language = self._policy.locale[:2]
            return {} if raw is None else {language: self._words(raw, path)}
        for language in raw:
            if language not in LANGUAGES:
                self._complain((*path, language), "Notes are in en or nl.")
        return {
            language: self._words(texts, (*path, language))
            for language, texts in raw.items()
        }

    def _fields(self, raw: Any, path: Path) -> dict[FieldName, Value]:
        found: dict[FieldName, Value] = {}
        for name, value in self._mapping(raw, path).items():
            if name in self._policy.fields:
                found[FieldName(name)] = self._value(name, value, (*path, name))
            else:
                hint = did_you_mean(name, self._policy.fields)
                self._complain(
                    (*path, name), f"The policy knows no field “{name}”.{hint}"
                )
        return found

    def _record(
        self, raw: Any, path: Path, *, like: Record | None, now: datetime
    ) -> Record:
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
            modified_at=now,
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
            else:
                tallies[EvidenceKind(name)] = Tally(self._count(count, (*path, name)))
        return Evidence(tallies)

    def _uses(
        self, raw: Mapping[str, Any], path: Path, record: Record
    ) -> dict[FieldName, TextUse]:
        """Return where else the record's texts stand: `others`, and `share` of all."""
        others = self._mapping(raw.get("others") or {}, (*path, "others"))
        shares = self._mapping(raw.get("share") or {}, (*path, "share"))
        found = {}
        for name in (*others, *shares):
            share = shares.get(name, 0)
            if not isinstance(share, int | float) or not 0 <= share <= 1:
                self._complain((*path, "share", name), "A part of 1 should stand here.")
                continue
            found[FieldName(name)] = TextUse(
                text=str(record.fields.get(FieldName(name)) or ""),
                others=self._count(others.get(name, 0), (*path, "others", name)),
                share=float(share),
            )
        return found

    def _verdicts(self, expect: Mapping[str, Any], path: Path) -> dict[str, str]:
        wanted = {rule: one for rule, one in expect.items() if rule not in _OTHER}
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
