"""The clock: asks again and again what is due, and hints it."""

import signal
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from types import FrameType

from connector.errors import StoreDown
from connector.log import get_logger
from connector.queue.connect import open_redis
from connector.queue.hints import Argument, Queue

Due = Callable[[], Iterable[tuple[str, tuple[Argument, ...]]]]
"""Says which jobs are due with which ids, by the database; may raise StoreDown."""

SECOND = timedelta(seconds=1)

log = get_logger(__name__)


class Ticking:
    """Hints what is due. Any number of them may run at once: equal hints coalesce."""

    def __init__(self, queue: Queue, due: Due) -> None:
        """Ask `due` and tell `queue`."""
        self._queue = queue
        self._due = due
        self._trouble: str | None = None

    def tick(self) -> int:
        """Hint everything that is due now; return how many hints were given.

        A database or a Redis that is away is logged when it goes and when it is back.
        """
        try:
            due = list(self._due())
        except StoreDown as error:
            self._notice(str(error))
            return 0
        given = 0
        for job, args in due:
            if not self._queue.hint(job, *args):
                self._notice("Redis cannot be reached, so the workers are not told.")
                return given
            given += 1
        self._notice(None)
        return given

    def _notice(self, trouble: str | None) -> None:
        if trouble is not None and self._trouble is None:
            log.warning("clock.stalled", why=trouble)
        if trouble is None and self._trouble is not None:
            log.info("clock.resumed")
        self._trouble = trouble


def run_clock(redis_url: str, due: Due) -> int:
    """Tick every second until SIGTERM or SIGINT; return the exit code 0."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    ticking = Ticking(Queue(open_redis(redis_url)), due)
    while not stopped.is_set():
        ticking.tick()
        stopped.wait(SECOND.total_seconds())
    return 0
