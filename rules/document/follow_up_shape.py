"""The shape of follow-ups: what starts them, what settles them, and who is told."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from rules.document.rule_shape import RecordWord, Rule, While
from rules.document.words import Expression, Length, LocalText, Name, Shape

DoneBy = Literal["call", "meeting", "email", "quote", "task"]


def _to_starts(value: object) -> object:
    return {"on": value} if isinstance(value, str) else value


class StartsShape(Shape):
    """What starts a follow-up's clock: one of these."""

    on: Literal["created"] | None = Field(
        None,
        description="created: the record is created. Also written starts: created.",
    )
    enters: Name | None = Field(None, description="The record enters this stage.")
    idle: Length | None = Field(
        None, description="So long without real contact; an edit is no contact."
    )
    no_next_action: Length | None = Field(
        None,
        description="So long without contact, and without a meeting, call or task that"
        " somebody has planned.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        known = {"on", "enters", "idle", "no_next_action"}
        if isinstance(value, dict) and not (value.keys() - known) and len(value) != 1:
            raise ValueError(
                "A follow-up has one start. Write created, {enters: a stage},"
                " {idle: 7d} or {no_next_action: 2wd}."
            )
        return value


class StepShape(Shape):
    """One step of a ladder: after this time, tell this person."""

    after: Length = Field(description="How long after the start; idle: after that.")
    remind: Literal["owner"] | None = Field(
        None, description="owner: remind the record's owner."
    )
    escalate: Literal["manager"] | None = Field(
        None, description="manager: tell the owner's manager."
    )

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        if isinstance(value, dict) and ("remind" in value) == ("escalate" in value):
            raise ValueError("A step has either remind: owner or escalate: manager.")
        return value


class FollowUpShape(Rule):
    """What must happen after a start, and who hears of it if it does not."""

    record: RecordWord | None = Field(
        None, description="The kind of record it watches; the policy's if left out."
    )
    starts: Annotated[
        StartsShape,
        BeforeValidator(
            _to_starts, json_schema_input_type=StartsShape | Literal["created"]
        ),
    ] = Field(description="created, {enters: a stage} or {idle: a length of time}.")
    while_: While = Field(
        "open", alias="while", description="always: closed records are watched too."
    )
    done_by: list[DoneBy] = Field(
        default_factory=list,
        description="What settles it, after the start: a call, meeting, email or quote,"
        " or that somebody completes the task.",
    )
    done_when: Expression | None = Field(
        None,
        description="What settles it as well, once it is true, such as quotes >= 1.",
    )
    task: LocalText | None = Field(
        None,
        description="The task for the owner; {name}, {stage} and fields are filled in.",
    )
    due: Length | None = Field(
        None, description="When the task is due; at the first step if left out."
    )
    ladder: list[StepShape] = Field(
        default_factory=list, description="Who is told, when nothing happens."
    )

    @classmethod
    def not_yet(cls) -> Mapping[str, str]:
        """Return the keys that are not carried out."""
        return {
            "snooze": "A planned meeting or call stops the clock meanwhile.",
            "lane": "Write a second follow-up instead.",
        }


class LaneShape(Shape):
    """Records that are followed up faster."""

    when: Expression = Field(
        description="Which records, by their fields, such as amount >= 100000."
    )
    factor: Annotated[float, Field(gt=0, le=1, strict=False)] = Field(
        description="What every time is multiplied by: 0.5 is twice as fast. Working"
        " hours and days are rounded up."
    )
    never_in_digest: bool = Field(
        default=False,
        description="Each of their messages goes out by itself, whatever their number.",
    )
