"""Sending what people are to be told, once, by the first channel that reaches them.

What fails for a while is tried again a few times, then by the next channel, and by the
last one for hours; what is refused goes to the next one at once. Every attempt is
written down before it is made.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
    REST,
    SLOW,
    TRIES,
    is_worth_waiting,
    wait_after,
)
from connector.store import Store, Transaction
from connector.store.channels import Channel
from connector.store.notifications import AttemptResult, DueNotification
from connector.store.people import Person

log = get_logger(__name__)

NotifierFor = Callable[[Channel], Notifier]

AT_A_TIME = 50

NO_CHANNEL_WAIT = timedelta(minutes=10)
STALE = timedelta(days=1)
"""A message that found no channel that works for so long is not sent any more."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A channel that can be used in this run."""

    name: str
    kind: str
    notifier: Notifier


@dataclass(frozen=True, slots=True)
class _Round:
    """What one worker has in hand.

    `people` are by address. `stalled` are channels that failed slowly in this run: they
    get a rest, or they would hold up everybody's messages.
    """

    lease: str
    ways: tuple[_Way, ...]
    people: Mapping[str, Person]
    stalled: set[str]

    def addressed(self, message: Message, way: _Way) -> Message:
        """Return the message with the person's own handle on a channel, if we know."""
        person = self.people.get(message.to.strip().lower())
        handle = None if person is None else person.handle_on(way.kind)
        return replace(message, to=handle) if handle else message


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
            round_ = _Round(lease, tuple(self._open(channels)), people, stalled)
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

    def _open(self, channels: list[Channel]) -> Iterator[_Way]:
        """Yield the channels that can be used; tell the admin of the others."""
        for channel in channels:
            try:
                yield _Way(channel.name, channel.kind, self._notifier_for(channel))
            except (KeyMissing, Permanent) as error:
                self._tell_unusable(channel.name, error)

    def _take(self, due: DueNotification, round_: _Round) -> None:
        if due.settled_at is not None:
            self._settle(due, round_)
        elif round_.ways or self._is_stale(due):
            self._send(due, round_)
        else:
            self._wait_for_channel(due, round_)

    def _send(self, due: DueNotification, round_: _Round) -> None:
        failures: list[OutsideError] = []
        left = _left(due, round_.ways)
        for way in left:
            if way.name in round_.stalled:
                if due.is_doubtful and due.channel == way.name:
                    # It may be there: going on could tell twice.
                    break
                continue
            failure = self._try(due, way, round_, is_last=way is left[-1])
            if failure is None:
                return
            if isinstance(failure, Unauthorized | Forbidden):
                self._tell_unusable(way.name, failure)
            failures.append(failure)
        if any(way.name in round_.stalled for way in left[len(failures) :]):
            self._retry(due, round_, REST, "A channel does not answer just now.")
        elif any(isinstance(one, Unauthorized | Forbidden) for one in failures) and (
            not self._is_stale(due)
        ):
            # Whoever mends the channel need not have its messages lost.
            self._start_over(due, round_, str(failures[-1]))
        else:
            why = str(failures[-1]) if failures else "There is no channel."
            self._fail(due, round_, why)

    def _try(
        self, due: DueNotification, way: _Way, round_: _Round, *, is_last: bool
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
        return self._attempt(due, message, way, round_, tries=tries, is_last=is_last)

    def _attempt(
        self,
        due: DueNotification,
        message: Message,
        way: _Way,
        round_: _Round,
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

    def _note_pace(self, way: _Way, round_: _Round, began_at: datetime) -> None:
        if self._clock.now() - began_at >= SLOW:
            round_.stalled.add(way.name)

    def _mark_sent(
        self,
        tx: Transaction,
        due: DueNotification,
        way: _Way,
        round_: _Round,
        sent: Sent,
    ) -> None:
        now = self._clock.now()
        tx.notifications.mark_sent(
            due.id, lease=round_.lease, reference=sent.reference, now=now
        )
        tx.notices.resolve(f"channel/{way.name}", now=now)
        tx.notices.resolve("channels", now=now)

    def _settle(self, due: DueNotification, round_: _Round) -> None:
        """Have what was sent say that its matter is over; what was not stays unsent."""
        way = next((one for one in round_.ways if one.name == due.channel), None)
        if way is not None and way.name in round_.stalled:
            self._retry(due, round_, REST, "The channel does not answer just now.")
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

    def _correct(
        self, due: DueNotification, settled: Message, way: _Way, round_: _Round
    ) -> None:
        sent: Sent | None = None
        if due.is_sent:
            sent = Sent(due.reference)
        elif due.is_doubtful:
            sent = way.notifier.find(round_.addressed(due.message, way))
        if sent is not None:
            way.notifier.update(sent, settled)

    def _is_stale(self, due: DueNotification) -> bool:
        return self._clock.now() - due.planned_at >= STALE

    def _retry(
        self, due: DueNotification, round_: _Round, wait: timedelta, error: str
    ) -> None:
        with self._store.begin() as tx:
            tx.notifications.retry_at(
                due.id,
                lease=round_.lease,
                due_at=self._clock.now() + wait,
                error=error,
            )

    def _retry_counted(
        self, due: DueNotification, round_: _Round, wait: timedelta, error: str
    ) -> None:
        with self._store.begin() as tx:
            tx.notifications.retry_counted_at(
                due.id,
                lease=round_.lease,
                due_at=self._clock.now() + wait,
                error=error,
            )

    def _start_over(self, due: DueNotification, round_: _Round, error: str) -> None:
        with self._store.begin() as tx:
            tx.notifications.start_over_at(
                due.id,
                lease=round_.lease,
                due_at=self._clock.now() + NO_CHANNEL_WAIT,
                error=error,
            )

    def _wait_for_channel(self, due: DueNotification, round_: _Round) -> None:
        error = "There is no channel that can be used."
        self._retry(due, round_, NO_CHANNEL_WAIT, error)
        self._tell(
            "channels",
            code="no_channel",
            message=(
                f"Messages wait, because nobody can be reached. {error} Add one with"
                " `slagboom channels add`."
            ),
        )

    def _fail(self, due: DueNotification, round_: _Round, error: str) -> None:
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


def _left(due: DueNotification, ways: tuple[_Way, ...]) -> tuple[_Way, ...]:
    """Return the channels that have not failed this message yet."""
    names = [way.name for way in ways]
    if due.channel not in names:
        return ways
    place = names.index(due.channel)
    is_last = place == len(ways) - 1
    is_spent = due.tries >= TRIES and not due.is_doubtful and not is_last
    return ways[place + 1 :] if is_spent else ways[place:]


def _to_result(failure: OutsideError | None) -> AttemptResult:
    if failure is None:
        return AttemptResult.SENT
    if isinstance(failure, Unanswered):
        return AttemptResult.UNANSWERED
    if isinstance(failure, Transient):
        return AttemptResult.TRANSIENT
    return AttemptResult.PERMANENT
