"""Which pipeline and which stages of an account a document means."""

from collections.abc import Iterable, Sequence

from rules.account import AccountKind, AccountPipeline, AccountStage
from rules.document.meaning import fold
from rules.document.problems import Path, Problem, did_you_mean, listed
from rules.document.reading import Document
from rules.document.shape import StageShape
from rules.model import PipelineId, StageId

_CLOSED = frozenset({"won", "lost", "closed", "closed won", "closed lost"})


def find_pipeline(
    document: Document, kind: AccountKind, problems: list[Problem]
) -> AccountPipeline | None:
    """Return the pipeline that the document names; None, and a problem, if none is."""
    wanted, every = document.shape.pipeline, kind.pipelines
    if wanted is None:
        if len(every) == 1:
            return every[0]
        said = (
            f"There are: {_labels(every)}." if every else "The account has none at all."
        )
        problems.append(
            document.source.problem((), f"Say which pipeline this is for. {said}")
        )
        return None
    found = [one for one in every if one.id == wanted] or [
        one for one in every if fold(one.label) == fold(wanted)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        message = (
            f"{len(found)} pipelines are called “{wanted}”. Write the id of one:"
            f" {listed(one.id for one in found)}."
        )
    else:
        hint = did_you_mean(wanted, [one.label for one in every])
        message = (
            f"The account has no pipeline “{wanted}”.{hint}"
            f" It has: {_labels(every) or 'none'}."
        )
    problems.append(document.source.problem(("pipeline",), message))
    return None


def find_stages(
    document: Document, pipeline: AccountPipeline, problems: list[Problem]
) -> dict[str, AccountStage]:
    """Return the account's stage for each key of the document that has one."""
    found: dict[str, AccountStage] = {}
    taken: dict[StageId, str] = {}
    for key, shape in document.shape.stages.items():
        path: Path = (
            ("stages", key) if shape.label is None else ("stages", key, "label")
        )
        one = _find_stage(shape.label or key, pipeline)
        message = one if isinstance(one, str) else None
        if isinstance(one, AccountStage):
            if one.id in taken:
                message = f"This is the stage “{one.label}”, and so is {taken[one.id]}."
            else:
                taken[one.id] = key
                found[key] = one
        if message is not None:
            is_key = shape.label is None
            problems.append(document.source.problem(path, message, is_key=is_key))
    return found


def imagined_stages(document: Document) -> dict[str, AccountStage]:
    """Return the stages as an account may have them that cannot be asked."""
    return {key: _imagined(key, one) for key, one in document.shape.stages.items()}


def imagined_pipeline(document: Document) -> PipelineId | None:
    """Return the pipeline of a document without an account: what it is called."""
    wanted = document.shape.pipeline
    return None if wanted is None else PipelineId(wanted)


def _imagined(key: str, shape: StageShape) -> AccountStage:
    label = shape.label or key.replace("_", " ").capitalize()
    return AccountStage(
        StageId(key),
        label,
        is_closed=bool({fold(key), fold(label)} & _CLOSED),
        is_won="won" in fold(key).split(),
    )


def _find_stage(wanted: str, pipeline: AccountPipeline) -> AccountStage | str:
    """Return the stage of this id or label, or why there is none."""
    by_id = [stage for stage in pipeline.stages if stage.id == wanted]
    named = by_id or [
        stage
        for stage in pipeline.stages
        if fold(wanted) in {fold(stage.label), fold(stage.id)}
    ]
    living = [stage for stage in named if not stage.is_archived]
    if len(living) == 1:
        return living[0]
    if living:
        return (
            f"{len(living)} stages are called “{wanted}”. Write the id of one as label:"
            f" {listed(stage.id for stage in living)}."
        )
    there = [stage.label for stage in pipeline.stages if not stage.is_archived]
    if named:
        return (
            f"The stage “{wanted}” is archived in the CRM, so nothing can be in it."
            f" There are: {listed(there)}."
        )
    hint = did_you_mean(wanted, there)
    return (
        f"The pipeline “{pipeline.label}” has no stage “{wanted}”.{hint}"
        f" It has: {listed(there)}. Write the CRM's word as label."
    )


def _labels(pipelines: Sequence[AccountPipeline]) -> str:
    labels: Iterable[str] = (one.label for one in pipelines)
    return listed(labels)
