"""Sending what happened to those who subscribed, the way vendors do it.

A channel is one receiver. Items queue up, are posted in batches by at most
`max_in_flight` threads, and come again with a growing attempt number until they are
accepted or given up. At least once, in no order: `disorder` and `duplicates` add to it.
"""

import heapq
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import urllib3

Item = dict[str, Any]
KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Posting:
    """One HTTP POST as it will go out."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Habits:
    """How a channel sends. Times are milliseconds; chances lie between 0 and 1.

    Retry n comes after `first_retry_ms * retry_factor ** n`, at most `last_retry_ms`,
    spread by up to `spread` of itself.
    """

    batch_size: int = 100
    max_in_flight: int = 10
    timeout_ms: float = 5_000
    max_retries: int = 10
    first_retry_ms: float = 200
    retry_factor: float = 2.0
    last_retry_ms: float = 3_600_000
    spread: float = 0.2
    duplicates: float = 0.0
    disorder: bool = False
    seed: int = 1

    def change(self, raw: Mapping[str, Any]) -> None:
        """Set the habits that are named; raises ValueError for an unknown one."""
        for name, value in raw.items():
            if name not in type(self).__dataclass_fields__:
                known = sorted(type(self).__dataclass_fields__)
                raise ValueError(f"no habit {name!r}; there are {known}")
            kind = type(getattr(self, name))
            setattr(self, name, kind(value))


@dataclass(slots=True)
class Attempt:
    """One POST that was tried and its answer; status 0 means none came."""

    channel: str
    delivery: int
    at: int
    attempt: int
    items: int
    status: int
    ms: float
    accepted: bool
    given_up: bool = False
    error: str = ""
    body: str = ""


@dataclass(order=True, slots=True)
class _Delivery:
    due: float
    number: int
    items: Sequence[Item] = field(compare=False)
    attempt: int = field(default=0, compare=False)


class Channel:
    """One receiver: a queue, its threads and what became of every batch.

    `render` makes the POST of a batch and an attempt number (from 0); `accepts` says of
    a status and a body whether the receiver took it.
    """

    def __init__(
        self,
        name: str,
        *,
        render: Callable[[Sequence[Item], int], Posting],
        accepts: Callable[[int, bytes], bool],
        now_ms: Callable[[], int],
    ) -> None:
        self.name = name
        self.habits = Habits()
        self._render = render
        self._accepts = accepts
        self._now_ms = now_ms
        self._changed = threading.Condition()
        self._fresh: deque[Item] = deque()
        self._retries: list[_Delivery] = []
        self._in_flight = 0
        self._peak = 0
        self._threads: list[threading.Thread] = []
        self._attempts: deque[Attempt] = deque(maxlen=KEPT)
        self._numbers = 0
        self._stopped = False
        self._paused = False
        self._chance = random.Random(1)  # noqa: S311 - repeatable disorder
        self._pool = urllib3.PoolManager(maxsize=32, retries=False)

    def send(self, items: Sequence[Item]) -> None:
        """Queue items; they go out at once, as far as the limits allow."""
        if not items:
            return
        with self._changed:
            self._fresh.extend(items)
            if self.habits.duplicates:
                again = [
                    item
                    for item in items
                    if self._chance.random() < self.habits.duplicates
                ]
                self._fresh.extend(again)
            if self.habits.disorder:
                mixed = list(self._fresh)
                self._chance.shuffle(mixed)
                self._fresh = deque(mixed)
            wanted = -(-len(self._fresh) // self.habits.batch_size)
            self._start_threads(wanted)
            self._changed.notify(wanted)

    def pause(self, *, paused: bool) -> None:
        """Hold everything back, or let it go on."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def flush(self, timeout: float, *, hurry: bool = False) -> bool:
        """Wait until all is accepted or given up; False if `timeout` seconds pass.

        With `hurry` every waiting retry is due at once.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._fresh or self._retries or self._in_flight:
                if hurry and self._retries:
                    for delivery in self._retries:
                        delivery.due = 0.0
                    heapq.heapify(self._retries)
                    self._changed.notify_all()
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.05 if hurry else left))
            return True

    def attempts(self) -> list[dict[str, Any]]:
        """Return the last attempts, oldest first."""
        with self._changed:
            return [asdict(attempt) for attempt in self._attempts]

    def summary(self) -> dict[str, Any]:
        """Return what waits, what flies, and how attempts ended."""
        with self._changed:
            done = [attempt for attempt in self._attempts if attempt.accepted]
            times = sorted(attempt.ms for attempt in done)
            return {
                "waiting": len(self._fresh),
                "retrying": sum(len(one.items) for one in self._retries),
                "in_flight": self._in_flight,
                "most_in_flight": self._peak,
                "attempts": len(self._attempts),
                "accepted": len(done),
                "given_up": sum(one.given_up for one in self._attempts),
                "items_accepted": sum(attempt.items for attempt in done),
                "ms_median": times[len(times) // 2] if times else None,
                "ms_max": times[-1] if times else None,
            }

    def clear(self) -> None:
        """Drop what waits and forget what was sent."""
        with self._changed:
            self._fresh.clear()
            self._retries.clear()
            self._attempts.clear()
            self._peak = 0
            self._chance.seed(self.habits.seed)
            self._changed.notify_all()

    def stop(self) -> None:
        """End the threads; what still waits is dropped."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=self.habits.timeout_ms / 1000 + 1)
        self._pool.clear()

    def _start_threads(self, wanted: int) -> None:
        room = min(self.habits.max_in_flight, wanted + self._in_flight)
        while len(self._threads) < room:
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (delivery := self._take()) is not None:
            outcome = self._post(delivery)
            self._settle(delivery, outcome)

    def _take(self) -> _Delivery | None:
        with self._changed:
            while not self._stopped:
                wait = None
                if not self._paused and self._in_flight < self.habits.max_in_flight:
                    if self._retries and self._retries[0].due <= time.monotonic():
                        self._fly()
                        return heapq.heappop(self._retries)
                    if self._fresh:
                        self._fly()
                        return self._next_batch()
                    if self._retries:
                        wait = max(0.0, self._retries[0].due - time.monotonic())
                self._changed.wait(wait)
            return None

    def _fly(self) -> None:
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)

    def _next_batch(self) -> _Delivery:
        size = min(self.habits.batch_size, len(self._fresh))
        self._numbers += 1
        items = [self._fresh.popleft() for _ in range(size)]
        return _Delivery(due=0.0, number=self._numbers, items=items)

    def _post(self, delivery: _Delivery) -> Attempt:
        posting = self._render(delivery.items, delivery.attempt)
        status, error, answer = 0, "", b""
        begun = time.perf_counter()
        try:
            response = self._pool.request(
                "POST",
                posting.url,
                body=posting.body,
                headers=dict(posting.headers),
                timeout=urllib3.Timeout(total=self.habits.timeout_ms / 1000),
                redirect=False,
                retries=False,
            )
            status, answer = response.status, response.data
        except urllib3.exceptions.HTTPError as failure:
            error = type(failure).__name__
        return Attempt(
            channel=self.name,
            delivery=delivery.number,
            at=self._now_ms(),
            attempt=delivery.attempt,
            items=len(delivery.items),
            status=status,
            ms=round((time.perf_counter() - begun) * 1000, 3),
            accepted=status != 0 and self._accepts(status, answer),
            error=error,
            body=answer[:500].decode("utf-8", "replace"),
        )

    def _settle(self, delivery: _Delivery, outcome: Attempt) -> None:
        with self._changed:
            self._in_flight -= 1
            if not outcome.accepted:
                if delivery.attempt >= self.habits.max_retries:
                    outcome.given_up = True
                elif not self._stopped:
                    delivery.due = time.monotonic() + self._delay(delivery.attempt)
                    delivery.attempt += 1
                    heapq.heappush(self._retries, delivery)
            self._attempts.append(outcome)
            self._changed.notify_all()

    def _delay(self, attempt: int) -> float:
        habits = self.habits
        plain = min(
            habits.first_retry_ms * habits.retry_factor**attempt, habits.last_retry_ms
        )
        return plain * (1 + self._chance.uniform(0, habits.spread)) / 1000
