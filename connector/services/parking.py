"""Parking: a record is not followed up until a moment that somebody names.

Its clocks stand still and wake by themselves. How long and how often is limited, for
what is parked again and again is forgotten by another name.
"""

from datetime import datetime, timedelta

from connector.clock import Clock
from connector.errors import ConfigError, SlagboomError
from connector.services.audit import AuditAction
from connector.services.lookup import find_record, reference
from connector.services.policies import Active, Policies
from connector.services.until import read_until
from connector.store import Store, Transaction
from connector.store.baselines import KnownRecord
from connector.store.parks import Park
from rules.policy import Calendar, ParkLimit

COUNTED_WITHIN = timedelta(days=365)
"""How often a record was parked is counted over so long."""


class NotParked(SlagboomError):
    """This record is not parked."""


class Parking:
    """The parked records, as people handle them."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Limit them as the policies in force say."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def park(
        self, record: str, *, until: str, why: str, by: str, author: str
    ) -> tuple[KnownRecord, datetime]:
        """Let a record rest; `by` is who answers for it.

        `until` is as `read_until` takes it. Returns the record and when it wakes.
        Raises ConfigError if it is too long or too often, and as `find_record` does.
        """
        if not why.strip() or not by.strip():
            raise ConfigError("Say why, and who answers for it.")
        now = self._clock.now()
        with self._store.begin() as tx:
            known = find_record(tx, record)
            limit, calendar = self._limit(tx, known)
            wakes_at = read_until(until, calendar, now=now, longest=limit.longest)
            times = tx.parks.count(known.id, since=now - COUNTED_WITHIN)
            if times >= limit.times:
                raise ConfigError(
                    f"{known.record.name} was parked {times} times in a year, and the"
                    f" policy allows {limit.times}. Plan a call, or close it."
                )
            tx.parks.park(
                known.id, until=wakes_at, why=why.strip(), by=by.strip(), now=now
            )
            tx.clocks.wake_of([known.id], now=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.RECORD_PARKED,
                target=reference(known),
                after={"until": wakes_at.isoformat(), "by": by.strip()},
                reason=why.strip(),
                now=now,
            )
        return known, wakes_at

    def end(self, record: str, *, by: str, author: str) -> KnownRecord:
        """Follow a record up again. Raises NotParked, and as `find_record` does."""
        now = self._clock.now()
        with self._store.begin() as tx:
            known = find_record(tx, record)
            if not tx.parks.end(known.id, by=by, now=now):
                raise NotParked(f"{known.record.name} is not parked.")
            tx.clocks.wake_of([known.id], now=now)
            tx.audit.add(
                actor=author,
                action=AuditAction.PARK_ENDED,
                target=reference(known),
                after={"by": by},
                now=now,
            )
        return known

    def latest(self, *, only_parked: bool, limit: int) -> list[Park]:
        """Return parked records, the latest first."""
        with self._store.begin() as tx:
            return tx.parks.latest(
                only_parked=only_parked, now=self._clock.now(), limit=limit
            )

    def _limit(self, tx: Transaction, known: KnownRecord) -> tuple[ParkLimit, Calendar]:
        """Return how far the policies go that follow such records up."""
        kind = known.record.ref.kind
        following: list[Active] = [
            active
            for active in self._policies.active(tx, known.connection_id)
            if any(one.kind is kind for one in active.policy.follow_ups)
        ]
        if not following:
            raise ConfigError(
                f"No policy in force follows up each {kind}, so there is nothing that"
                f" {reference(known)} could be kept from."
            )
        # Where several do, the first by its name speaks.
        policy = following[0].policy
        return policy.park_limit, policy.calendar
