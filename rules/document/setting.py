"""The setting of a process: working time, how long moves wait, who hears in the end."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from rules.document.words import Country, Hours, Lasting, Mail, Shape, Share, Zone
from rules.policy import (
    EXEMPTION_LONGEST,
    EXEMPTIONS_RECUR,
    HOLD_KEEP,
    MESSAGES_PER_DAY,
    PARK_LIMIT,
    SEEN_LIMIT,
    STORM_LIMIT,
)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _working_days() -> list[Day]:
    return ["mon", "tue", "wed", "thu", "fri"]


class CalendarShape(Shape):
    """Working time, for lengths in wh and wd and for what today is."""

    timezone: Zone = Field("UTC", description="An IANA zone: Europe/Amsterdam.")
    country: Country | None = Field(
        None, description="Whose public holidays are free: NL, or DE-BY."
    )
    hours: Hours = Field("09:00-17:30", description="From when to when people work.")
    days: list[Day] = Field(
        default_factory=_working_days,
        description="The days on which people work.",
        min_length=1,
    )


class SeenShape(Shape):
    """Follow-ups that somebody has seen: they wait, and then go on."""

    lasts: Lasting = Field(
        default=SEEN_LIMIT.lasts,
        json_schema_extra={"default": "1wd"},
        description="How long one waits that was seen, such as 1wd.",
    )
    times: int = Field(
        SEEN_LIMIT.times, ge=0, le=10, description="How many times one waits so."
    )


class PeopleShape(Shape):
    """Who hears when nobody else can be told, and how much anybody is told."""

    fallback: Mail | None = Field(
        None, description="The address at which every ladder ends."
    )
    messages_per_day: int = Field(
        MESSAGES_PER_DAY,
        ge=1,
        le=1000,
        description="How many reminders and escalations a person gets one by one on a"
        " day. What is beyond comes in one message on the next working day.",
    )
    seen: SeenShape = Field(
        default=SeenShape(), description="What it counts that somebody has seen it."
    )

    @classmethod
    def not_yet(cls) -> Mapping[str, str]:
        """Return the keys that are not carried out."""
        meanwhile = "Managers come from the CRM; see slagboom people."
        return dict.fromkeys(("managers", "manager", "deputies", "deputy"), meanwhile)


class HoldsShape(Shape):
    """Moves that were put back and wait for what they lack."""

    keep: Lasting = Field(
        default=HOLD_KEEP,
        json_schema_extra={"default": "30d"},
        description="How long a wanted move waits for what is missing, such as 30d.",
    )


class ExemptionsShape(Shape):
    """Permissions to deviate, which are given by command."""

    longest: Lasting = Field(
        default=EXEMPTION_LONGEST,
        json_schema_extra={"default": "90d"},
        description="How long an exemption may last, such as 90d.",
    )
    recurring: int = Field(
        EXEMPTIONS_RECUR,
        ge=2,
        description="So many exemptions from one rule in 90 days call for a process of"
        " their own.",
    )


class ParkingShape(Shape):
    """Records that are not followed up for a while, which is said by command."""

    longest: Lasting = Field(
        default=PARK_LIMIT.longest,
        json_schema_extra={"default": "90d"},
        description="How long a record may be parked, such as 90d.",
    )
    times: int = Field(
        PARK_LIMIT.times,
        ge=0,
        description="How many times in a year a record may be parked.",
    )


class StormShape(Shape):
    """When to stop putting back and to ask a person."""

    returns: int = Field(
        STORM_LIMIT.returns,
        ge=1,
        description="How many records may be put back in ten minutes.",
    )
    share: Share = Field(
        default=STORM_LIMIT.share,
        json_schema_extra={"default": "5%"},
        description="How many of them, of all in the pipeline, if that is less: 5%. Ten"
        " may always be put back; 100% is no limit.",
    )
