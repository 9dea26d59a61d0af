"""Judging examples, and saying what was expected and what was found."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

from rules.document.problems import listed
from rules.examples.model import (
    ASK,
    EXPLAIN,
    HOLD,
    RESTORE,
    RETURN_TO,
    SILENT,
    WANTED,
    Example,
)
from rules.examples.reading import read_examples
from rules.exemptions import Exemption, exempting
from rules.holds import Wish, judge_wish
from rules.interventions import Plan, plan
from rules.model import STAGE, FieldName, Judgement, StageId, Value
from rules.moves import is_same
from rules.path import judge_path
from rules.policy import Policy
from rules.standing import judge_standing
from rules.wording import Ending, note_html

_DAY = timedelta(days=1)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example went; `differences` say what was expected and what was found.

    `verdicts` are all results that there were, by rule.
    """

    name: str
    line: int
    differences: tuple[str, ...]
    verdicts: Mapping[str, str]

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

    `now` is when they are judged that say nothing else. Raises DocumentInvalid with
    everything that makes no sense in the file.
    """
    return [_run(policy, one) for one in read_examples(policy, text, now=now)]


def _run(policy: Policy, example: Example) -> ExampleResult:
    exemptions = [Exemption(one, example.now + _DAY) for one in example.exempt]
    own = exempting(policy, exemptions, example.now)
    judgement = _judge(own, example)
    planned = plan(own, judgement, returns_today=example.returns_today)
    differences = (
        *_verdicts(example, judgement),
        *_planned(policy, example, planned),
        *_said(policy, example, judgement, planned),
        *_wanted(own, example),
    )
    return ExampleResult(example.name, example.line, differences, _found(judgement))


def _judge(policy: Policy, example: Example) -> Judgement:
    change, evidence, now = example.change, example.evidence, example.now
    if example.is_standing:
        return judge_standing(policy, change.after, evidence, now)
    return judge_path(policy, change, example.path, evidence, now)


def _found(judgement: Judgement) -> dict[str, str]:
    return {str(one.rule): one.result.value for one in judgement.verdicts}


def _verdicts(example: Example, judgement: Judgement) -> Iterator[str]:
    found = _found(judgement)
    for rule, expected in example.expected.verdicts.items():
        result = found.get(rule)
        if expected == SILENT:
            if result is not None:
                yield f"{rule} was to say nothing of this change, and is {result}."
        elif result is None:
            yield (
                f"{rule} was to {expected}, but says nothing of this change."
                f" What speaks: {listed(found) or 'no rule'}."
            )
        elif result != expected:
            yield f"{rule} was to {expected}, and is {result}."


def _planned(policy: Policy, example: Example, planned: Plan) -> Iterator[str]:
    expected = example.expected
    if RETURN_TO in expected.told and planned.return_to != expected.return_to:
        wanted, got = (
            _key(policy, one) for one in (expected.return_to, planned.return_to)
        )
        yield f"It was to go back to {wanted}, and goes back to {got}."
    if HOLD in expected.told and planned.hold != expected.hold:
        wanted, got = (_key(policy, one) for one in (expected.hold, planned.hold))
        yield f"The move to {wanted} was to be remembered, and to {got} is."
    if RESTORE in expected.told:
        yield from _restored(expected.restore, planned.put_back)
    if ASK in expected.told:
        asked = {str(one.rule) for one in planned.ask}
        if asked != expected.ask:
            yield (
                f"The task was to list {listed(sorted(expected.ask)) or 'nothing'},"
                f" and lists {listed(sorted(asked)) or 'nothing'}."
            )


def _restored(
    expected: Mapping[FieldName, Value], put_back: Mapping[FieldName, Value]
) -> Iterator[str]:
    for name, value in expected.items():
        if name not in put_back:
            yield f"{name} was to be set back to {_shown(value)}, and is left alone."
        elif not is_same(put_back[name], value):
            yield (
                f"{name} was to be set back to {_shown(value)}, and is set back to"
                f" {_shown(put_back[name])}."
            )
    for name in put_back:
        if name not in expected and name != STAGE:
            yield f"{name} was to be left alone, and is set back."


def _said(
    policy: Policy, example: Example, judgement: Judgement, planned: Plan
) -> Iterator[str]:
    if EXPLAIN not in example.expected.told:
        return
    for locale, texts in example.expected.explain.items():
        note = ""
        if planned.explain:
            note = _plain(
                note_html(policy, judgement, planned, _ending(planned), locale=locale)
            )
        for text in texts:
            if _plain(text) not in note:
                yield f"The note was to say “{text}”, and says “{note or 'nothing'}”."


def _ending(planned: Plan) -> Ending:
    if planned.hold is not None:
        return Ending.HELD
    if planned.return_to is not None:
        return Ending.RETURNED
    return Ending.RESTORED if planned.put_back else Ending.FLAGGED


def _wanted(policy: Policy, example: Example) -> Iterator[str]:
    if WANTED not in example.expected.told:
        return
    if example.wanted is None:
        yield "It was wanted nowhere: say where with wanted: a stage."
        return
    after = example.change.after
    wish = Wish(after.stage, example.wanted, example.now)
    found = judge_wish(policy, wish, after, example.evidence, example.now)
    if found.state.value != example.expected.wanted:
        lacks = listed(str(one.rule) for one in found.lacks)
        more = f" It lacks: {lacks}." if lacks else ""
        yield (
            f"The wanted move was to be {example.expected.wanted}, and is"
            f" {found.state.value}.{more}"
        )


def _plain(html: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def _shown(value: Value) -> str:
    if value is None:
        return "empty"
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole and isinstance(value, float) else str(value)


def _key(policy: Policy, stage_id: StageId | None) -> str:
    stage = policy.stage(stage_id)
    return "no stage" if stage is None else stage.key
