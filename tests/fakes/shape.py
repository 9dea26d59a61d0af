"""The shape of the account in memory: pipelines, stages and properties."""

from collections.abc import Container, Mapping

from rules.account import AccountPipeline, AccountProperty, AccountStage
from rules.model import FieldName, FieldType, Kind, PipelineId, PropertyName, StageId
from tests.builders import PIPELINE, TYPES, stage_id
from tests.fakes.world import DEMO_AT, HAS_BUDGET

TYPES_OF_FIELDS: Mapping[FieldName, FieldType] = {
    **TYPES,
    HAS_BUDGET: FieldType.BOOLEAN,
    DEMO_AT: FieldType.INSTANT,
}
FIELDS = {name: PropertyName(name) for name in TYPES_OF_FIELDS}
PROPERTIES = tuple(
    AccountProperty(
        PropertyName(name),
        name.capitalize(),
        type_,
        is_free_text=type_ is FieldType.TEXT and name != "currency",
    )
    for name, type_ in TYPES_OF_FIELDS.items()
)
PIPELINES = {Kind.DEAL: PIPELINE, Kind.LEAD: PipelineId("leads")}
"""Contacts and companies move through none."""

_KEYS = {
    Kind.DEAL: (
        "lead",
        "qualification",
        "demo",
        "quote_sent",
        "negotiation",
        "won",
        "lost",
    ),
    Kind.LEAD: ("new", "working", "qualified", "unqualified"),
}
_WON = frozenset({"won", "qualified"})
_CLOSED = _WON | {"lost", "unqualified"}


def stages(kind: Kind) -> tuple[StageId, ...]:
    """Return the stages of a kind, in order."""
    return tuple(stage_id(key) for key in _KEYS.get(kind, ()))


def is_closed(stage: StageId) -> bool:
    """Return whether a record in this stage is closed."""
    return stage.removeprefix("s-") in _CLOSED


def pipelines(kind: Kind, archived: Container[StageId]) -> tuple[AccountPipeline, ...]:
    """Return the pipelines of a kind as the account describes them."""
    if kind not in PIPELINES:
        return ()
    described = tuple(
        AccountStage(
            stage_id(key),
            key.replace("_", " ").capitalize(),
            is_closed=key in _CLOSED,
            is_won=key in _WON,
            is_archived=stage_id(key) in archived,
        )
        for key in _KEYS[kind]
    )
    return (AccountPipeline(PIPELINES[kind], kind.value, described),)
