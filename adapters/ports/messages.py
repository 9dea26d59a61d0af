"""The door to people: one message to one person over one channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from adapters.ports.probe import Probe


@dataclass(frozen=True, slots=True)
class Item:
    """One of several matters that a message lists, and where to click for it."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person, in that person's language.

    `key` makes a repeated send findable. `lines` are the four parts: what happened,
    why it matters, what to do; `link` is where to click, and so is each of `items`.
    Messages about one matter share their `thread`; the `footer` stands below the rest.
    """

    key: str
    to: str
    subject: str
    lines: tuple[str, ...]
    items: tuple[Item, ...] = ()
    link: str = ""
    link_text: str = ""
    is_settled: bool = False
    footer: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message ended up; `reference` is what `update` needs to find it."""

    reference: Mapping[str, str] = field(default_factory=dict)


class Notifier(Protocol):
    """One way to reach people. `to` is a person's e-mail address or own handle."""

    def send(self, message: Message) -> Sent:
        """Deliver the message once, or raise Transient, Unanswered or Permanent."""
        ...

    def find(self, message: Message) -> Sent | None:
        """Return where this message already is, if the channel can tell."""
        ...

    def update(self, sent: Sent, message: Message) -> None:
        """Replace what was sent, where the channel can; else do nothing."""
        ...

    def probe(self) -> Probe:
        """Try the credentials without sending anything."""
        ...
