"""A document and an account make a policy, or every reason why they do not fit."""

from dataclasses import replace
from datetime import date, datetime

from rules.account import Account, AccountKind, AccountStage
from rules.calendar import to_moment
from rules.document.compilation import Compilation
from rules.document.compiling_follow_ups import to_follow_ups, to_lanes
from rules.document.compiling_rules import (
    to_allow,
    to_auto_moves,
    to_checks,
    to_conversion,
    to_move_rule,
    to_stages,
)
from rules.document.names import names_in, names_without_account
from rules.document.parts import to_calendar, to_placeholders
from rules.document.places import (
    find_pipeline,
    find_stages,
    imagined_pipeline,
    imagined_stages,
)
from rules.document.problems import DocumentInvalid, Problem
from rules.document.reading import Document
from rules.model import GoalId, Kind, PipelineId
from rules.policy import ParkLimit, Policy, SeenLimit, StormLimit


def compile_policy(
    document: Document, account: Account | None, *, published_on: date | datetime
) -> Policy:
    """Return the policy that a document makes in an account.

    `published_on` is when the process was first published; records created before are
    only observed, unless the document has a `since`. Without an account every stage
    and field is taken to exist: good for a preview. Raises DocumentInvalid.
    """
    problems: list[Problem] = []
    if account is None:
        pipeline = imagined_pipeline(document)
        stages = imagined_stages(document)
        names, kinds = names_without_account(document, problems), None
    else:
        kind = _find_kind(document, account)
        pipeline, stages = _find_places(document, kind, problems)
        names = names_in(document, account.vendor, kind, problems)
        kinds = account.kinds.keys()
    policy = replace(
        _policy(Compilation(document, names, stages, kinds), pipeline, published_on),
        nouns={} if account is None else account.nouns,
    )
    if problems:
        raise DocumentInvalid(problems)
    return policy


def effective_at(document: Document) -> datetime | None:
    """Return the moment from which a document says that it is in force, in UTC."""
    found = document.shape.effective
    if found is None:
        return None
    return to_moment(found, to_calendar(document.shape.calendar))


def _policy(
    on: Compilation, pipeline: PipelineId | None, published_on: date | datetime
) -> Policy:
    shape, names, moves = on.document.shape, on.names, on.document.shape.moves
    calendar = to_calendar(shape.calendar)
    return Policy(
        process=shape.process,
        title=on.text(shape.title or {"": shape.process}),
        connection=shape.connection,
        kind=Kind(shape.record),
        pipeline=pipeline,
        since=to_moment(shape.since or published_on, calendar),
        locale=shape.locale,
        calendar=calendar,
        sponsor=shape.sponsor,
        fallback=shape.people.fallback,
        governs=names.condition(shape.governs, ("governs",)),
        goals={GoalId(name): on.text(one) for name, one in shape.goals.items()},
        stages=to_stages(on),
        skip=to_move_rule(on, "skip", moves.skip),
        back=to_move_rule(on, "back", moves.back),
        born_late=to_move_rule(on, "born_late", moves.born_late),
        allow=to_allow(on),
        checks=to_checks(on),
        follow_ups=to_follow_ups(on),
        auto_moves=to_auto_moves(on),
        lanes=to_lanes(on),
        conversion=to_conversion(on),
        returns_per_day=moves.returns_per_day,
        placeholders=to_placeholders(shape.placeholders),
        hold_keep=shape.holds.keep,
        storm=StormLimit(shape.storm.returns, shape.storm.share),
        exemption_longest=shape.exemptions.longest,
        exemptions_recur=shape.exemptions.recurring,
        park_limit=ParkLimit(shape.parking.longest, shape.parking.times),
        messages_per_day=shape.people.messages_per_day,
        seen_limit=SeenLimit(shape.people.seen.lasts, shape.people.seen.times),
        # Last: these are the fields that all of the above has been found to use.
        fields=names.fields,
        types=names.types,
        labels=names.labels,
        options=names.options,
        free_texts=frozenset(names.free_texts),
        places=names.places,
        pipeline_name=shape.pipeline or "",
    )


def _find_kind(document: Document, account: Account) -> AccountKind:
    kind = account.kinds.get(Kind(document.shape.record))
    if kind is None:
        message = f"The account has no records of kind {document.shape.record}."
        raise DocumentInvalid([document.source.problem(("record",), message)])
    return kind


def _find_places(
    document: Document, kind: AccountKind, problems: list[Problem]
) -> tuple[PipelineId | None, dict[str, AccountStage]]:
    """Return the pipeline that the document means, and its stages by their keys."""
    pipeline = find_pipeline(document, kind, problems)
    if pipeline is None:
        return None, {}
    return pipeline.id, find_stages(document, pipeline, problems)
