"""Pipelines and their stages, as an account has them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.clock import iso

Json = dict[str, Any]

WON = 1.0
LOST = 0.0


@dataclass(slots=True)
class Stage:
    """One stage. Closed and probability 1.0 is won, closed and 0.0 is lost."""

    id: str
    label: str
    order: int
    probability: float = 0.5
    is_closed: bool = False
    archived_at: int | None = None
    state: str = ""

    @property
    def is_won(self) -> bool:
        """Return whether a record here has been won."""
        return self.is_closed and self.probability == WON

    @property
    def is_lost(self) -> bool:
        """Return whether a record here has been lost."""
        return self.is_closed and self.probability == LOST

    def shape(self, at: int) -> Json:
        """Return the wire form; metadata are texts."""
        if self.state:
            metadata = {"leadState": self.state}
        else:
            metadata = {
                "isClosed": str(self.is_closed).lower(),
                "probability": str(self.probability),
            }
        shaped: Json = {
            "label": self.label,
            "displayOrder": self.order,
            "metadata": metadata,
            "createdAt": iso(at),
            "updatedAt": iso(self.archived_at or at),
            "id": self.id,
            "archived": self.archived_at is not None,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }
        if self.archived_at is not None:
            shaped["archivedAt"] = iso(self.archived_at)
        return shaped


@dataclass(slots=True)
class Pipeline:
    """One pipeline of one object type."""

    id: str
    label: str
    order: int
    stages: dict[str, Stage] = field(default_factory=dict)
    created_at: int = 0
    archived_at: int | None = None

    def shape(self) -> Json:
        """Return the wire form."""
        return {
            "label": self.label,
            "displayOrder": self.order,
            "stages": [
                stage.shape(self.created_at)
                for stage in sorted(self.stages.values(), key=lambda one: one.order)
            ],
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.created_at),
            "id": self.id,
            "archived": self.archived_at is not None,
        }


_SALES = (
    ("appointmentscheduled", "Appointment Scheduled", 0.2, False),
    ("qualifiedtobuy", "Qualified To Buy", 0.4, False),
    ("presentationscheduled", "Presentation Scheduled", 0.6, False),
    ("decisionmakerboughtin", "Decision Maker Bought-In", 0.8, False),
    ("contractsent", "Contract Sent", 0.9, False),
    ("closedwon", "Closed Won", 1.0, True),
    ("closedlost", "Closed Lost", 0.0, True),
)
_LEADS = (
    ("new-stage-id", "New", "NEW"),
    ("attempting-stage-id", "Attempting", "IN_PROGRESS"),
    ("connected-stage-id", "Connected", "IN_PROGRESS"),
    ("qualified-stage-id", "Qualified", "QUALIFIED"),
    ("unqualified-stage-id", "Unqualified", "UNQUALIFIED"),
)


class Pipelines:
    """All pipelines, by object type and id."""

    def __init__(self) -> None:
        self._all: dict[str, dict[str, Pipeline]] = {}

    def reset(self, at: int) -> None:
        """Have what a fresh account has: a sales pipeline, and one for leads."""
        sales = Pipeline("default", "Sales Pipeline", 0, created_at=at)
        for order, (key, label, probability, is_closed) in enumerate(_SALES):
            sales.stages[key] = Stage(key, label, order, probability, is_closed)
        leads = Pipeline("lead-pipeline-id", "Lead pipeline", 0, created_at=at)
        for order, (key, label, state) in enumerate(_LEADS):
            is_closed = state in {"QUALIFIED", "UNQUALIFIED"}
            leads.stages[key] = Stage(key, label, order, 0.5, is_closed, state=state)
        self._all = {"deals": {sales.id: sales}, "leads": {leads.id: leads}}

    def of(self, kind: str) -> dict[str, Pipeline]:
        """Return the pipelines of a type by id."""
        return self._all.setdefault(kind, {})

    def stages(self, kind: str) -> Iterator[Stage]:
        """Yield every stage of a type, archived ones included."""
        for pipeline in self.of(kind).values():
            yield from pipeline.stages.values()

    def stage(self, kind: str, pipeline_id: str, stage_id: str) -> Stage | None:
        """Return a stage of a pipeline, or None."""
        pipeline = self.of(kind).get(pipeline_id)
        return pipeline.stages.get(stage_id) if pipeline else None

    def home_of(self, kind: str, stage_id: str) -> Pipeline | None:
        """Return the pipeline that has this stage, or None."""
        for pipeline in self.of(kind).values():
            if stage_id in pipeline.stages:
                return pipeline
        return None

    def put(self, kind: str, raw: Mapping[str, Any], at: int) -> Pipeline:
        """Add or replace a pipeline: id, label, stages (id, label, probability, ...).

        A stage with `"archived": true` is one that still has its id but is out of use.
        """
        pipelines = self.of(kind)
        pipeline_id = str(raw["id"])
        pipeline = Pipeline(
            id=pipeline_id,
            label=str(raw.get("label") or pipeline_id),
            order=int(raw.get("order", len(pipelines))),
            created_at=at,
        )
        for order, stage in enumerate(raw.get("stages") or ()):
            probability = float(stage.get("probability", 0.5))
            pipeline.stages[str(stage["id"])] = Stage(
                id=str(stage["id"]),
                label=str(stage.get("label") or stage["id"]),
                order=int(stage.get("order", order)),
                probability=probability,
                is_closed=bool(stage.get("closed", probability in {WON, LOST})),
                archived_at=at if stage.get("archived") else None,
                state=str(stage.get("state") or ("NEW" if kind == "leads" else "")),
            )
        pipelines[pipeline_id] = pipeline
        return pipeline
