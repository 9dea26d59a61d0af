"""Sending what people are to be told, once, by the first channel that reaches them.

What fails for a while is tried again a few times, then by the next channel, and by the
last one for hours; what is refused goes to the next one at once. Every attempt is
written down before it is made.
"""

from collections.abc import Iterator
from datetime import timedelta

from adapters.errors import Forbidden, OutsideError, Permanent, Unauthorized
from connector.clock import Clock, new_id
from connector.errors import KeyMissing, StoreDown
from connector.log import get_logger
from connector.metrics import Metrics
from connector.services.channels import NotifierFor
from connector.services.delivery import Delivery, Round, Way
from connector.services.patience import LAST_TRIES, REST, TRIES, wait_after
from connector.store import Store
from connector.store.channels import Channel
from connector.store.notifications import DueNotification

log = get_logger(__name__)

AT_A_TIME = 50

NO_CHANNEL_WAIT = timedelta(minutes=10)
STALE = timedelta(days=1)
"""A message that found no channel that works for so long is not sent any more."""


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
        self._lease = lease
        self._delivery = Delivery(store, clock=clock, metrics=metrics, lease=lease)

    def run(self) -> int:
        """Send everything that is due; return how many messages were taken up."""
        taken = 0
        fault: Exception | None = None
        stalled: set[str] = set()
        while True:
            lease = new_id()
            now = self._clock.now()
            with self._store.begin() as tx:
                due = tx.notifications.claim(
                    lease=lease, now=now, until=now + self._lease, limit=AT_A_TIME
                )
                channels = [one for one in tx.channels.all() if one.is_enabled]
                people = tx.people.find_all({one.message.to for one in due})
            if not due:
                break
            round_ = Round(lease, tuple(self._open(channels)), people, stalled)
            for one in due:
                try:
                    self._take(one, round_)
                except StoreDown:
                    raise
                except Exception as error:  # noqa: BLE001 - raised when others are sent
                    fault = fault or error
                    self._put_aside(one, lease, error)
            taken += len(due)
        if fault is not None:
            raise fault
        return taken

    def _open(self, channels: list[Channel]) -> Iterator[Way]:
        """Yield the channels that can be used; tell the admin of the others."""
        for channel in channels:
            try:
                yield Way(channel.name, channel.kind, self._notifier_for(channel))
            except (KeyMissing, Permanent) as error:
                self._tell_unusable(channel.name, error)

    def _take(self, due: DueNotification, round_: Round) -> None:
        if due.settled_at is not None:
            self._delivery.settle(due, round_)
        elif round_.ways or self._is_stale(due):
            self._send(due, round_)
        else:
            self._wait_for_channel(due, round_)

    def _send(self, due: DueNotification, round_: Round) -> None:
        failures: list[OutsideError] = []
        is_resting = False
        left = _left(due, round_.ways)
        for way in left:
            if way.name in round_.stalled:
                is_resting = True
                if due.is_doubtful and due.channel == way.name:
                    # It may be there: going on could tell twice.
                    break
                continue
            failure = self._delivery.attempt(due, way, round_, is_last=way is left[-1])
            if failure is None:
                return
            if isinstance(failure, Unauthorized | Forbidden):
                self._tell_unusable(way.name, failure)
            failures.append(failure)
        why = str(failures[-1]) if failures else "There is no channel."
        is_broken = any(isinstance(one, Unauthorized | Forbidden) for one in failures)
        if is_resting and not failures:
            self._delivery.postpone(due, round_, REST, "The channel does not answer.")
        elif is_resting:
            self._start_over(due, round_, REST, why)
        elif is_broken and not self._is_stale(due):
            # Whoever mends the channel need not have its messages lost.
            self._start_over(due, round_, NO_CHANNEL_WAIT, why)
        else:
            self._fail(due, round_, why)

    def _is_stale(self, due: DueNotification) -> bool:
        return self._clock.now() - due.planned_at >= STALE

    def _start_over(
        self, due: DueNotification, round_: Round, wait: timedelta, error: str
    ) -> None:
        with self._store.begin() as tx:
            tx.notifications.start_over_at(
                due.id,
                lease=round_.lease,
                due_at=self._clock.now() + wait,
                error=error,
            )

    def _wait_for_channel(self, due: DueNotification, round_: Round) -> None:
        error = "There is no channel that can be used."
        self._delivery.postpone(due, round_, NO_CHANNEL_WAIT, error)
        self._tell(
            "channels",
            code="no_channel",
            message=(
                f"Messages wait, because nobody can be reached. {error} Add one with"
                " `slagboom channels add`, or use one again that is off with"
                " `slagboom channels enable`."
            ),
        )

    def _fail(self, due: DueNotification, round_: Round, error: str) -> None:
        with self._store.begin() as tx:
            is_ours = tx.notifications.mark_failed(
                due.id, lease=round_.lease, error=error
            )
        if is_ours:
            self._tell(
                "messages",
                code="messages_failed",
                message=(
                    f"A message to {due.message.to} could not be delivered by any"
                    f" channel. The last one said: {error}"
                ),
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

    def _tell_unusable(self, name: str, error: Exception) -> None:
        self._tell(
            f"channel/{name}",
            code="channel_unusable",
            message=f"The channel {name} cannot be used: {error}",
        )

    def _tell(self, key: str, *, code: str, message: str) -> None:
        with self._store.begin() as tx:
            tx.notices.tell(key, code=code, message=message, now=self._clock.now())


def _left(due: DueNotification, ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Return the channels that have not failed this message yet."""
    names = [way.name for way in ways]
    if due.channel not in names:
        return ways
    place = names.index(due.channel)
    is_last = place == len(ways) - 1
    is_spent = due.tries >= TRIES and not due.is_doubtful and not is_last
    return ways[place + 1 :] if is_spent else ways[place:]
