"""What a document says that cannot be, whatever the account: names without a thing."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from string import Formatter

from rules.document.problems import Path, Problem, did_you_mean, listed
from rules.document.rule_shape import Rule
from rules.document.shape import DocumentShape, StageShape
from rules.document.source import Source
from rules.document.words import LANGUAGES
from rules.facts import NOT_FIELDS
from rules.model import PIPELINE, STAGE

ENFORCE = "enforce"
_PLACES = frozenset({STAGE, PIPELINE})


def faults(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    """Yield what is wrong with a document of the right shape."""
    yield from _sponsor(shape, source)
    yield from _goals(shape, source)
    yield from _languages(shape, source)
    yield from _fields(shape, source)
    yield from _path(shape, source)
    yield from _stage_names(shape, source)
    yield from _follow_ups(shape, source)
    yield from _auto_moves(shape, source)
    yield from _conversion(shape, source)


def rules(shape: DocumentShape) -> Iterator[tuple[Path, Rule]]:
    """Yield every rule of a document and where it stands, in the document's order."""
    for key, stage in shape.stages.items():
        yield ("stages", key), stage
    moves = shape.moves
    for name, move in (
        ("skip", moves.skip),
        ("back", moves.back),
        ("born_late", moves.born_late),
    ):
        if move is not None:
            yield ("moves", name), move
    for name, check in shape.checks.items():
        yield ("checks", name), check
    for name, follow_up in shape.follow_ups.items():
        yield ("follow_ups", name), follow_up
    for name, auto_move in shape.auto_moves.items():
        yield ("auto_moves", name), auto_move


def stage_key(name: str, stages: Mapping[str, StageShape]) -> str | None:
    """Return the key of the stage that a document means: its key, else its label."""
    if name in stages:
        return name
    wanted = fold(name)
    found = [
        key
        for key, stage in stages.items()
        if wanted in {fold(key), fold(stage.label or key)}
    ]
    return found[0] if len(found) == 1 else None


def fold(name: str) -> str:
    """Return a name without what people vary: case, and what stands between words."""
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())


def _sponsor(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    if shape.sponsor is not None:
        return
    places: list[Path] = []
    if shape.enforcement == ENFORCE:
        places.append(("enforcement",))
    places += [
        (*path, "enforcement")
        for path, rule in rules(shape)
        if rule.enforcement == ENFORCE
    ]
    if places:
        yield source.problem(
            places[0],
            "What is enforced puts people's work back, so somebody has to answer for"
            " it: notes tell people whom to ask for an exception. Add sponsor: with the"
            " e-mail address of that person, or use flag.",
        )


def _goals(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    for path, rule in rules(shape):
        if rule.goal is None or rule.goal in shape.goals:
            continue
        hint = did_you_mean(rule.goal, shape.goals)
        known = f" There are: {listed(shape.goals)}." if shape.goals else ""
        yield source.problem(
            (*path, "goal"), f"“{rule.goal}” is not among the goals.{hint}{known}"
        )


def _languages(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    texts: list[tuple[Path, Mapping[str, str]]] = [
        (("goals", name), text) for name, text in shape.goals.items()
    ]
    if shape.title is not None:
        texts.append((("title",), shape.title))
    texts += [
        (("follow_ups", name, "task"), one.task)
        for name, one in shape.follow_ups.items()
        if one.task is not None
    ]
    for path, text in texts:
        if not text:
            yield source.problem(path, "Write the text in at least one language.")
        for language in text:
            if language not in {"", *LANGUAGES}:
                yield source.problem(
                    (*path, language),
                    f"Texts in “{language}” are not supported yet. Write them in"
                    f" {' or '.join(LANGUAGES)}.",
                    is_key=True,
                )


def _fields(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    for name in shape.fields:
        if name in NOT_FIELDS | _PLACES | {"true", "false", "null", "in"}:
            yield source.problem(
                ("fields", name),
                f"“{name}” has a meaning of its own. Give the field another name.",
                is_key=True,
            )
    for key, stage in shape.stages.items():
        for index, name in enumerate(stage.requires):
            path: Path = ("stages", key, "requires", index)
            if name in stage.requires[:index]:
                yield source.problem(path, f"“{name}” stands here already.")
            elif name in NOT_FIELDS:
                yield source.problem(
                    path, f"“{name}” is no field. Write gate: {name} >= 1 instead."
                )
            elif name in _PLACES:
                yield source.problem(path, f"Every record has a {name}.")


def _path(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    if all(stage.from_ is not None for stage in shape.stages.values()):
        yield source.problem(
            ("stages",),
            "Every stage has from: any, so there is no path. Leave it out of those that"
            " follow each other.",
            is_key=True,
        )


def _stage_names(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    for index, allow in enumerate(shape.moves.allow):
        path: Path = ("moves", "allow", index)
        ends: Sequence[tuple[str, str]] = (("from", allow.from_), ("to", allow.to))
        for end, name in ends:
            yield from _stage_name(name, (*path, end), shape, source)
        if stage_key(allow.from_, shape.stages) == stage_key(allow.to, shape.stages):
            yield source.problem(
                (*path, "to"), "A move leads from one stage to another one."
            )
    for name, check in shape.checks.items():
        for index, stage in enumerate(check.in_):
            at: Path = ("checks", name, "in", index)
            yield from _stage_name(stage, at, shape, source)
    for name, follow_up in shape.follow_ups.items():
        if follow_up.starts.enters is not None:
            where: Path = ("follow_ups", name, "starts", "enters")
            yield from _stage_name(follow_up.starts.enters, where, shape, source)


def _stage_name(
    name: str, path: Path, shape: DocumentShape, source: Source
) -> Iterator[Problem]:
    if stage_key(name, shape.stages) is None:
        hint = did_you_mean(name, shape.stages)
        yield source.problem(
            path,
            f"“{name}” is not among the policy's stages.{hint}"
            f" There are: {listed(shape.stages)}.",
        )


def _follow_ups(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    for name, follow_up in shape.follow_ups.items():
        path: Path = ("follow_ups", name)
        starts, kind = follow_up.starts, follow_up.record or shape.record
        if starts.enters is not None and kind != shape.record:
            yield source.problem(
                (*path, "starts", "enters"),
                f"The policy's stages are those of a {shape.record}, and this follow-up"
                f" watches each {kind}. Write a policy for the {kind} as well.",
            )
        if starts.idle is not None and starts.idle.amount == 0:
            yield source.problem(
                (*path, "starts", "idle"), "Nothing is idle at once. Write 7d or 3wd."
            )
        is_idle = starts.idle is not None or starts.no_next_action is not None
        if follow_up.done_when is not None and is_idle:
            yield source.problem(
                (*path, "done_when"),
                "Only contact ends an idle time. Leave done_when out, or start the"
                " follow-up otherwise.",
            )
        elif follow_up.done_when is not None and kind != shape.record:
            yield source.problem(
                (*path, "done_when"),
                f"The policy's fields are those of a {shape.record}, and this follow-up"
                f" watches each {kind}. Write it in a policy for the {kind}.",
            )
        if follow_up.due is not None and follow_up.task is None:
            yield source.problem(
                (*path, "due"), "A time is due for a task, and there is none. Add task."
            )
        if "task" in follow_up.done_by and follow_up.task is None:
            yield source.problem(
                (*path, "done_by"), "It is done by a task, and there is none. Add task."
            )
        for language, text in (follow_up.task or {}).items():
            place = (*path, "task", language) if language else (*path, "task")
            yield from _slots(text, place, source)


def _auto_moves(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    path = [key for key, stage in shape.stages.items() if stage.from_ is None]
    for name, move in shape.auto_moves.items():
        where: Path = ("auto_moves", name)
        ends = [stage_key(one, shape.stages) for one in (move.from_, move.to)]
        for end, word, key in zip(
            ("from", "to"), (move.from_, move.to), ends, strict=True
        ):
            if key is None:
                yield from _stage_name(word, (*where, end), shape, source)
            elif key not in path:
                yield source.problem(
                    (*where, end),
                    f"“{word}” lies beside the path (from: any), and only people decide"
                    " to go there.",
                )
        if set(ends) <= set(path) and tuple(ends) not in set(pairwise(path)):
            yield source.problem(
                (*where, "to"),
                f"“{move.to}” does not follow right after “{move.from_}”. A record is"
                " moved on one stage at a time; write one auto move for each step.",
            )


def _conversion(shape: DocumentShape, source: Source) -> Iterator[Problem]:
    conversion = shape.conversion
    if conversion is None:
        return
    if shape.record != "lead":
        yield source.problem(
            ("conversion",),
            "Only leads are converted, and this policy is for each"
            f" {shape.record}. Write it in a policy with record: lead.",
            is_key=True,
        )
    if conversion.late is None and conversion.early is None:
        yield source.problem(
            ("conversion",),
            "A seed alone changes nothing. Add late:, early: or both.",
            is_key=True,
        )
    for name, rule in (("late", conversion.late), ("early", conversion.early)):
        if rule is not None and rule.goal is not None and rule.goal not in shape.goals:
            hint = did_you_mean(rule.goal, shape.goals)
            yield source.problem(
                ("conversion", name, "goal"),
                f"“{rule.goal}” is not among the goals.{hint}",
            )


def _slots(text: str, path: Path, source: Source) -> Iterator[Problem]:
    try:
        slots = [slot for _, slot, _, _ in Formatter().parse(text) if slot is not None]
    except ValueError:
        yield source.problem(path, "A { or } stands alone here.")
        return
    for slot in slots:
        if not slot.isidentifier():
            yield source.problem(
                path, f"{{{slot}}} cannot be filled in. Write {{name}} or a field."
            )
