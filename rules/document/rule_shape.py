"""What the rules of a document have in common."""

from typing import Literal

from pydantic import Field

from rules.document.words import Shape, Slug

Level = Literal["off", "observe", "flag", "enforce"]
RecordWord = Literal["deal", "lead"]
While = Literal["open", "always"]
ActorWord = Literal["person", "workflow", "integration", "import", "agent"]


class Rule(Shape):
    """What every rule has."""

    enforcement: Level | None = Field(
        None,
        description="How much power the rule has; the document's own if left out. off:"
        " none. observe: record only. flag: a note and a task. enforce: put it back.",
    )
    goal: Slug | None = Field(
        None, description="The goal that the rule serves, one of those under goals."
    )


class ActedRule(Rule):
    """A rule about what somebody did to a record."""

    actors: list[ActorWord] = Field(
        default_factory=list,
        description="Whose changes the rule speaks of; everybody's if left out. A"
        " change whose author cannot be told is then left alone.",
    )
