"""Whether this installation is fit to work, and its figures for a scraper."""

from datetime import datetime
from typing import Protocol

from connector.clock import Clock
from connector.errors import StoreDown
from connector.metrics import Gauge, Metrics, Readings
from connector.store import Store
from connector.store.health import Figures

_NAMED = 5


class Hints(Protocol):
    """The queue, as far as its health goes; None: Redis cannot be reached."""

    def count_waiting(self) -> int | None:
        """Return how many hints wait for a worker."""
        ...

    def count_workers(self) -> int | None:
        """Return how many workers are alive."""
        ...

    def answers(self) -> bool:
        """Say whether Redis can be reached."""
        ...


class Vitals:
    """Asks the database and Redis how they are. Safe to use from several threads."""

    def __init__(
        self, store: Store, *, queue: Hints, metrics: Metrics, clock: Clock
    ) -> None:
        """Ask `store` and `queue`; the counts are those of `metrics`."""
        self._store = store
        self._queue = queue
        self._metrics = metrics
        self._clock = clock

    def obstacles(self) -> list[str]:
        """Return why no delivery can be stored now, as sentences; empty if it can."""
        try:
            with self._store.begin() as tx:
                lacking = tx.health.lacks()
        except StoreDown as error:
            return [str(error)]
        if not lacking:
            return []
        named = ", ".join(lacking[:_NAMED])
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        return [
            (
                f"The database does not fit this version of Slagboom: it lacks {named}"
                f"{more}. Run `python -m connector.store.migrate`."
            )
        ]

    def limitations(self) -> list[str]:
        """Return what does not work though deliveries are taken, as sentences."""
        if self._queue.answers():
            return []
        return [
            (
                "Redis cannot be reached. Deliveries are still taken and kept, but the"
                " workers do not hear of them. Check that the server of REDIS_URL runs."
            )
        ]

    def exposition(self) -> bytes:
        """Return all counts and present figures in Prometheus' text format.

        What cannot be asked is left out, and `slagboom_up` says so.
        """
        now = self._clock.now()
        try:
            with self._store.begin() as tx:
                readings = dict(_read(tx.health.figures(now), now))
        except StoreDown:
            readings = {}
        waiting = self._queue.count_waiting()
        workers = self._queue.count_workers()
        if waiting is not None:
            readings[Gauge.QUEUE_LENGTH] = waiting
        if workers is not None:
            readings[Gauge.WORKERS] = workers
        readings[Gauge.UP] = {
            ("database",): float(Gauge.RECORDS_DUE in readings),
            ("redis",): float(waiting is not None),
        }
        return self._metrics.render(readings)


def _read(figures: Figures, now: datetime) -> Readings:
    return {
        Gauge.DELIVERIES_WAITING: figures.deliveries_waiting,
        Gauge.DELIVERIES_OLDEST_SECONDS: _age(figures.deliveries_oldest_at, now),
        Gauge.STREAMS_QUIET_SECONDS: _age(figures.streams_quiet_at, now),
        Gauge.RECORDS_DUE: figures.records_due,
        Gauge.INTERVENTIONS_PLANNED: figures.interventions_planned,
        Gauge.NOTIFICATIONS_WAITING: figures.notifications_waiting,
        Gauge.CLOCKS_DUE: figures.clocks_due,
        Gauge.HOLDS_OPEN: figures.holds_open,
        Gauge.VIOLATIONS_OPEN: {
            (process,): count for process, count in figures.violations_open.items()
        },
        Gauge.CONNECTIONS: {
            (state,): count for state, count in figures.connections.items()
        },
    }


def _age(at: datetime | None, now: datetime) -> float:
    """Return the seconds since then, 0 if there is nothing."""
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())
