"""A small sales company that uses a CRM: what the demo and the tests play with.

The same people do the same things whatever CRM they do it in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SANNE = "sanne@acme.example"
TOM = "tom@acme.example"
MANAGER = "marit@acme.example"

PEOPLE: Mapping[str, str] = {
    SANNE: "Sanne de Wit",
    TOM: "Tom Bakker",
    MANAGER: "Marit Visser",
}

STAGES = ("Lead", "Qualification", "Demo", "Quote sent", "Negotiation", "Won", "Lost")


@dataclass(frozen=True, slots=True)
class Account:
    """What `slagboom connect` asks for: settings and secrets by name."""

    vendor: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]


class Company(Protocol):
    """The company, and what its people do. Stages are meant by their labels."""

    def set_up(self) -> None:
        """Hire the people, and make the stages and fields that their work needs."""
        ...

    def account(self) -> Account:
        """Return how Slagboom gets in."""
        ...

    def send_webhooks_to(self, url: str) -> None:
        """Have the CRM tell of changes at this address, from here on.

        `url` is what `slagboom connections` shows, up to the place of a secret: where
        one belongs there, the company's admin puts it there.
        """
        ...

    def add_stage(self, label: str) -> None:
        """Add a stage behind the others."""
        ...

    def retire_stage(self, label: str) -> None:
        """Take a stage out of use."""
        ...

    def add_deal(
        self, name: str, stage: str, *, owner: str = SANNE, **fields: str
    ) -> str:
        """Make a deal as its owner, and return its id."""
        ...

    def add_deals(self, count: int, stage: str, **fields: str) -> Sequence[str]:
        """Make many deals that nobody is told of, and return their ids."""
        ...

    def add_lead(self, name: str, *, owner: str = SANNE) -> str:
        """Make a lead as its owner, and return its id."""
        ...

    def move(self, deal: str, stage: str, *, by: str = SANNE, **fields: str) -> None:
        """Move a deal, setting fields with it."""
        ...

    def move_all(self, deals: Sequence[str], stage: str, **fields: str) -> None:
        """Move many deals at once, setting fields with it, as a bulk edit does."""
        ...

    def fill(self, deal: str, *, by: str = SANNE, **fields: str) -> None:
        """Set fields of a deal."""
        ...

    def add_quote(self, deal: str) -> None:
        """Make a quote for a deal."""
        ...

    def call(self, lead: str) -> None:
        """Log a call with a lead."""
        ...

    def stage_of(self, deal: str) -> str:
        """Return the label of the stage that a deal stands in."""
        ...

    def amount_of(self, deal: str) -> float | None:
        """Return what a deal is worth, None if nobody has said."""
        ...

    def notes_on(self, deal: str) -> list[str]:
        """Return the notes on a deal's timeline, as HTML."""
        ...

    def tasks_on_deal(self, deal: str) -> list[str]:
        """Return the subjects of a deal's tasks."""
        ...

    def tasks_on_lead(self, lead: str) -> list[str]:
        """Return the subjects of a lead's tasks."""
        ...
