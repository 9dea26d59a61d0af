"""What is behind a CRM of the sandbox: its doors, its webhooks, and how it breaks.

A test that watches a CRM or has it fail says so in these words, and then runs on every
one of them.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

from adapters.sandbox import Sandbox
from adapters.sandbox.company import Account, Company
from adapters.sandbox.webhooks import Channel
from tests.fakes.world import Door

Fault = Mapping[str, Any]
"""A planned misfortune as `adapters.sandbox.faults` takes it, or a part of one."""

Obstacle = Callable[[str], AbstractContextManager[None]]
"""Stands in the way of a deal meanwhile."""


class Workings(ABC):
    """The workings of the CRM that a company uses.

    `system` is its name in the log of requests, and `operations` are its names there of
    the requests at each door; `api` is found in the path of each. `doors` picks the
    requests that a fault is for, `busy` is how it turns one away for a while, and after
    `too_late_ms` nobody waits for it. `row_trouble` is how it fails single rows of a
    request that it takes, which would succeed a little later.

    `at_once` is how many records one request can be about, at each door; for writes so
    that what changed meanwhile is not overwritten. `requests_a_second` is the limit of
    an ordinary account in the long run, None where only the day has one. Changes are
    stamped to `stamp_ms` exactly.
    """

    system: ClassVar[str]
    api: ClassVar[str]
    operations: ClassVar[Mapping[str, Door]]
    doors: ClassVar[Mapping[Door, Fault]]
    busy: ClassVar[Fault]
    too_late_ms: ClassVar[float]
    row_trouble: ClassVar[Fault]
    at_once: ClassVar[Mapping[Door, int]]
    requests_a_second: ClassVar[float | None]
    stamp_ms: ClassVar[int]

    def __init__(self, sandbox: Sandbox, company: Company) -> None:
        """Look into the sandbox in which this company works."""
        self.sandbox = sandbox
        self.company = company

    @abstractmethod
    def channels(self) -> Sequence[Channel]:
        """Return the ways out of its webhooks."""

    @abstractmethod
    def lift_limits(self) -> None:
        """Have it answer any number of requests."""

    @abstractmethod
    def use_up(self) -> None:
        """Have it answer no request any more until the day ends."""

    @abstractmethod
    def stages(self, deals: Sequence[str]) -> Mapping[str, str]:
        """Return the label of the stage that each deal stands in."""

    @abstractmethod
    def note_counts(self, deals: Sequence[str]) -> Mapping[str, int]:
        """Return how many notes are on each deal."""

    @abstractmethod
    def living(self, door: Door) -> list[str]:
        """Return the ids of all notes, or of all tasks that somebody is to do."""

    @abstractmethod
    def refuse(self, deals: Sequence[str]) -> Fault:
        """Return the fault by which it refuses to save these deals, and only these."""

    @abstractmethod
    def shut_out(self) -> None:
        """Refuse what Slagboom gets in with, from here on."""

    @abstractmethod
    def let_in(self) -> Account:
        """Give Slagboom another credential, and return what it then gets in with."""

    @abstractmethod
    def as_another_account(self) -> AbstractContextManager[None]:
        """Have its webhooks name another account meanwhile."""

    @abstractmethod
    def obstacles(self) -> Sequence[Obstacle]:
        """Return what can keep a deal from going back to Lead."""

    def pause(self) -> None:
        """Hold the webhooks back."""
        for channel in self.channels():
            channel.pause(paused=True)

    def resume(self) -> None:
        """Let the webhooks go on."""
        for channel in self.channels():
            channel.pause(paused=False)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the webhooks back meanwhile, and send them all at the end."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def flush(self, seconds: float) -> None:
        """Wait until every webhook is taken; raises TimeoutError."""
        for channel in self.channels():
            if not channel.flush(seconds):
                raise TimeoutError(f"Webhooks wait: {channel.summary()}")

    def clear(self) -> None:
        """Drop the webhooks that wait, and forget those that were sent."""
        for channel in self.channels():
            channel.clear()

    def set_habits(self, **habits: Any) -> None:
        """Have the webhooks sent in another way, as `adapters.sandbox.webhooks`."""
        for channel in self.channels():
            channel.habits.change(habits)

    def tally(self) -> Counter[str]:
        """Return how many webhooks wait, fly and ended how, of all channels."""
        found: Counter[str] = Counter()
        for channel in self.channels():
            found.update(
                {
                    name: number
                    for name, number in channel.summary().items()
                    if isinstance(number, int)
                }
            )
        return found

    def attempts(self) -> list[dict[str, Any]]:
        """Return every attempt to deliver, of all channels."""
        return [one for channel in self.channels() for one in channel.attempts()]
