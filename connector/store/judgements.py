"""Judgements: what was judged, what each rule said and what was to be done about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from connector.store.codec import (
    change_from_json,
    change_to_json,
    plan_from_json,
    plan_to_json,
    verdicts_from_json,
    verdicts_to_json,
)
from connector.store.tables import judgements
from rules.interventions import Plan
from rules.model import Change, Verdict


@dataclass(frozen=True, slots=True)
class NewJudgement:
    """A judgement to be stored.

    `withheld` is what was to be done and is not, since a storm rages or a permit holds.
    """

    record_id: int
    process_version_id: int
    change: Change
    verdicts: tuple[Verdict, ...]
    plan: Plan
    withheld: Plan | None = None
    storm_id: int | None = None
    permit_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredJudgement:
    """A judgement that was stored, whole; `withheld` is what a storm kept undone."""

    id: int
    record_id: int
    process_version_id: int
    judged_at: datetime
    change: Change
    verdicts: tuple[Verdict, ...]
    plan: Plan
    withheld: Plan | None


class Judgements:
    """The `judgements` table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Sequence[NewJudgement], *, now: datetime) -> list[int]:
        """Store judgements, and return their ids in the same order."""
        if not new:
            return []
        rows = [
            {
                "record_id": one.record_id,
                "process_version_id": one.process_version_id,
                "judged_at": now,
                "change": change_to_json(one.change),
                "verdicts": verdicts_to_json(one.verdicts),
                "plan": plan_to_json(one.plan),
                "withheld": None
                if one.withheld is None
                else plan_to_json(one.withheld),
                "storm_id": one.storm_id,
                "permit_id": one.permit_id,
            }
            for one in new
        ]
        return list(
            self._connection.scalars(
                insert(judgements).returning(
                    judgements.c.id, sort_by_parameter_order=True
                ),
                rows,
            )
        )

    def get(self, ids: Collection[int]) -> dict[int, StoredJudgement]:
        """Return these judgements by id."""
        rows = self._connection.execute(
            select(judgements).where(judgements.c.id.in_(ids))
        )
        found = {}
        for row in rows:
            verdicts = verdicts_from_json(row.verdicts)
            found[row.id] = StoredJudgement(
                id=row.id,
                record_id=row.record_id,
                process_version_id=row.process_version_id,
                judged_at=row.judged_at,
                change=change_from_json(row.change),
                verdicts=verdicts,
                plan=plan_from_json(row.plan, verdicts),
                withheld=None
                if row.withheld is None
                else plan_from_json(row.withheld, verdicts),
            )
        return found
