"""Enforcement: look at the records that may have changed, judge, plan, have it done.

Events are hints, state is truth: a record is read, compared with the last state that
was accepted, and the difference is judged. A hint that came twice, late, out of order
or from our own write shows no difference, and nothing follows from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.errors import OutsideError
from connector.clock import Clock, new_id
from connector.errors import KeyMissing
from connector.log import get_logger
from connector.memory import give_back
from connector.metrics import Counter, Metrics
from connector.services.act import Act
from connector.services.acted import Acted
from connector.services.episodes import Episode, resume, to_task
from connector.services.hear import BURST, GATHERING, Hear
from connector.services.judging import Findings, find_out
from connector.services.outside import ADMIN_WAIT, note_failure, wait_after
from connector.services.people import People
from connector.services.planning import plan_round
from connector.services.policies import CrmFor, Policies
from connector.services.rounds import Round, prepare
from connector.services.settle import Settling, settle
from connector.services.texts import most_counted
from connector.store import Store, Transaction
from connector.store.connections import Connection
from connector.store.interventions import PlannedIntervention
from connector.store.records import ClaimedRecord
from connector.store.texts import HeldText, Use
from rules.model import FieldName

log = get_logger(__name__)

PATIENCE = 3
"""Looks that may fail before a record is looked at alone, so that it harms no other."""

GIVE_UP = 8
"""Looks that may fail before a record is left until something new is heard of it."""


@dataclass(frozen=True, slots=True)
class LookReport:
    """What came of a call: how many records were looked at, judged and acted on."""

    looked: int = 0
    judged: int = 0
    acted: int = 0

    def __add__(self, other: "LookReport") -> "LookReport":
        """Return both together."""
        return LookReport(
            self.looked + other.looked,
            self.judged + other.judged,
            self.acted + other.acted,
        )


class Enforce:
    """Looks at what is due on a connection. Several may work side by side."""

    def __init__(
        self,
        store: Store,
        *,
        crm_for: CrmFor,
        hear: Hear,
        policies: Policies,
        people: People,
        clock: Clock,
        metrics: Metrics,
        lease: timedelta = timedelta(seconds=60),
        page_url: str = "",
    ) -> None:
        """Hold each record for at most `lease` without a sign of life.

        `page_url` is where people find Slagboom's own page.
        """
        self._store = store
        self._crm_for = crm_for
        self._hear = hear
        self._policies = policies
        self._people = people
        self._clock = clock
        self._metrics = metrics
        self._lease = lease
        self._page_url = page_url

    def look(self, connection_id: int) -> LookReport:
        """Take apart what has come in, and look at every record that is due."""
        with self._store.begin() as tx:
            connection = tx.connections.get(connection_id)
        total = LookReport()
        try:
            self._crm_for(connection)
        except (OutsideError, KeyMissing) as error:
            with self._store.begin() as tx:
                now = self._clock.now()
                note_failure(tx, self._metrics, connection, error, now)
                tx.records.put_off(connection.id, now=now, until=now + ADMIN_WAIT)
            return total
        while True:
            # Again before each round: what came meanwhile fills up its batches.
            self._hear.take_apart(connection)
            report = self._look_at_some(connection)
            if report is None:
                return total
            total += report
            # A round takes megabytes, and the next one must not stand on top of them.
            give_back()

    def _look_at_some(self, connection: Connection) -> LookReport | None:
        lease = new_id()
        crm = self._crm_for(connection)
        claimed = self._claim(connection, lease, at_most=crm.round_size)
        if not claimed:
            return None
        with self._store.begin() as tx:
            round_ = prepare(
                tx,
                self._policies,
                crm,
                connection,
                claimed,
                lease=lease,
                now=self._clock.now(),
            )
        try:
            findings = find_out(
                round_,
                self._clock.now(),
                keep=lambda: self._extend(round_),
                uses_of=lambda asked: self._uses_of(round_, asked),
            )
        except OutsideError as error:
            self._postpone(round_, error)
            return LookReport(looked=len(claimed))
        return self._finish(round_, findings)

    def _claim(
        self, connection: Connection, lease: str, *, at_most: int
    ) -> list[ClaimedRecord]:
        now = self._clock.now()
        with self._store.begin() as tx:
            claimed = tx.records.claim(
                connection.id,
                lease=lease,
                now=now,
                until=now + self._lease,
                limit=at_most,
                patience=PATIENCE,
            )
            if BURST <= len(claimed) < at_most:
                # The rest of a burst comes along, though it is still gathering.
                claimed += tx.records.claim(
                    connection.id,
                    lease=lease,
                    now=now,
                    due_by=now + GATHERING,
                    until=now + self._lease,
                    limit=at_most - len(claimed),
                    patience=PATIENCE,
                )
            hopeless = [one for one in claimed if one.attempts > GIVE_UP]
            if hopeless:
                self._give_up(tx, connection, hopeless, lease)
        return [one for one in claimed if one not in hopeless]

    def _give_up(
        self,
        tx: Transaction,
        connection: Connection,
        hopeless: list[ClaimedRecord],
        lease: str,
    ) -> None:
        """Leave these records alone until something new is heard of them."""
        tx.records.shelve(
            [one.id for one in hopeless],
            lease=lease,
            error=f"It could not be looked at in {GIVE_UP} tries.",
        )
        names = ", ".join(f"{one.ref.kind} {one.ref.id}" for one in hopeless)
        tx.notices.tell(
            f"shelved/{connection.id}",
            code="records_shelved",
            message=(
                f"{connection.name}: {names} could not be looked at in {GIVE_UP} tries"
                " and is left alone until it changes. The log of the worker says why."
            ),
            connection_id=connection.id,
            now=self._clock.now(),
        )

    def _finish(self, round_: Round, findings: Findings) -> LookReport:
        episodes = self._store.run(
            lambda tx: plan_round(
                tx,
                round_,
                findings,
                now=self._clock.now(),
                lease=self._lease,
                page_url=self._page_url,
            )
        )
        episodes += self._without_paused(round_, _resumed(round_, findings))
        acted = self._act(round_, episodes)
        settling = Settling(round_, findings, tuple(episodes), tuple(acted))
        self._store.run(lambda tx: settle(tx, settling, self._clock.now()))
        self._metrics.count(Counter.RECORDS_JUDGED, by=len(findings.judged))
        states = [ended.state.value for one in acted for ended in one.ended]
        for state in sorted(set(states)):
            self._metrics.count(
                Counter.INTERVENTIONS, by=states.count(state), state=state
            )
        report = LookReport(len(round_.claimed), len(findings.judged), len(episodes))
        log.info(
            "records.looked",
            connection=round_.connection.name,
            looked=report.looked,
            judged=report.judged,
            acted=report.acted,
            gone=len(findings.gone),
        )
        return report

    def _without_paused(
        self, round_: Round, episodes: Sequence[Episode]
    ) -> list[Episode]:
        """Give up what was planned before a pause and has not been begun."""
        given_up = {
            episode.claimed.id
            for episode in episodes
            if round_.is_paused(episode.active.version.process_id)
            and not episode.is_begun
        }
        if given_up:
            with self._store.begin() as tx:
                tx.interventions.supersede(
                    given_up,
                    error="Everything was paused before it was done.",
                    now=self._clock.now(),
                )
        return [one for one in episodes if one.claimed.id not in given_up]

    def _act(self, round_: Round, episodes: Sequence[Episode]) -> list[Acted]:
        if not episodes:
            return []
        act = Act(
            round_.crm,
            round_.fields,
            clock=self._clock,
            locale_of=lambda owner, default: self._people.locale_of(
                round_.connection.id, owner, default
            ),
            owners=self._people.names_of(round_.connection.id),
        )
        return act.carry_out(
            episodes,
            still_ours=lambda: self._extend(round_),
            plan_tasks=self._plan_tasks,
        )

    def _plan_tasks(
        self, episodes: Sequence[Episode]
    ) -> Mapping[int, PlannedIntervention]:
        rows = [to_task(episode) for episode in episodes]
        planned = self._store.run(
            lambda tx: tx.interventions.plan(rows, now=self._clock.now())
        )
        return {row.record_id: row for row in planned}

    def _uses_of(
        self, round_: Round, asked: Sequence[HeldText]
    ) -> Mapping[tuple[int, FieldName], Use]:
        """Return where else these texts stand."""
        most = most_counted(active.policy for active in round_.actives)
        with self._store.begin() as tx:
            return tx.texts.uses(round_.connection.id, asked, most=most)

    def _extend(self, round_: Round) -> frozenset[int]:
        """Hold the round's records longer, and return the rows that are still ours."""
        until = self._clock.now() + self._lease
        with self._store.begin() as tx:
            return tx.records.extend(round_.ids, lease=round_.lease, until=until)

    def _postpone(self, round_: Round, error: OutsideError) -> None:
        """Give everything back for later: what fails outside is nobody's violation."""
        now = self._clock.now()
        attempts = min(one.attempts for one in round_.claimed)
        with self._store.begin() as tx:
            tx.records.give_back(
                [one.id for one in round_.claimed],
                lease=round_.lease,
                due_at=now + wait_after(attempts, error),
                error=str(error),
                is_their_fault=False,
            )
            note_failure(tx, self._metrics, round_.connection, error, now)


def _resumed(round_: Round, findings: Findings) -> list[Episode]:
    """Return what an earlier round began and did not end."""
    episodes = []
    for look in findings.looks:
        rows = round_.planned.get(look.claimed.id, ())
        stored = round_.stored.get(rows[0].judgement_id or 0) if rows else None
        if stored is not None:
            active = round_.judged_by[stored.id]
            written = round_.written.get(stored.id)
            episodes.append(resume(look, active, stored, rows, written))
    return episodes
