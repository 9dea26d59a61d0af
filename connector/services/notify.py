"""Sending what people are to be told, once, by the first channel that reaches them.

What fails for a while is tried again a few times, then by the next channel, and by the
last one for hours; what is refused goes to the next one at once. Every attempt is
written down before it is made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from adapters.errors import (
    Forbidden,
    OutsideError,
    Permanent,
    Transient,
    Unanswered,
    Unauthorized,
)
from adapters.ports import Message, Notifier, Sent
from connector.clock import Clock, new_id
from connector.errors import KeyMissing, StoreDown
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.services.patience import (
    LAST_TRIES,
    TRIES,
    is_worth_waiting,
    wait_after,
)
from connector.store import Store
from connector.store.channels import Channel
from connector.store.notifications import AttemptResult, DueNotification

log = get_logger(__name__)

NotifierFor = Callable[[Channel], Notifier]

AT_A_TIME = 50

NO_CHANNEL_WAIT = timedelta(minutes=10)
STALE = timedelta(days=1)
"""A message that found no channel at all for so long is not sent any more."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A channel that can be used in this run."""

    name: str
    kind: str
    notifier: Notifier


class _Postponed(Exception):  # noqa: N818 - no error
    """The message has been given back for later."""


class Notify:
    """Sends the messages that are due. Several may work side by side."""

    def __init__(
        self,
        store: Store,
        *,
        notifier_for: NotifierFor,
        clock: Clock,
        metrics: Metrics,
        lease: timedelta = timedelta(seconds=60),
    ) -> None:
        """Hold each message for at most `lease` without a sign of life."""
        self._store = store
        self._notifier_for = notifier_for
        self._clock = clock
        self._metrics = metrics
        self._lease = lease

    def run(self) -> int:
        """Send everything that is due; return how many messages were taken up."""
        taken = 0
        fault: Exception | None = None
        while True:
            lease = new_id()
            now = self._clock.now()
            with self._store.begin() as tx:
                due = tx.notifications.claim(
                    lease=lease, now=now, until=now + self._lease, limit=AT_A_TIME
                )
                channels = [one for one in tx.channels.all() if one.is_enabled]
            if not due:
                break
            ways = list(self._open(channels))
            for one in due:
                try:
                    self._take(one, ways, lease)
                except StoreDown:
                    raise
                except Exception as error:  # noqa: BLE001 - raised when others are sent
                    fault = fault or error
                    self._put_aside(one, lease, error)
            taken += len(due)
        if fault is not None:
            raise fault
        return taken

    def _take(self, due: DueNotification, ways: list[_Way], lease: str) -> None:
        if due.settled_at is None:
            self._send(due, ways, lease)
        else:
            self._settle(due, ways, lease)

    def _open(self, channels: list[Channel]) -> Iterator[_Way]:
        """Yield the channels that can be used; tell the admin of the others."""
        for channel in channels:
            try:
                yield _Way(channel.name, channel.kind, self._notifier_for(channel))
            except (KeyMissing, Permanent) as error:
                self._tell(
                    f"channel/{channel.name}",
                    code="channel_unusable",
                    message=f"The channel {channel.name} cannot be used: {error}",
                )

    def _send(self, due: DueNotification, ways: list[_Way], lease: str) -> None:
        if not ways and self._clock.now() - due.planned_at < STALE:
            self._wait_for_channel(due, lease)
            return
        error = "There is no channel."
        left = _left(due, ways)
        for way in left:
            failure = self._try(due, way, lease, is_last=way is left[-1])
            if failure is None:
                return
            error = failure
        with self._store.begin() as tx:
            is_ours = tx.notifications.mark_failed(due.id, lease=lease, error=error)
        if is_ours:
            self._tell(
                "messages",
                code="messages_failed",
                message=(
                    f"A message to {due.message.to} could not be delivered by any"
                    f" channel. The last one said: {error}"
                ),
            )

    def _wait_for_channel(self, due: DueNotification, lease: str) -> None:
        error = "There is no channel that can be used."
        with self._store.begin() as tx:
            tx.notifications.retry_at(
                due.id,
                lease=lease,
                due_at=self._clock.now() + NO_CHANNEL_WAIT,
                error=error,
            )
        self._tell(
            "channels",
            code="no_channel",
            message=(
                f"Messages wait, because nobody can be reached. {error} Add one with"
                " `slagboom channels add`."
            ),
        )

    def _try(
        self, due: DueNotification, way: _Way, lease: str, *, is_last: bool
    ) -> str | None:
        """Send by one channel; None when that is all for now, else why it failed."""
        is_same_way = due.channel == way.name
        tries = due.tries + 1 if is_same_way else 1
        message = self._addressed(due.message, way)
        try:
            sent = None
            if due.is_doubtful and is_same_way:
                sent = self._look(due, message, way, lease, tries)
            if sent is None:
                sent = self._attempt(due, message, way, lease)
        except _Postponed:
            return None
        except Transient as error:
            if is_worth_waiting(error, tries, is_last=is_last):
                self._retry(due, lease, wait_after(tries, error), error)
                return None
            return str(error)
        except OutsideError as error:
            if isinstance(error, Unauthorized | Forbidden):
                self._tell(
                    f"channel/{way.name}",
                    code="channel_unusable",
                    message=f"The channel {way.name} cannot be used: {error}",
                )
            return str(error)
        if sent is not None:
            now = self._clock.now()
            with self._store.begin() as tx:
                tx.notifications.mark_sent(
                    due.id, lease=lease, reference=sent.reference, now=now
                )
                tx.notices.resolve(f"channel/{way.name}", now=now)
                tx.notices.resolve("channels", now=now)
        return None

    def _addressed(self, message: Message, way: _Way) -> Message:
        """Return the message with the person's own handle on a channel, if we know."""
        if way.kind != "slack":
            return message
        with self._store.begin() as tx:
            person = tx.people.find(message.to)
        if person is None or not person.slack:
            return message
        return replace(message, to=person.slack)

    def _look(
        self, due: DueNotification, message: Message, way: _Way, lease: str, tries: int
    ) -> Sent | None:
        """Return where a doubtful message is. Raises _Postponed if it cannot be told.

        As long as the channel is silent we do not send again: it may be there.
        """
        try:
            return way.notifier.find(message)
        except Transient as error:
            if tries >= LAST_TRIES:
                raise
            with self._store.begin() as tx:
                tx.notifications.retry_counted_at(
                    due.id,
                    lease=lease,
                    due_at=self._clock.now() + wait_after(tries, error),
                    error=str(error),
                )
            raise _Postponed from None

    def _attempt(
        self, due: DueNotification, message: Message, way: _Way, lease: str
    ) -> Sent | None:
        """Make one attempt, written down; None if another worker has the message."""
        now = self._clock.now()
        with self._store.begin() as tx:
            attempt_id = tx.notifications.begin_attempt(
                due.id,
                lease=lease,
                channel=way.name,
                now=now,
                until=now + self._lease,
            )
        if attempt_id is None:
            return None
        # Whatever interrupts us, it may have gone out.
        result, why = AttemptResult.UNANSWERED, "It was interrupted."
        try:
            sent = way.notifier.send(message)
            result, why = AttemptResult.SENT, ""
        except OutsideError as error:
            result, why = _to_result(error), str(error)
            raise
        finally:
            with self._store.begin() as tx:
                tx.notifications.end_attempt(
                    attempt_id, result, took=self._clock.now() - now, error=why
                )
            self._metrics.count(
                Counter.NOTIFICATIONS, channel=way.name, outcome=result.value
            )
        return sent

    def _settle(self, due: DueNotification, ways: list[_Way], lease: str) -> None:
        """Have what was sent say that its matter is over; what was not stays unsent."""
        way = next((one for one in ways if one.name == due.channel), None)
        error = ""
        if way is not None and due.settled_message is not None:
            try:
                sent = (
                    Sent(due.reference)
                    if due.is_sent
                    else way.notifier.find(self._addressed(due.message, way))
                )
                if sent is not None:
                    way.notifier.update(sent, due.settled_message)
            except Transient as failure:
                if due.tries < LAST_TRIES:
                    wait = wait_after(due.tries + 1, failure)
                    with self._store.begin() as tx:
                        tx.notifications.retry_counted_at(
                            due.id,
                            lease=lease,
                            due_at=self._clock.now() + wait,
                            error=str(failure),
                        )
                    return
                error = str(failure)
            except OutsideError as failure:
                # Somebody may have deleted it; there is nothing left to correct.
                error = str(failure)
        with self._store.begin() as tx:
            tx.notifications.mark_settled(due.id, lease=lease, error=error)

    def _retry(
        self, due: DueNotification, lease: str, wait: timedelta, error: OutsideError
    ) -> None:
        with self._store.begin() as tx:
            tx.notifications.retry_at(
                due.id, lease=lease, due_at=self._clock.now() + wait, error=str(error)
            )
        log.warning(
            "message.postponed", notification=due.id, seconds=wait.total_seconds()
        )

    def _put_aside(self, due: DueNotification, lease: str, error: Exception) -> None:
        """Keep a fault of ours in one message from holding up the others."""
        log.error("message.faulty", notification=due.id, exc_info=error)
        why = f"A fault in Slagboom: {type(error).__name__}. Its log says more."
        with self._store.begin() as tx:
            if due.tries >= LAST_TRIES:
                tx.notifications.mark_failed(due.id, lease=lease, error=why)
            else:
                tx.notifications.retry_counted_at(
                    due.id,
                    lease=lease,
                    due_at=self._clock.now() + wait_after(due.tries + 1),
                    error=why,
                )

    def _tell(self, key: str, *, code: str, message: str) -> None:
        with self._store.begin() as tx:
            tx.notices.tell(key, code=code, message=message, now=self._clock.now())


def _left(due: DueNotification, ways: list[_Way]) -> list[_Way]:
    """Return the channels that have not failed this message yet."""
    names = [way.name for way in ways]
    if due.channel not in names:
        return ways
    place = names.index(due.channel)
    is_last = place == len(ways) - 1
    is_spent = due.tries >= TRIES and not due.is_doubtful and not is_last
    return ways[place + 1 :] if is_spent else ways[place:]


def _to_result(error: OutsideError) -> AttemptResult:
    if isinstance(error, Unanswered):
        return AttemptResult.UNANSWERED
    if isinstance(error, Transient):
        return AttemptResult.TRANSIENT
    return AttemptResult.PERMANENT
