"""Storms, as people handle them: three answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.ports import Message
from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.pausing import resume_process
from connector.services.permits import find_active
from connector.services.policies import Policies
from connector.store import Store, Transaction
from connector.store.storms import Moved, Storm
from rules.document.problems import listed
from rules.policy import Policy
from rules.wording import storm_settled

MOST_LISTED = 10_000


class NoStorm(ConfigError):
    """Nothing waits for an answer, or it is not clear which storm is meant."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a storm kept from being put back, and the policy that it went against."""

    storm: Storm
    moved: Sequence[Moved]
    policy: Policy


class Storms:
    """The storms that rage, and what people answer."""

    def __init__(
        self, store: Store, policies: Policies, clock: Clock, *, page_url: str = ""
    ) -> None:
        """Word what is settled by the policies in force."""
        self._store = store
        self._policies = policies
        self._clock = clock
        self._page_url = page_url

    def latest(self) -> list[Storm]:
        """Return the storms there were, newest first."""
        with self._store.begin() as tx:
            return tx.storms.latest()

    def permit(self, connection: str | None, *, author: str) -> list[Storm]:
        """Accept what was changed as it stands, and enforce again. Raises NoStorm."""

        def accept(tx: Transaction, storm: Storm, now: datetime) -> None:
            tx.storms.permit(storm.id, now=now)

        return self._end(connection, "permit", accept, author=author)

    def put_back(self, connection: str | None, *, author: str) -> list[Storm]:
        """Have what was changed put back, and enforce again. Raises NoStorm.

        It is done by the workers, in batches, and only where a record still stands as
        the storm left it.
        """

        def order(tx: Transaction, storm: Storm, now: datetime) -> None:
            records = tx.reversals.order_returns(storm.id, by=author, now=now)
            tx.records.hint(records, due_at=now)

        return self._end(connection, "return", order, author=author)

    def look(self, connection: str | None, *, author: str) -> list[Seen]:
        """Go on observing, and return who changed what. Raises NoStorm."""
        now = self._clock.now()
        seen = []
        with self._store.begin() as tx:
            for storm in _raging(tx, connection):
                tx.storms.answer(storm.id, "look", by=author, now=now, is_over=False)
                _note(tx, storm, "look", author, now)
                moved = tx.storms.moved(storm.id, limit=MOST_LISTED)
                seen.append(Seen(storm, moved, self._policy(tx, storm)))
        return seen

    def resume(self, connection_id: int, *, author: str) -> None:
        """End every storm of a connection: what was changed stays as it stands."""
        now = self._clock.now()

        def close(tx: Transaction) -> None:
            for storm in tx.storms.raging(connection_id):
                self._close(tx, storm, "resume", author, now)

        self._store.run(close)

    def _end(
        self,
        connection: str | None,
        answer: str,
        act: Callable[[Transaction, Storm, datetime], None],
        *,
        author: str,
    ) -> list[Storm]:
        now = self._clock.now()

        def end(tx: Transaction) -> list[Storm]:
            storms = _raging(tx, connection)
            for storm in storms:
                act(tx, storm, now)
                self._close(tx, storm, answer, author, now)
            return storms

        # Again where it met with a worker that judges the same records.
        return self._store.run(end)

    def _close(
        self, tx: Transaction, storm: Storm, answer: str, author: str, now: datetime
    ) -> None:
        tx.storms.answer(storm.id, answer, by=author, now=now, is_over=True)
        connection = tx.connections.get(storm.connection_id)
        resume_process(tx, connection, storm.process_id, now)
        tx.notices.resolve(f"storm/{storm.process_id}", now=now)
        _note(tx, storm, answer, author, now)
        self._settle_message(tx, storm, answer, author, now)

    def _settle_message(
        self, tx: Transaction, storm: Storm, answer: str, author: str, now: datetime
    ) -> None:
        told = tx.notifications.unsettled_with(f"storm-{storm.id}")
        if told is None:
            return
        policy = self._policy(tx, storm)
        person = tx.people.find(told.person)
        text = storm_settled(
            policy,
            answer=answer,
            person=author,
            locale=(person and person.locale) or policy.locale,
        )
        message = Message(
            key=told.key,
            to=told.person,
            subject=text.subject,
            lines=text.lines,
            link=self._page_url,
            link_text=text.link_text,
            is_settled=True,
            thread=told.key,
        )
        tx.notifications.settle({told.id: message}, now=now)

    def _policy(self, tx: Transaction, storm: Storm) -> Policy:
        return find_active(
            tx, self._policies, storm.process, storm.connection_id
        ).policy


def _raging(tx: Transaction, connection: str | None) -> list[Storm]:
    """Return the storms of one connection that wait for an answer."""
    storms = [one for one in tx.storms.raging() if connection in {None, one.connection}]
    if not storms:
        raise NoStorm("No storm waits for an answer.")
    names = sorted({one.connection for one in storms})
    if len(names) > 1:
        raise NoStorm(
            f"Storms rage on several accounts: {listed(names)}. Name the one you mean."
        )
    return storms


def _note(
    tx: Transaction, storm: Storm, answer: str, author: str, now: datetime
) -> None:
    tx.audit.add(
        actor=author,
        action=AuditAction.STORM_ANSWERED,
        target=f"{storm.connection}/{storm.process}",
        after={"storm": storm.id, "answer": answer, "moved": storm.moved},
        now=now,
    )
