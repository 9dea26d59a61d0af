"""The event bus: what was published, for as long as it is kept, and who listens."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, NamedTuple

from adapters.sandbox.salesforce.pubsub_events import Draft

LARGEST_BATCH = 100
_FIRST_NUMBER = 2_861_819
# Numbers leave gaps, and how large is nobody's business.
_STRIDES = (1, 4, 2, 11, 1, 3)
_NUMBER_BYTES = 8
_PADDING = b"\0\0"


class Event(NamedTuple):
    """An event with its place in the stream; `at` is epoch ms."""

    number: int
    at: int
    schema_id: str
    payload: bytes


@dataclass(slots=True)
class Habits:
    """How the bus behaves. Lengths of time are real; `retention_ms` is the org's."""

    batch_size: int = LARGEST_BATCH
    keepalive_ms: int = 270_000
    idle_ms: int = 60_000
    retention_ms: int = 72 * 3_600_000

    def change(self, raw: Mapping[str, Any]) -> None:
        """Set what is named; raises ValueError for an unknown habit."""
        for name, value in raw.items():
            if name not in type(self).__dataclass_fields__:
                known = sorted(type(self).__dataclass_fields__)
                raise ValueError(f"no habit {name!r}; there are {known}")
            setattr(self, name, int(value))


@dataclass(slots=True, eq=False)
class Line:
    """One open subscription. A silent one is dead, and nobody has told it."""

    entity: str
    position: int
    pending: int = 0
    is_silent: bool = False
    is_cut: bool = False
    problem: str = ""


@dataclass(slots=True)
class Bus:
    """The stream. `changed` guards all of it, and wakes whoever waits for events."""

    now_ms: Callable[[], int]
    habits: Habits = field(default_factory=Habits)
    lines: list[Line] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)
    refusals: int = 0
    exhaustions: int = 0
    opened: int = 0
    _events: dict[str, list[Event]] = field(default_factory=dict)
    _last: int = _FIRST_NUMBER
    _forgotten: int = _FIRST_NUMBER - 1
    _published: int = 0

    def publish(self, drafts: Iterable[Draft]) -> None:
        """Add events to the stream and wake who waits for them."""
        with self.changed:
            for draft in drafts:
                self._last += _STRIDES[self._published % len(_STRIDES)]
                self._published += 1
                self._events.setdefault(draft.entity, []).append(
                    Event(self._last, self.now_ms(), draft.schema_id, draft.payload)
                )
            self.changed.notify_all()

    def latest(self) -> int:
        """Return the newest place in the stream."""
        return self._last

    def earliest(self) -> int:
        """Return the place before the oldest event that is kept."""
        self._forget_until(self.now_ms() - self.habits.retention_ms)
        return self._forgotten

    def find_place(self, replay_id: bytes) -> int | None:
        """Return the place that a replay id names, None if it is none or forgotten."""
        number = int.from_bytes(replay_id[:_NUMBER_BYTES])
        is_known = self.earliest() < number <= self._last
        return number if is_known and to_replay_id(number) == replay_id else None

    def after(self, entity: str, number: int, *, limit: int) -> list[Event]:
        """Return the events of a type behind a place, oldest first."""
        events = self._events.get(entity, [])
        return [one for one in events if one.number > number][:limit]

    def forget(self) -> None:
        """Keep nothing of what was published until now."""
        with self.changed:
            self._events.clear()
            self._move_on()

    def cut(self) -> int:
        """End every open subscription; return how many there were."""
        with self.changed:
            for line in self.lines:
                line.is_cut = True
            self.changed.notify_all()
            return len(self.lines)

    def silence(self) -> int:
        """Have every open subscription say nothing any more, not even that it lives."""
        with self.changed:
            for line in self.lines:
                line.is_silent = True
            return len(self.lines)

    def reset(self) -> None:
        """Forget everything, and what replay ids meant."""
        self.cut()
        with self.changed:
            self.habits = Habits()
            self.refusals = self.exhaustions = self.opened = 0
            self._events.clear()
            self._move_on()

    def _move_on(self) -> None:
        self._forgotten = self._last
        self._last += 1

    def _forget_until(self, at: int) -> None:
        for entity, events in self._events.items():
            gone = [one for one in events if one.at < at]
            if gone:
                self._forgotten = max(self._forgotten, gone[-1].number)
                self._events[entity] = events[len(gone) :]
        if self._forgotten == self._last:
            # The end of the stream is always a place.
            self._last += 1


def to_replay_id(number: int) -> bytes:
    """Return a place as it travels."""
    return number.to_bytes(_NUMBER_BYTES) + _PADDING
