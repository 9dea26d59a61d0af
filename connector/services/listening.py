"""Listening to one topic of one account, in a thread of its own.

What a stream brings and how far it came are stored in one transaction: a process that
dies at any moment goes on behind the last thing that is stored, and what it is told
twice has the same key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Thread

from adapters.errors import (
    Exhausted,
    Expired,
    Forbidden,
    NotFound,
    OutsideError,
    Transient,
)
from adapters.ports import ChangeStream, Fetched, Subscription
from connector.clock import Clock
from connector.errors import StoreDown
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.services.hear import Hear
from connector.services.outside import note_failure, to_missed
from connector.store import Store, Transaction
from connector.store.connections import Connection
from connector.store.streams import ClaimedStream

log = get_logger(__name__)

Hint = Callable[[str, int], object]
"""Tells the workers that a job has something to do."""

MISSED = "changes_missed"
REFUSED = "stream_refused"


class _LeaseLost(Exception):
    """Another process listens to this topic."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What listening takes. `lease` says whose the topics are that are listened to."""

    store: Store
    hear: Hear
    hint: Hint
    clock: Clock
    metrics: Metrics
    lease: str


class Listening:
    """One attempt, from opening the stream to its end. It is read by other threads.

    `begun_at` is when it was made, `heard_at` the last sign of life; `obstacle` what to
    wait for before the next attempt, None if there is nothing.
    """

    def __init__(
        self,
        desk: Desk,
        connection: Connection,
        stream: ChangeStream,
        topic: str,
        claimed: ClaimedStream,
        *,
        is_trusted: bool,
    ) -> None:
        """Listen from where `claimed` says; nothing is asked yet.

        That it could be opened is a sign of life, if it `is_trusted`: one that came to
        nothing before must say more.
        """
        self.stream = stream
        self.id = claimed.id
        self.begun_at = self.heard_at = desk.clock.now()
        self.was_alive = False
        self.obstacle: OutsideError | None = None
        self._desk = desk
        self._connection = connection
        self._topic = topic
        self._cursor = claimed.cursor
        self._is_trusted = is_trusted
        self._subscription: Subscription | None = None
        self._is_closed = False
        # One that hangs must not keep its process from ending.
        self._thread = Thread(
            target=self._run, name=f"{connection.name}/{topic}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Return whether it has not ended."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the stream; the thread ends soon."""
        self._is_closed = True
        if self._subscription is not None:
            self._subscription.close()

    def join(self, seconds: float) -> None:
        """Wait for the end, for so many seconds."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._listen()
        except _LeaseLost:
            self._log("stream.lost")
        except StoreDown as error:
            self._log("stream.ended", error=str(error))
        except OutsideError as error:
            # Without its place a stream can be opened at once.
            self.obstacle = None if isinstance(error, Expired) else error
            self._log("stream.ended", error=str(error), code=error.code)
            if isinstance(error, Transient) and not isinstance(error, Exhausted):
                self._count(error)
            else:
                self._settle(error)

    def _listen(self) -> None:
        self._subscription = self.stream.subscribe(self._topic, self._cursor)
        try:
            # Closing may have come in between.
            if not self._is_closed:
                self._mark_open()
                for fetched in self._subscription:
                    self._store(fetched)
        finally:
            self._subscription.close()

    def _mark_open(self) -> None:
        log.info("stream.opened", **self._names())
        self.heard_at = now = self._desk.clock.now()
        if self._is_trusted:
            self._desk.store.run(lambda tx: self._advance(tx, None, now))

    def _store(self, fetched: Fetched) -> None:
        now = self._desk.clock.now()
        self._desk.store.run(lambda tx: self._keep(tx, fetched, now))
        self.heard_at, self.was_alive = now, True
        if fetched.gap:
            self._log("stream.gapped", gap=fetched.gap)
        if fetched.heard:
            self._desk.hint("look", self._connection.id)

    def _keep(self, tx: Transaction, fetched: Fetched, now: datetime) -> None:
        desk, connection_id = self._desk, self._connection.id
        self._advance(tx, fetched.cursor, now)
        records = {one.ref for one in fetched.heard}
        due_at = desk.hear.due_at(len(records))
        desk.hear.keep(tx, connection_id, fetched.heard, due_at=due_at)
        # What happened before a stream without a place was open, it does not tell.
        is_fresh = self._cursor is None and not self.was_alive
        if fetched.gap or is_fresh:
            tx.connections.hasten_sweep(connection_id, due_at=now)
        if not self.was_alive:
            for matter in (self._matter, self._account):
                tx.notices.resolve(matter, now=now)

    def _advance(self, tx: Transaction, cursor: str | None, now: datetime) -> None:
        if not tx.streams.advance(
            self.id, lease=self._desk.lease, cursor=cursor, now=now
        ):
            raise _LeaseLost

    def _settle(self, error: OutsideError) -> None:
        """Note what an admin should know, and what makes the next attempt another."""
        try:
            with self._desk.store.begin() as tx:
                self._note(tx, error, self._desk.clock.now())
        except StoreDown as down:
            # It fails again at the next attempt, and is noted then.
            self._log("stream.unnoted", error=str(down))

    def _note(self, tx: Transaction, error: OutsideError, now: datetime) -> None:
        lease, connection = self._desk.lease, self._connection
        match error:
            case Expired():
                tx.streams.start_anew(self.id, lease=lease)
                tx.connections.hasten_sweep(connection.id, due_at=now)
                tx.notices.tell(
                    to_missed(connection.id),
                    code=MISSED,
                    message=f"{connection.name}: {error} The whole account is being"
                    " compared with what is known of it; nothing needs to be done.",
                    connection_id=connection.id,
                    now=now,
                )
            case Exhausted():
                self._count(error)
                # The same for all topics; requests are still answered.
                tx.notices.tell(
                    self._account,
                    code=REFUSED,
                    message=f"{connection.name}: {error}",
                    connection_id=connection.id,
                    now=now,
                )
            case Forbidden() | NotFound():
                self._count(error)
                tx.streams.refuse(self.id, lease=lease, now=now)
                tx.notices.tell(
                    self._matter,
                    code=REFUSED,
                    message=f"{connection.name}: {error} Until then such changes are"
                    " found by the sweeps only.",
                    connection_id=connection.id,
                    now=now,
                )
            case _:
                note_failure(tx, self._desk.metrics, connection, error, now)

    def _count(self, error: OutsideError) -> None:
        self._desk.metrics.count(Counter.CRM_FAILURES, kind=type(error).__name__)

    @property
    def _account(self) -> str:
        return f"stream/{self._connection.id}"

    @property
    def _matter(self) -> str:
        return f"{self._account}/{self._topic}"

    def _names(self) -> dict[str, str]:
        return {"connection": self._connection.name, "topic": self._topic}

    def _log(self, event: str, **fields: str) -> None:
        log.warning(event, **self._names(), **fields)
