"""What is done after the answer: hints to the queue and counting.

Both go to Redis, and neither may make a CRM wait. They are gathered by what they say,
so that a flood of deliveries costs Redis a few calls a second, and handed over by a
thread of their own. Lost with the process or with Redis they do no harm: what is due
stands in the database.
"""

import os
import threading
from collections import Counter as Tally
from typing import Protocol

from connector.log import get_logger
from connector.metrics import Counter

log = get_logger(__name__)

_PAUSE_SECONDS = 0.02
_PATIENCE_SECONDS = 2.0


class TakesHints(Protocol):
    """The queue, as far as it is needed here."""

    def hint(self, job: str, *args: int | str) -> bool:
        """See to it that `job` runs soon with `args`; False if that is unknown."""
        ...


class TakesCounts(Protocol):
    """The metrics, as far as they are needed here."""

    def count(self, counter: Counter, *, by: int = 1, **labels: str) -> None:
        """Add `by` to a counter."""
        ...


_Count = tuple[Counter, tuple[tuple[str, str], ...]]


class Afterwards:
    """Gathers hints and counts, and hands them over from a thread.

    The thread starts with the first use in a process, so that it survives no fork.
    """

    def __init__(self, queue: TakesHints, metrics: TakesCounts) -> None:
        """Hand over to `queue` and `metrics`, neither of which raises."""
        self._queue = queue
        self._metrics = metrics
        self._hints: dict[tuple[str, int], None] = {}
        self._counts: Tally[_Count] = Tally()
        self._changed = threading.Condition()
        self._pid = 0
        self._is_busy = False

    def hint(self, job: str, argument: int) -> None:
        """Hint `job` soon; it does not matter how often this is asked."""
        with self._changed:
            self._hints[job, argument] = None
            self._wake()

    def count(self, counter: Counter, **labels: str) -> None:
        """Count one event soon."""
        with self._changed:
            self._counts[counter, tuple(sorted(labels.items()))] += 1
            self._wake()

    def drain(self, seconds: float = _PATIENCE_SECONDS) -> bool:
        """Wait until everything is handed over; False if that takes longer."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._hints or self._counts or self._is_busy), seconds
            )

    def _wake(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            threading.Thread(
                target=self._hand_over, name="afterwards", daemon=True
            ).start()
        self._changed.notify_all()

    def _hand_over(self) -> None:
        pause = threading.Event()
        while True:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._hints or self._counts)
                hints, self._hints = self._hints, {}
                counts, self._counts = self._counts, Tally()
                self._is_busy = True
            try:
                for job, argument in hints:
                    self._queue.hint(job, argument)
                for (counter, labels), number in counts.items():
                    self._metrics.count(counter, by=number, **dict(labels))
            except Exception:
                # A process whose thread has died would never hint again.
                log.exception("afterwards.failed", hints=len(hints))
            # What comes in meanwhile is gathered, and costs one call together.
            pause.wait(_PAUSE_SECONDS)
