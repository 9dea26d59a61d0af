"""Listening to the accounts that tell of their changes as they happen.

Each topic of each account is a row with a lease: whoever holds it listens, and a second
process waits. A thread reads each stream; here is what starts, watches and ends them.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from adapters.errors import OutsideError
from adapters.ports import ChangeStream
from connector.clock import Clock, new_id
from connector.errors import KeyMissing, StoreDown
from connector.log import get_logger
from connector.metrics import Metrics
from connector.services.hear import Hear
from connector.services.listening import Desk, Hint, Listening
from connector.services.outside import ADMIN_WAIT, note_failure, wait_after
from connector.store import Store
from connector.store.connections import Connection

log = get_logger(__name__)

StreamFor = Callable[[Connection], ChangeStream | None]
"""Gives the stream of a connection, the same while its credentials are; None: it has
none. Raises KeyMissing, and what `adapters.errors` has."""

EVERY = timedelta(seconds=1)
SILENT = timedelta(minutes=5)
"""A stream that gives no sign of life for so long is dead, and was not told so. A sign
may take four and a half minutes."""

ELSEWHERE = timedelta(seconds=5)
"""How often is asked whether a topic that another process has is free."""

SETTLED = timedelta(minutes=1)
"""For so long a stream is left under its former credentials. Some renew themselves at
each sign-in: without Redis to share a token, each new stream would lead to the next."""

_END_SECONDS = 5.0


@dataclass(slots=True)
class Line:
    """A topic that is to be listened to, over all attempts."""

    connection: Connection
    stream: ChangeStream
    topic: str
    due_at: datetime
    attempts: int = 0
    current: Listening | None = None

    @property
    def is_running(self) -> bool:
        """Return whether an attempt is under way."""
        return self.current is not None and self.current.is_running


class Listen:
    """Has every topic listened to. `tick` and `stop` are for one thread."""

    def __init__(
        self,
        store: Store,
        *,
        stream_for: StreamFor,
        hear: Hear,
        hint: Hint,
        clock: Clock,
        metrics: Metrics,
        lease: timedelta = timedelta(seconds=60),
    ) -> None:
        """Store what is heard through `hear`, and tell the workers by `hint`.

        A process that gave no sign of life for `lease` is replaced by another.
        """
        self._store = store
        self._stream_for = stream_for
        self._clock = clock
        self._metrics = metrics
        self._held_for = lease
        self._lease = new_id()
        self._desk = Desk(store, hear, hint, clock, metrics, self._lease)
        self._lines: dict[tuple[int, str], Line] = {}
        self._topics: dict[int, frozenset[str]] = {}
        self._unusable_until: dict[int, datetime] = {}

    def run(self, stopped: Event, *, name: str | None = None) -> None:
        """Listen until `stopped` is set, to all accounts or to one.

        Accounts that are connected, changed or removed meanwhile are noticed. A
        database that is away is logged when it goes, and waited for.
        """
        is_stalled = False
        try:
            while not stopped.is_set():
                try:
                    self.tick(name=name)
                    is_stalled = False
                except StoreDown as error:
                    if not is_stalled:
                        log.warning("listen.stalled", error=str(error))
                    is_stalled = True
                stopped.wait(EVERY.total_seconds())
        finally:
            self.stop()

    def tick(self, *, name: str | None = None) -> None:
        """See to it that every topic is listened to, by us or another; StoreDown."""
        now = self._clock.now()
        with self._store.begin() as tx:
            connections = tx.connections.all()
            held = tx.streams.extend(self._lease, until=now + self._held_for)
        wanted = self._find_wanted(
            [one for one in connections if name in {None, one.name}], now
        )
        for key, (connection, stream) in wanted.items():
            line = self._lines.get(key)
            if line is None:
                self._lines[key] = Line(connection, stream, key[1], now)
            elif line.stream is not stream:
                # The attempt under the former credentials is ended below.
                line.connection, line.stream = connection, stream
                line.due_at, line.attempts = now, 0
        for key, line in list(self._lines.items()):
            self._see_to(line, held, now, is_wanted=key in wanted)
            if key not in wanted and not line.is_running:
                del self._lines[key]

    def stop(self) -> None:
        """End every stream, and let others have them."""
        running = [one for line in self._lines.values() if (one := line.current)]
        for one in running:
            one.close()
        for one in running:
            one.join(_END_SECONDS)
        self._lines.clear()
        try:
            with self._store.begin() as tx:
                tx.streams.release(self._lease)
        except StoreDown as error:
            # They are free when the lease runs out.
            log.warning("listen.unreleased", error=str(error))

    def _find_wanted(
        self, connections: Sequence[Connection], now: datetime
    ) -> dict[tuple[int, str], tuple[Connection, ChangeStream]]:
        """Return what is to be listened to, by the row of the connection and topic."""
        wanted = {}
        for connection in connections:
            if now < self._unusable_until.get(connection.id, now):
                continue
            try:
                stream = self._stream_for(connection)
            except (OutsideError, KeyMissing) as error:
                self._unusable_until[connection.id] = now + ADMIN_WAIT
                with self._store.begin() as tx:
                    note_failure(tx, self._metrics, connection, error, now)
                continue
            topics = frozenset(() if stream is None else stream.topics)
            self._forget_others(connection, topics)
            if stream is not None:
                for topic in topics:
                    wanted[connection.id, topic] = (connection, stream)
        return wanted

    def _forget_others(self, connection: Connection, topics: frozenset[str]) -> None:
        """Keep no place in what is no longer listened to."""
        if self._topics.get(connection.id) != topics:
            with self._store.begin() as tx:
                tx.streams.drop_others(connection.id, topics)
            self._topics[connection.id] = topics

    def _see_to(
        self, line: Line, held: frozenset[int], now: datetime, *, is_wanted: bool
    ) -> None:
        """End the attempt if it is no good any more; begin the next when it is due.

        The next one begins only after the former has ended, or both would be told.
        """
        current = line.current
        if current is not None and current.is_running:
            is_former = current.stream is not line.stream
            if not is_wanted or (is_former and now - current.begun_at >= SETTLED):
                current.close()
            elif current.id not in held:
                log.warning("stream.lost", **_names(line))
                current.close()
            elif now - current.heard_at > SILENT:
                log.warning("stream.silent", **_names(line))
                current.close()
            return
        if current is not None:
            self._plan_next(line, current, now)
        if is_wanted and now >= line.due_at:
            self._start(line, now)

    def _start(self, line: Line, now: datetime) -> None:
        with self._store.begin() as tx:
            claimed = tx.streams.claim(
                line.connection.id,
                line.topic,
                lease=self._lease,
                now=now,
                until=now + self._held_for,
            )
        if claimed is None:
            line.due_at = now + ELSEWHERE
            return
        line.current = Listening(
            self._desk,
            line.connection,
            line.stream,
            line.topic,
            claimed,
            is_trusted=line.attempts == 0,
        )
        line.current.start()

    @staticmethod
    def _plan_next(line: Line, ended: Listening, now: datetime) -> None:
        """Put off the next attempt, ever longer while none of them comes to life."""
        line.current = None
        if ended.stream is not line.stream:
            return
        line.attempts = 0 if ended.was_alive else line.attempts + 1
        wait = wait_after(line.attempts, ended.obstacle)
        # Many topics that end together must not come back together.
        line.due_at = now + wait * random.uniform(1.0, 1.5)  # noqa: S311 - no secret


def _names(line: Line) -> dict[str, str]:
    return {"connection": line.connection.name, "topic": line.topic}
