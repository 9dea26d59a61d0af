"""One message by one channel: sent, found, corrected, and written down on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.errors import OutsideError, Transient, Unanswered
from adapters.ports import Message, Notifier, Sent
from connector.clock import Clock
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.services.patience import (
    LAST_TRIES,
    REST,
    SLOW,
    is_worth_waiting,
    wait_after,
)
from connector.store import Store, Transaction
from connector.store.notifications import AttemptResult, DueNotification
from connector.store.people import Person

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """A channel that can be used in this run."""

    name: str
    kind: str
    notifier: Notifier


@dataclass(frozen=True, slots=True)
class Round:
    """What one worker has in hand.

    `people` are by address. `stalled` are channels that failed slowly in this run: they
    get a rest, or they would hold up everybody's messages.
    """

    lease: str
    ways: tuple[Way, ...]
    people: Mapping[str, Person]
    stalled: set[str]

    def addressed(self, message: Message, way: Way) -> Message:
        """Return the message with the person's own handle on a channel, if we know."""
        person = self.people.get(message.to.strip().lower())
        handle = None if person is None else person.handle_on(way.kind)
        return replace(message, to=handle) if handle else message


class Delivery:
    """Sends messages by one channel at a time."""

    def __init__(
        self, store: Store, *, clock: Clock, metrics: Metrics, lease: timedelta
    ) -> None:
        """Hold each message for at most `lease` without a sign of life."""
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._lease = lease

    def attempt(
        self, due: DueNotification, way: Way, round_: Round, *, is_last: bool
    ) -> OutsideError | None:
        """Send by one channel; None when that is all for now, else why it failed."""
        is_same_way = due.channel == way.name
        tries = due.tries + 1 if is_same_way else 1
        message = round_.addressed(due.message, way)
        if due.is_doubtful and is_same_way:
            began_at = self._clock.now()
            try:
                sent = way.notifier.find(message)
            except Transient as error:
                self._note_pace(way, round_, began_at)
                if tries >= LAST_TRIES:
                    return error
                # As long as the channel is silent we do not send again.
                self._retry_counted(due, round_, wait_after(tries, error), str(error))
                return None
            except OutsideError as error:
                return error
            if sent is not None:
                with self._store.begin() as tx:
                    self._mark_sent(tx, due, way, round_, sent)
                return None
        return self._send(due, message, way, round_, tries=tries, is_last=is_last)

    def settle(self, due: DueNotification, round_: Round) -> None:
        """Have what was sent say that its matter is over; what was not stays unsent."""
        way = next((one for one in round_.ways if one.name == due.channel), None)
        if way is not None and way.name in round_.stalled:
            self.postpone(due, round_, REST, "The channel does not answer just now.")
            return
        error = ""
        if way is not None and due.settled_message is not None:
            began_at = self._clock.now()
            try:
                self._correct(due, due.settled_message, way, round_)
            except Transient as failure:
                self._note_pace(way, round_, began_at)
                if due.tries < LAST_TRIES:
                    wait = wait_after(due.tries + 1, failure)
                    self._retry_counted(due, round_, wait, str(failure))
                    return
                error = str(failure)
            except OutsideError as failure:
                # Somebody may have deleted it; there is nothing left to correct.
                error = str(failure)
        with self._store.begin() as tx:
            tx.notifications.mark_settled(due.id, lease=round_.lease, error=error)

    def postpone(
        self, due: DueNotification, round_: Round, wait: timedelta, error: str
    ) -> None:
        """Give a message back, to be taken again after `wait`."""
        with self._store.begin() as tx:
            tx.notifications.retry_at(
                due.id,
                lease=round_.lease,
                due_at=self._clock.now() + wait,
                error=error,
            )

    def _send(
        self,
        due: DueNotification,
        message: Message,
        way: Way,
        round_: Round,
        *,
        tries: int,
        is_last: bool,
    ) -> OutsideError | None:
        """Make one attempt, written down, and store what it came to in one go.

        Whatever interrupts it leaves it written down as one that may have arrived.
        """
        began_at = self._clock.now()
        with self._store.begin() as tx:
            attempt_id = tx.notifications.begin_attempt(
                due.id,
                lease=round_.lease,
                channel=way.name,
                now=began_at,
                until=began_at + self._lease,
            )
        if attempt_id is None:
            # Another worker has it, or its matter was settled meanwhile.
            return None
        sent: Sent | None = None
        failure: OutsideError | None = None
        try:
            sent = way.notifier.send(message)
        except OutsideError as error:
            failure = error
        result = _to_result(failure)
        wait = None
        if isinstance(failure, Transient):
            self._note_pace(way, round_, began_at)
            if is_worth_waiting(failure, tries, is_last=is_last):
                wait = wait_after(tries, failure)
        now = self._clock.now()
        with self._store.begin() as tx:
            tx.notifications.end_attempt(
                attempt_id, result, took=now - began_at, error=str(failure or "")
            )
            if sent is not None:
                self._mark_sent(tx, due, way, round_, sent)
            elif wait is not None:
                tx.notifications.retry_at(
                    due.id, lease=round_.lease, due_at=now + wait, error=str(failure)
                )
        self._metrics.count(
            Counter.NOTIFICATIONS, channel=way.name, outcome=result.value
        )
        if wait is not None:
            log.warning(
                "message.postponed", notification=due.id, seconds=wait.total_seconds()
            )
            return None
        return failure

    def _note_pace(self, way: Way, round_: Round, began_at: datetime) -> None:
        if self._clock.now() - began_at >= SLOW:
            round_.stalled.add(way.name)

    def _mark_sent(
        self,
        tx: Transaction,
        due: DueNotification,
        way: Way,
        round_: Round,
        sent: Sent,
    ) -> None:
        now = self._clock.now()
        tx.notifications.mark_sent(
            due.id, lease=round_.lease, reference=sent.reference, now=now
        )
        tx.notices.resolve(f"channel/{way.name}", now=now)
        tx.notices.resolve("channels", now=now)

    def _correct(
        self, due: DueNotification, settled: Message, way: Way, round_: Round
    ) -> None:
        sent: Sent | None = None
        if due.is_sent:
            sent = Sent(due.reference)
        elif due.is_doubtful:
            sent = way.notifier.find(round_.addressed(due.message, way))
        if sent is not None:
            way.notifier.update(sent, settled)

    def _retry_counted(
        self, due: DueNotification, round_: Round, wait: timedelta, error: str
    ) -> None:
        with self._store.begin() as tx:
            tx.notifications.retry_counted_at(
                due.id,
                lease=round_.lease,
                due_at=self._clock.now() + wait,
                error=error,
            )


def _to_result(failure: OutsideError | None) -> AttemptResult:
    if failure is None:
        return AttemptResult.SENT
    if isinstance(failure, Unanswered):
        return AttemptResult.UNANSWERED
    if isinstance(failure, Transient):
        return AttemptResult.TRANSIENT
    return AttemptResult.PERMANENT
