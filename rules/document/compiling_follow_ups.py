"""The follow-ups and lanes of a document, as a policy has them."""

from string import Formatter

from rules.document.compilation import Compilation
from rules.document.follow_up_shape import FollowUpShape
from rules.document.parts import EVIDENCE, to_goal, to_step
from rules.document.problems import Path
from rules.facts import evidence_read
from rules.model import Kind, RuleId
from rules.policy import FollowUp, Lane, StartKind, Starts


def to_follow_ups(on: Compilation) -> tuple[FollowUp, ...]:
    """Return the follow-ups, in the order of the document."""
    return tuple(
        one
        for name, shape in on.document.shape.follow_ups.items()
        if (one := _follow_up(on, name, shape)) is not None
    )


def to_lanes(on: Compilation) -> tuple[Lane, ...]:
    """Return the lanes, in the order in which they are tried."""
    found = []
    for name, shape in on.document.shape.lanes.items():
        path: Path = ("lanes", name, "when")
        when = on.names.condition(shape.when, path)
        if when is not None and evidence_read(when):
            on.tell(
                path, "A lane goes by fields only: what is linked is not read here."
            )
        elif when is not None:
            found.append(Lane(name, when, shape.factor, shape.never_in_digest))
    return tuple(found)


def _follow_up(on: Compilation, name: str, shape: FollowUpShape) -> FollowUp | None:
    path: Path = ("follow_ups", name)
    kind = Kind(shape.record or on.document.shape.record)
    if on.kinds is not None and kind not in on.kinds:
        on.tell((*path, "record"), f"The account has no records of kind {kind}.")
    for language, text in (shape.task or {}).items():
        place = (*path, "task", language) if language else (*path, "task")
        _slots(on, text, kind, place)
    done_when = on.names.condition(shape.done_when, (*path, "done_when"))
    starts = _starts(on, shape)
    if starts is None:
        return None
    return FollowUp(
        id=RuleId(f"follow_up.{name}"),
        name=name,
        kind=kind,
        starts=starts,
        done_by=frozenset(EVIDENCE[word] for word in shape.done_by if word in EVIDENCE),
        enforcement=on.power(shape),
        goal=to_goal(shape),
        is_done_by_task="task" in shape.done_by,
        done_when=done_when,
        task=None if shape.task is None else on.text(shape.task),
        due=shape.due,
        ladder=tuple(to_step(step) for step in shape.ladder),
        while_open=shape.while_ == "open",
    )


def _starts(on: Compilation, shape: FollowUpShape) -> Starts | None:
    starts = shape.starts
    if starts.idle is not None:
        return Starts(StartKind.IDLE, idle=starts.idle)
    if starts.no_next_action is not None:
        idle = starts.no_next_action
        return Starts(StartKind.IDLE, idle=idle, asks_for_plan=True)
    if starts.enters is None:
        return Starts(StartKind.CREATED)
    stage = on.stage_id(starts.enters)
    return None if stage is None else Starts(StartKind.ENTERS, stage=stage)


def _slots(on: Compilation, text: str, kind: Kind, path: Path) -> None:
    for _, slot, _, _ in Formatter().parse(text):
        if slot is None or slot in {"name", "stage"}:
            continue
        if kind is Kind(on.document.shape.record):
            on.names.use(slot, path)
        else:
            on.tell(path, f"{{{slot}}} cannot be filled in here; {{name}} can.")
