"""The daily round: what has become false, or was met, without anybody editing it.

It judges from what is known, without asking the CRM, and has a look at the records that
give reason to; the look reads and judges them afresh, as after any hint. So a fault of
time is reported by the same judge, and once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from connector.clock import Clock
from connector.log import get_logger
from connector.services.pausing import is_paused
from connector.services.policies import Active, Policies
from connector.services.standing import powers_of, with_pause
from connector.services.texts import counted_fields, held_texts
from connector.store import Store, Transaction
from connector.store.daily import DueRound
from rules.calendar import next_day_at
from rules.model import Change, Record
from rules.policy import Calendar, Policy, Stage
from rules.standing import KEPT, may_fail, stages_with_time, untold

log = get_logger(__name__)

AT_A_TIME = 500
"""Records of one page, which is one transaction."""

PACE = timedelta(seconds=10)
"""How much later each further page of looks is due: people's moves do not wait."""


class Daily:
    """Makes the rounds that are due. Several may work side by side."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        """Judge by `policies`."""
        self._store = store
        self._policies = policies
        self._clock = clock

    def run(self) -> int:
        """Make every round that is due; return how many records are to be looked at."""
        hinted = 0
        while (more := self._page_after(hinted)) is not None:
            hinted += more
        if hinted:
            log.info("records.lapsed", records=hinted)
        return hinted

    def _page_after(self, hinted: int) -> int | None:
        return self._store.run(lambda tx: self._page(tx, hinted))

    def _page(self, tx: Transaction, hinted: int) -> int | None:
        """Do one page of a round, after so many looks; None if there is none to do."""
        now = self._clock.now()
        due = tx.daily.take(now)
        if due is None:
            return None
        active = self._policies.of_process(tx, due.connection_id, due.process_id)
        if active is None:
            tx.daily.end(due.process_id, next_at=next_day_at(now, Calendar()))
            return 0
        wake: list[int] = []
        if not due.after:
            # What stands against the policy may be met by now.
            wake = tx.violations.kept_open(due.process_id, kinds=KEPT)
        wake += self._find_lapsed(tx, due, active, now)
        for start in range(0, len(wake), AT_A_TIME):
            due_at = now + PACE * ((hinted + start) // AT_A_TIME)
            tx.records.hint(wake[start : start + AT_A_TIME], due_at=due_at)
        return len(wake)

    def _find_lapsed(
        self, tx: Transaction, due: DueRound, active: Active, now: datetime
    ) -> list[int]:
        """Return those of a page of records that time may have made wrong."""
        policy = active.policy
        found = tx.baselines.standing_in(
            due.connection_id,
            policy.kind,
            [stage.id for stage in _stages_to_see(policy)],
            after=due.after,
            limit=AT_A_TIME,
        )
        connection = tx.connections.get(due.connection_id)
        in_pause = is_paused(tx, connection, due.process_id)
        standing = tx.violations.open_of([row_id for row_id, _ in found])
        lapsed = [
            row_id
            for row_id, record in found
            if untold(
                with_pause(may_fail(policy, record, now), is_paused=in_pause),
                powers_of(standing.get(row_id, ()), due.process_id),
            )
        ]
        if policy.placeholders.counts:
            _count(tx, due, policy, found)
        if len(found) < AT_A_TIME:
            if policy.placeholders.counts:
                tx.texts.measure(due.connection_id, policy.kind)
            tx.daily.end(due.process_id, next_at=next_day_at(now, policy.calendar))
        else:
            tx.daily.go_on(due.process_id, after=found[-1][0])
        return lapsed


def _stages_to_see(policy: Policy) -> Sequence[Stage]:
    return policy.stages if policy.placeholders.counts else stages_with_time(policy)


def _count(
    tx: Transaction,
    due: DueRound,
    policy: Policy,
    found: Sequence[tuple[int, Record]],
) -> None:
    """Note the texts of records that were known before anybody counted them."""
    fields = counted_fields([policy])
    tx.texts.keep(
        due.connection_id,
        [
            text
            for row_id, record in found
            for text in held_texts(row_id, Change(record, record), record, fields)
        ],
    )
