"""Digests: what is beyond a person's messages of a day is told in one message.

It is planned like any other message, under a key of person and day, in the commit that
closes what it tells: whatever dies, everything is told once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.ports import Item, Message
from connector.clock import Clock
from connector.log import get_logger
from connector.services.people import Addressee, People
from connector.services.policies import Policies
from connector.store import Store, Transaction
from connector.store.digests import Waiting
from connector.store.notifications import NewNotification, Purpose, Ration
from rules.digest import digest_at, next_digest_at, own_day
from rules.policy import Policy
from rules.wording import digest_text

log = get_logger(__name__)


def to_ration(to: Addressee, policy: Policy, told_at: datetime) -> Ration:
    """Return how a message of a policy counts for somebody, who is told at a moment."""
    return Ration(
        on=own_day(told_at, to.zone),
        budget=policy.messages_per_day,
        digest_at=digest_at(told_at, policy.calendar, zone=to.zone, quiet=to.quiet),
    )


class Digests:
    """Plans the digests that are due. Several may work side by side."""

    def __init__(
        self, store: Store, *, policies: Policies, people: People, clock: Clock
    ) -> None:
        """Write to people as the policies in force and `people` say."""
        self._store = store
        self._policies = policies
        self._people = people
        self._clock = clock

    def run(self) -> int:
        """Plan a digest for everybody for whom one is due; return how many.

        Who has matters whose clocks have yet to look is told when they have.
        """
        now = self._clock.now()
        with self._store.begin() as tx:
            tx.digests.have_clocks_look(now=now)
            people = tx.digests.due_people(now)
        return sum(self._plan(person) for person in people)

    def _plan(self, person: str) -> bool:
        now = self._clock.now()
        with self._store.begin() as tx:
            waiting = tx.digests.take(person, now=now)
            policies = self._policies_of(tx, waiting)
            told = [
                one for one in waiting if one.is_open and one.process_id in policies
            ]
            needless = {one.id for one in waiting} - {one.id for one in told}
            if not told:
                tx.digests.close((), needless)
                return False
            policy = policies[told[0].process_id]
            to = self._people.addressee(tx, told[0].connection_id, person, policy)
            # Of several messages about one matter the last says how it stands.
            matters = {one.clock_id: one.message for one in told}
            digest = _digest(to, list(matters.values()), now)
            is_first = tx.notifications.plan(
                [NewNotification(digest, Purpose.DIGEST, due_at=to.told_at(now))],
                now=now,
            )
            ids = [one.id for one in told]
            if is_first:
                tx.digests.close(ids, needless)
            else:
                tx.digests.close((), needless)
                until = next_digest_at(
                    now, policy.calendar, zone=to.zone, quiet=to.quiet
                )
                tx.digests.put_off(ids, until=until)
        log.info("digest.planned", matters=len(matters), is_first=bool(is_first))
        return bool(is_first)

    def _policies_of(
        self, tx: Transaction, waiting: Sequence[Waiting]
    ) -> Mapping[int, Policy]:
        """Return the policies in force behind what waits, by process."""
        return {
            active.version.process_id: active.policy
            for connection_id in sorted({one.connection_id for one in waiting})
            for active in self._policies.active(tx, connection_id)
        }


def _digest(to: Addressee, matters: Sequence[Message], now: datetime) -> Message:
    text = digest_text(len(matters), locale=to.locale, zone=to.zone)
    return Message(
        key=f"digest-{to.email}-{own_day(now, to.zone)}",
        to=to.email,
        subject=text.subject,
        lines=text.lines,
        items=tuple(Item(one.subject, one.link) for one in matters),
    )
