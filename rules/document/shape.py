"""The shape of a policy document: which keys there are, and what they hold."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from rules.document.answers import PlaceholdersShape
from rules.document.follow_up_shape import FollowUpShape, LaneShape
from rules.document.rule_shape import ActedRule, Level, RecordWord, Rule, While
from rules.document.setting import (
    CalendarShape,
    ExemptionsShape,
    HoldsShape,
    ParkingShape,
    PeopleShape,
    StormShape,
)
from rules.document.words import (
    Expression,
    LocaleName,
    LocalText,
    Mail,
    Name,
    Shape,
    Since,
    Slug,
    StageKey,
    Text,
)
from rules.document.words import Field as FieldWord

Count = Annotated[int, Field(ge=1, le=100)]
ActivityWord = Literal["call", "meeting", "email"]


def _none_to_empty(value: object) -> object:
    return {} if value is None else value


def _to_when(value: object) -> object:
    return {"condition": value} if isinstance(value, str) else value


def _to_properties(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


class StageShape(ActedRule):
    """One stage, under the name that the policy gives it."""

    label: Name | None = Field(
        None,
        description="The stage's label or id in the CRM, where the key is neither.",
    )
    requires: list[FieldWord] = Field(
        default_factory=list,
        description="Fields that must be filled from this stage on.",
    )
    contacts: Count | None = Field(
        None,
        description="How many people of the buying group must be linked from this stage"
        " on: a deal's contacts, or contact roles.",
    )
    account_contacts: Count | None = Field(
        None,
        description="How many contacts the account must have from this stage on.",
    )
    gate: Expression | None = Field(
        None,
        description="What must be true to enter, of fields and of what is linked:"
        " quotes, meetings, calls, emails, contacts. Such as quotes >= 1.",
    )
    from_: Literal["any"] | None = Field(
        None,
        alias="from",
        description="any: the stage lies beside the path and can be entered from every"
        " stage, as a lost deal can.",
    )


class MoveShape(ActedRule):
    """A direction that a move may not have."""


class AllowShape(Shape):
    """One move that the order forbids and this policy permits."""

    from_: Name = Field(alias="from", description="The stage that is left.")
    to: Name = Field(description="The stage that is entered.")
    when: Expression | None = Field(
        None, description="For which records; all if left out."
    )
    why: Text = Field(description="The reason, said where somebody asks.")


class MovesShape(Shape):
    """The order of the stages, and the ways around it."""

    skip: Annotated[MoveShape | None, BeforeValidator(_none_to_empty)] = Field(
        None, description="Going on over a stage. Not judged if left out."
    )
    back: Annotated[MoveShape | None, BeforeValidator(_none_to_empty)] = Field(
        None, description="Going back to an earlier stage. Not judged if left out."
    )
    born_late: Annotated[MoveShape | None, BeforeValidator(_none_to_empty)] = Field(
        None,
        description="Being created in a later stage than the record qualifies for. Not"
        " judged if left out.",
    )
    allow: list[AllowShape] = Field(
        default_factory=list, description="Moves that are permitted all the same."
    )
    returns_per_day: int = Field(
        3,
        ge=1,
        le=100,
        description="How often a record is put back in a day. Beyond that it is only"
        " flagged: an automation may be setting it again and again.",
    )


class CheckShape(ActedRule):
    """A demand on values, judged when one of its fields changes."""

    check: Expression = Field(description="What must be true, such as amount >= 0.")
    while_: While = Field(
        "always",
        alias="while",
        description="open: closed records are left alone.",
    )
    in_: list[Name] = Field(
        default_factory=list,
        alias="in",
        description="The stages in which it is demanded; in all if left out.",
    )
    on_fail: Literal["restore", "flag"] = Field(
        "flag",
        description="restore: put the former value back, if the rule is enforced. flag:"
        " say it and leave the value.",
    )


class WhenShape(Shape):
    """What moves a record on: a condition, or an activity that was logged."""

    condition: Expression | None = Field(
        None, description="What must be true. Also written when: a condition."
    )
    activity: ActivityWord | None = Field(
        None, description="A call, meeting or email that was logged."
    )
    direction: Literal["outgoing"] | None = Field(
        None, description="outgoing: only e-mails that went to the customer."
    )

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        if isinstance(value, dict) and ("condition" in value) == ("activity" in value):
            raise ValueError(
                "Write a condition, such as quotes >= 1, or {activity: email}."
            )
        return value

    @model_validator(mode="after")
    def _has_direction(self) -> "WhenShape":
        if self.direction is not None and self.activity != "email":
            raise ValueError("Only an email has a direction. Leave direction out.")
        return self


class ConversionRule(Shape):
    """Who hears of a lead that was converted too early, or is not."""

    enforcement: Literal["off", "observe", "flag"] | None = Field(
        None,
        description="How much power the rule has: off, observe or flag. A conversion"
        " cannot be put back.",
    )
    goal: Slug | None = Field(
        None, description="The goal that the rule serves, one of those under goals."
    )


class ConversionShape(Shape):
    """When a lead becomes an account with a contact."""

    seed: Expression = Field(
        description="What makes a lead an account with a contact, such as"
        " quotes >= 1 || contract_date != null."
    )
    late: Annotated[ConversionRule | None, BeforeValidator(_none_to_empty)] = Field(
        None, description="The seed is there and the lead is not converted."
    )
    early: Annotated[ConversionRule | None, BeforeValidator(_none_to_empty)] = Field(
        None, description="The lead was converted and the seed is not there."
    )


class AutoMoveShape(Rule):
    """A move to the next stage that Slagboom makes when something has happened."""

    when: Annotated[
        WhenShape,
        BeforeValidator(_to_when, json_schema_input_type=WhenShape | str),
    ] = Field(
        description="What must have happened since the record entered its stage: a"
        " condition, such as quotes >= 1, or {activity: email, direction: outgoing}."
    )
    from_: Name = Field(alias="from", description="The stage that the record is in.")
    to: Name = Field(description="The stage right after it.")


class DocumentShape(Shape):
    """One process on one pipeline."""

    version: Literal[1] = Field(description="The version of this form: 1.")
    process: Slug = Field(description="The process's name, in small letters.")
    title: LocalText | None = Field(
        None, description="What people call the process, by language."
    )
    sponsor: Mail | None = Field(
        None,
        description="Who answers for the policy. Needed before anything is enforced.",
    )
    connection: Name = Field(description="The connected account it is for.")
    record: RecordWord = Field("deal", description="The kind of record: deal or lead.")
    pipeline: Name | None = Field(
        None,
        description="The pipeline's label or id; may be left out if there is only one.",
    )
    governs: Expression | None = Field(
        None, description="Which records the policy speaks of; all if left out."
    )
    since: Since | None = Field(
        None,
        description="Records created earlier are only observed. The day of the first"
        " publication if left out.",
    )
    effective: Since | None = Field(
        None,
        description="From when this version is in force, announced ahead to the people"
        " it touches. At once if left out, or if it is past.",
    )
    locale: LocaleName = Field(
        "en", description="The language for people without one of their own."
    )
    calendar: CalendarShape = Field(
        default=CalendarShape(), description="Working time."
    )
    enforcement: Level = Field(
        "observe", description="The power of every rule that says nothing else."
    )
    goals: dict[Slug, LocalText] = Field(
        default_factory=dict,
        description="What the rules are for, in order of priority; five at most.",
    )
    fields: dict[
        FieldWord,
        Annotated[
            dict[Literal[""] | Slug, Name],
            BeforeValidator(
                _to_properties, json_schema_input_type=dict[Slug, Name] | str
            ),
        ],
    ] = Field(
        default_factory=dict,
        description="Own names for properties of the CRM, by vendor.",
    )
    stages: dict[
        StageKey,
        Annotated[
            StageShape,
            BeforeValidator(_none_to_empty, json_schema_input_type=StageShape | None),
        ],
    ] = Field(description="The stages, in order.", min_length=1)
    moves: Annotated[MovesShape, BeforeValidator(_none_to_empty)] = Field(
        default=MovesShape(), description="Which moves are forbidden."
    )
    checks: dict[Slug, CheckShape] = Field(
        default_factory=dict, description="Demands on values, by name."
    )
    follow_ups: dict[Slug, FollowUpShape] = Field(
        default_factory=dict, description="What must happen in time, by name."
    )
    lanes: dict[Slug, LaneShape] = Field(
        default_factory=dict,
        description="Records with shorter clocks, by name; the first that fits counts.",
    )
    conversion: ConversionShape | None = Field(
        None,
        description="When a lead becomes an account with a contact; for leads only.",
    )
    auto_moves: dict[Slug, AutoMoveShape] = Field(
        default_factory=dict,
        description="Moves that follow from facts, by name; each to the next stage.",
    )
    holds: HoldsShape = Field(
        default=HoldsShape(), description="How wanted moves wait for what is missing."
    )
    parking: ParkingShape = Field(
        default=ParkingShape(), description="How records may be parked."
    )
    exemptions: ExemptionsShape = Field(
        default=ExemptionsShape(), description="Limits to permissions to deviate."
    )
    placeholders: PlaceholdersShape = Field(
        default=PlaceholdersShape(), description="What counts as no answer."
    )
    storm: StormShape = Field(
        default=StormShape(), description="When to ask before more is put back."
    )
    people: PeopleShape = Field(
        default=PeopleShape(), description="Who hears in the end."
    )

    @classmethod
    def not_yet(cls) -> Mapping[str, str]:
        """Return the parts that are not carried out."""
        return {
            "permits": "Permits are given by command; see slagboom permit.",
            "quiet_hours": "Lengths in wh and wd keep to the calendar.",
            "channels": "Channels belong to the connection; see slagboom channels.",
        }
