"""Storms and permits, as people handle them: three answers, and announced imports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.ports import Message
from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.guarding import tell_permit_over
from connector.services.pausing import resume_process
from connector.services.policies import Active, Policies
from connector.services.until import read_until
from connector.store import Store, Transaction
from connector.store.permits import Permit
from connector.store.storms import Moved, Storm
from rules.document.problems import did_you_mean, listed
from rules.model import ActorClass
from rules.policy import Policy
from rules.wording import storm_settled

MOST_LISTED = 10_000
MOST_PERMITTED = 1_000_000


class NoStorm(ConfigError):  # noqa: N818 - named for what is the case
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
        return _active(tx, self._policies, storm.process, storm.connection_id).policy


class Permits:
    """The announced deviations of many records."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Check them against the policies in force."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def grant(
        self,
        process: str,
        *,
        connection: str | None,
        count: int,
        until: str,
        why: str,
        by: str,
        actor: ActorClass | None,
        author: str,
    ) -> Permit:
        """Permit `count` records to deviate until then; `by` is who answers for it.

        `until` is as `read_until` takes it; `actor` limits it to one class of actors.
        Raises ConfigError.
        """
        if not 0 < count <= MOST_PERMITTED:
            raise ConfigError(f"A permit is for 1 to {MOST_PERMITTED} records.")
        now = self._clock.now()
        with self._store.begin() as tx:
            connection_id = None
            if connection is not None:
                found = tx.connections.find(connection)
                if found is None:
                    raise ConfigError(f"There is no connection {connection!r}.")
                connection_id = found.id
            active = _active(tx, self._policies, process, connection_id)
            policy, version = active.policy, active.version
            end = read_until(
                until, policy.calendar, now=now, longest=policy.exemption_longest
            )
            permit_id = tx.permits.grant(
                version.connection_id,
                version.process_id,
                count=count,
                actor=actor,
                until=end,
                why=why.strip(),
                by=by.strip(),
                now=now,
            )
            tx.audit.add(
                actor=author,
                action=AuditAction.PERMIT_GRANTED,
                target=f"{version.connection}/{policy.process}",
                after={
                    "id": permit_id,
                    "records": count,
                    "until": end.isoformat(),
                    "actor": actor,
                    "by": by.strip(),
                },
                reason=why.strip(),
                now=now,
            )
            [permit] = [
                one
                for one in tx.permits.latest(only_holding=True)
                if one.id == permit_id
            ]
        return permit

    def revoke(self, permit_id: int, *, why: str, author: str) -> Permit:
        """End a permit early. Raises ConfigError if none of this id holds."""
        now = self._clock.now()
        with self._store.begin() as tx:
            permit = tx.permits.end(permit_id, why="revoked", now=now)
            if permit is None:
                raise ConfigError(
                    f"No permit with the id {permit_id} holds. See `slagboom permits`."
                )
            tx.audit.add(
                actor=author,
                action=AuditAction.PERMIT_REVOKED,
                target=f"{permit.connection}/{permit.process}",
                before={"id": permit.id, "used": permit.used},
                reason=why,
                now=now,
            )
        return permit

    def latest(self, *, only_holding: bool, limit: int) -> list[Permit]:
        """Return permits, newest first."""
        with self._store.begin() as tx:
            return tx.permits.latest(only_holding=only_holding, limit=limit)

    def end_due(self, tx: Transaction, now: datetime) -> None:
        """End the permits whose time is over, and tell the admin."""
        for permit in tx.permits.end_due(now):
            tell_permit_over(tx, permit, now)


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


def _active(
    tx: Transaction, policies: Policies, process: str, connection_id: int | None
) -> Active:
    current = tx.processes.current(connection_id)
    found = [one for one in current if one.name == process]
    if len(found) == 1:
        return policies.version(tx, found[0].id)
    if found:
        accounts = listed(one.connection for one in found)
        raise ConfigError(
            f"{process!r} is in force on several accounts: {accounts}. Choose one"
            " with --connection."
        )
    names = [one.name for one in current]
    raise ConfigError(
        f"No process {process!r} is in force.{did_you_mean(process, names)}"
        f" There are: {listed(names) or 'none'}."
    )
