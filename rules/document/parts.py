"""The small parts of a document as a policy has them."""

from collections.abc import Mapping

from rules.document.answers import PlaceholdersShape
from rules.document.follow_up_shape import StepShape
from rules.document.rule_shape import ActedRule, Rule
from rules.document.setting import CalendarShape
from rules.document.shape import WhenShape
from rules.document.words import DAYS, read_hours
from rules.model import ActorClass, EvidenceKind, GoalId
from rules.placeholders import normal
from rules.policy import (
    Actors,
    Calendar,
    Placeholders,
    Recipient,
    Step,
    StepKind,
)

EVIDENCE: Mapping[str, EvidenceKind] = {
    "call": EvidenceKind.CALLS,
    "meeting": EvidenceKind.MEETINGS,
    "email": EvidenceKind.EMAILS,
    "quote": EvidenceKind.QUOTES,
}
"""What each word for something that was done counts as."""


def to_calendar(shape: CalendarShape) -> Calendar:
    """Return the calendar that a document writes down."""
    opens, closes = read_hours(shape.hours)
    return Calendar(
        timezone=shape.timezone,
        country=shape.country,
        opens=opens,
        closes=closes,
        days=frozenset(DAYS.index(day) for day in shape.days),
    )


def to_condition(shape: WhenShape) -> str:
    """Return the condition that a document writes down, in full."""
    if shape.condition is not None:
        return shape.condition
    assert shape.activity is not None
    kind = EVIDENCE[shape.activity]
    if shape.direction is not None:
        kind = EvidenceKind.EMAILS_SENT
    return f"{kind} >= 1"


def to_placeholders(shape: PlaceholdersShape) -> Placeholders:
    """Return what a document says of answers that are none."""
    return Placeholders(
        repeated=shape.repeated,
        share=shape.share,
        allowed=frozenset((None, normal(text)) for text in shape.allow),
    )


def to_step(shape: StepShape) -> Step:
    """Return the step of a ladder that a document writes down."""
    if shape.remind is not None:
        return Step(shape.after, StepKind.REMIND, Recipient.OWNER)
    return Step(shape.after, StepKind.ESCALATE, Recipient.MANAGER)


def to_goal(rule: Rule) -> GoalId | None:
    """Return the goal that a rule serves, None if it names none."""
    return None if rule.goal is None else GoalId(rule.goal)


def to_actors(rule: ActedRule) -> Actors:
    """Return whose changes a rule speaks of."""
    return frozenset(ActorClass(word) for word in rule.actors)
