"""Acknowledging: who has seen a matter is left alone with it for a while.

Seen is not done: the clock waits for as long as the policy says, and then its ladder
goes on. How often is limited, for what is only ever seen is forgotten all the same.
"""

from datetime import datetime

from connector.clock import Clock
from connector.errors import ConfigError
from connector.services.audit import AuditAction
from connector.services.policies import Policies
from connector.store import Store
from connector.store.acknowledgements import Acknowledged
from rules.calendar import add


class Acknowledging:
    """What people say of follow-ups: that they have seen them."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Limit it as the policies in force say."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def see(
        self, clock_id: int, *, by: str, author: str
    ) -> tuple[Acknowledged, datetime]:
        """Have a follow-up wait, for `by` has seen it; return it and until when.

        Raises ConfigError if none with this id runs, or if it was seen too often.
        """
        if not by.strip():
            raise ConfigError("Say who has seen it.")
        now = self._clock.now()
        with self._store.begin() as tx:
            found = tx.acknowledgements.find(clock_id)
            active = None
            if found is not None:
                active = self._policies.of_process(
                    tx, found.connection_id, found.process_id
                )
            if found is None or active is None:
                raise ConfigError(
                    f"No follow-up with the id {clock_id} runs. See them with"
                    " `slagboom follow-ups`."
                )
            policy = active.policy
            limit = policy.seen_limit
            if found.times >= limit.times:
                raise ConfigError(
                    f"{found.record} was seen {found.times} times before, and the"
                    f" policy allows {limit.times}. Do what is asked, plan it, or park"
                    " the record."
                )
            until = add(now, limit.lasts, policy.calendar)
            tx.acknowledgements.add(clock_id, until=until, by=by.strip())
            tx.audit.add(
                actor=author,
                action=AuditAction.FOLLOW_UP_SEEN,
                target=f"follow-up:{clock_id}",
                after={"until": until.isoformat(), "by": by.strip()},
                now=now,
            )
        return found, until
