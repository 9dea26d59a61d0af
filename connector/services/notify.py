"""Sending what people are to be told, once, by the first channel that reaches them.

What fails for a while is tried again a few times, then by the next channel; what is
refused goes to the next one at once. Every attempt is written down before it is made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from adapters.errors import OutsideError, Permanent, Transient, Unanswered
from adapters.ports import Notifier, Sent
from connector.clock import Clock, new_id
from connector.errors import KeyMissing
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.services.outside import wait_after
from connector.store import Store
from connector.store.channels import Channel
from connector.store.notifications import AttemptResult, DueNotification

log = get_logger(__name__)

NotifierFor = Callable[[Channel], Notifier]

AT_A_TIME = 50

TRIES = 4
"""Attempts by one channel before the next one is tried: some fifteen seconds."""

LONGEST_WAIT = timedelta(seconds=30)
"""A channel that wants a longer wait is passed over: an escalation is urgent."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A channel that can be used in this run."""

    name: str
    notifier: Notifier


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
        while True:
            lease = new_id()
            now = self._clock.now()
            with self._store.begin() as tx:
                due = tx.notifications.claim(
                    lease=lease, now=now, until=now + self._lease, limit=AT_A_TIME
                )
                channels = [one for one in tx.channels.all() if one.is_enabled]
            if not due:
                return taken
            ways = list(self._open(channels))
            for one in due:
                if one.settled_at is None:
                    self._send(one, ways, lease)
                else:
                    self._settle(one, ways, lease)
            taken += len(due)

    def _open(self, channels: list[Channel]) -> Iterator[_Way]:
        """Yield the channels that can be used; tell the admin of the others."""
        for channel in channels:
            try:
                yield _Way(channel.name, self._notifier_for(channel))
            except (KeyMissing, Permanent) as error:
                self._tell(
                    f"channel/{channel.name}",
                    code="channel_unusable",
                    message=f"The channel {channel.name} cannot be used: {error}",
                )

    def _send(self, due: DueNotification, ways: list[_Way], lease: str) -> None:
        error = "There is no channel. Add one with `slagboom channels add`."
        for way in _left(due, ways):
            failure = self._try(due, way, lease)
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

    def _try(self, due: DueNotification, way: _Way, lease: str) -> str | None:
        """Send by one channel; None when that is all for now, else why it failed."""
        is_same_way = due.channel == way.name
        tries = due.tries if is_same_way else 0
        try:
            sent = (
                way.notifier.find(due.message)
                if due.is_doubtful and is_same_way
                else None
            )
            if sent is None:
                sent = self._attempt(due, way, lease)
        except Transient as error:
            tries += 1
            wait = wait_after(tries, error)
            if tries < TRIES and wait <= LONGEST_WAIT:
                self._retry(due, lease, wait, error)
                return None
            return str(error)
        except OutsideError as error:
            return str(error)
        if sent is not None:
            with self._store.begin() as tx:
                tx.notifications.mark_sent(
                    due.id,
                    lease=lease,
                    reference=sent.reference,
                    now=self._clock.now(),
                )
        return None

    def _attempt(self, due: DueNotification, way: _Way, lease: str) -> Sent | None:
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
        result, why = AttemptResult.SENT, ""
        try:
            return way.notifier.send(due.message)
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

    def _settle(self, due: DueNotification, ways: list[_Way], lease: str) -> None:
        """Have what was sent say that its matter is over; what was not stays unsent."""
        way = next((one for one in ways if one.name == due.channel), None)
        error = ""
        if way is not None and due.settled_message is not None:
            try:
                sent = (
                    Sent(due.reference)
                    if due.is_sent
                    else way.notifier.find(due.message)
                )
                if sent is not None:
                    way.notifier.update(sent, due.settled_message)
            except Transient as failure:
                if due.tries < TRIES:
                    wait = wait_after(due.tries + 1, failure)
                    with self._store.begin() as tx:
                        tx.notifications.retry_update_at(
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

    def _tell(self, key: str, *, code: str, message: str) -> None:
        with self._store.begin() as tx:
            tx.notices.tell(key, code=code, message=message, now=self._clock.now())


def _left(due: DueNotification, ways: list[_Way]) -> list[_Way]:
    """Return the channels that have not failed this message yet."""
    names = [way.name for way in ways]
    if due.channel not in names:
        return ways
    place = names.index(due.channel)
    is_spent = due.tries >= TRIES and not due.is_doubtful
    return ways[place + 1 :] if is_spent else ways[place:]


def _to_result(error: OutsideError) -> AttemptResult:
    if isinstance(error, Unanswered):
        return AttemptResult.UNANSWERED
    if isinstance(error, Transient):
        return AttemptResult.TRANSIENT
    return AttemptResult.PERMANENT
