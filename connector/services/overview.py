"""What the first page shows: how it goes, what happened, what is left to set up.

In no language yet; the pages put it into words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connector.clock import Clock
from connector.services.happenings import Happening, told
from connector.services.problems import QUIET, Problem, find_problems
from connector.services.setup import Step, to_steps
from connector.services.vitals import Hints
from connector.store import Store, Transaction
from connector.store.feed import AnswerEntry, MessageEntry, TaskEntry
from connector.store.health import Figures
from connector.store.notices import Notice
from connector.store.setup import Account
from rules.policy import Policy

PolicyOf = Callable[[Transaction, int], Policy]
"""Gives the policy that a published version is."""

SHOWN = 30
"""So many of the latest things that happened are shown."""

NOTICES = 20

Event = Happening | TaskEntry | MessageEntry | AnswerEntry


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment. `events` are newest first.

    `waiting` and `workers` are None while Redis cannot be reached.
    """

    now: datetime
    figures: Figures
    accounts: tuple[Account, ...]
    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]
    notices: tuple[Notice, ...]
    events: tuple[Event, ...]
    waiting: int | None
    workers: int | None

    @property
    def is_well(self) -> bool:
        """Whether nothing asks for the admin's attention."""
        return not self.problems and not self.notices


class Overview:
    """Looks around. Safe to use from several threads."""

    def __init__(
        self, store: Store, *, policy_of: PolicyOf, queue: Hints, clock: Clock
    ) -> None:
        """Read `store`, explain by the policies that `policy_of` gives."""
        self._store = store
        self._policy_of = policy_of
        self._queue = queue
        self._clock = clock

    def look(self) -> Snapshot:
        """Return how things stand; raises StoreDown."""
        now = self._clock.now()
        waiting, workers = self._queue.count_waiting(), self._queue.count_workers()
        with self._store.begin() as tx:
            figures = tx.health.figures(now)
            accounts = tuple(tx.setup.accounts())
            channels = tx.channels.all()
            known = tx.setup.known()
            unheard = tx.streams.unheard(since=now - QUIET)
            notices = tuple(tx.notices.open(limit=NOTICES))
            judged = tx.feed.judged(limit=SHOWN)
            policies = {
                version: self._policy_of(tx, version)
                for version in {entry.process_version_id for entry in judged}
            }
            events: list[Event] = [
                *(told(entry, policies[entry.process_version_id]) for entry in judged),
                *tx.feed.tasks(limit=SHOWN),
                *tx.feed.messages(limit=SHOWN),
                *tx.feed.answers(limit=SHOWN),
            ]
        events.sort(key=lambda event: event.at, reverse=True)
        return Snapshot(
            now=now,
            figures=figures,
            accounts=accounts,
            steps=to_steps(accounts, channels, known),
            problems=find_problems(
                figures,
                accounts,
                channels,
                unheard,
                waiting=waiting,
                workers=workers,
                now=now,
            ),
            notices=notices,
            events=tuple(events[:SHOWN]),
            waiting=waiting,
            workers=workers,
        )
