"""Counters that all processes share, and the page that a scraper reads.

The counts live in one Redis hash, so nothing is lost when a process ends and nothing
has to be gathered from files. They are figures for people: when Redis is away they are
dropped, and nothing else notices.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import cast

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis import Redis
from redis.exceptions import RedisError

HASH = "slagboom:metrics"

_PAIR = "\x1f"
_BETWEEN = "\x1e"


class Counter(Enum):
    """What is counted: name, labels, and what a person reads about it."""

    DELIVERIES = (
        "deliveries",
        ("vendor", "answer"),
        "Webhook deliveries by answer (accepted, or why refused).",
    )
    DELIVERIES_DEAD = (
        "deliveries_dead",
        ("reason",),
        "Stored deliveries that could not be understood and were put aside.",
    )
    RECORDS_JUDGED = (
        "records_judged",
        (),
        "Records that were read from a CRM and judged.",
    )
    INTERVENTIONS = (
        "interventions",
        ("state",),
        "Interventions that ended, by how (done, refused, ...).",
    )
    CRM_FAILURES = (
        "crm_failures",
        ("kind",),
        "Failures of a CRM that ended a unit of work, by kind.",
    )
    NOTIFICATIONS = (
        "notifications",
        ("channel", "outcome"),
        "Messages to people, by channel and outcome.",
    )
    JOBS = (
        "jobs",
        ("job", "outcome"),
        "Queued jobs that ran, by outcome (done, failed, refused).",
    )

    def __init__(self, label: str, labels: tuple[str, ...], help_text: str) -> None:
        """Spread the declaration over attributes."""
        self.metric = f"slagboom_{label}_total"
        self.labels = labels
        self.help_text = help_text


class Gauge(Enum):
    """What is measured at the moment of the scrape, from the store and from Redis."""

    DELIVERIES_WAITING = (
        "deliveries_waiting",
        (),
        "Stored deliveries that have not been taken apart yet.",
    )
    DELIVERIES_OLDEST_SECONDS = (
        "deliveries_oldest_seconds",
        (),
        "Age of the oldest of them.",
    )
    RECORDS_DUE = ("records_due", (), "Records that are due for a look.")
    INTERVENTIONS_PLANNED = (
        "interventions_planned",
        (),
        "Interventions that are planned and not carried out yet.",
    )
    NOTIFICATIONS_WAITING = (
        "notifications_waiting",
        (),
        "Messages to people that have not been sent yet.",
    )
    CLOCKS_DUE = ("clocks_due", (), "Follow-up clocks that are due.")
    VIOLATIONS_OPEN = ("violations_open", ("process",), "Open violations.")
    HOLDS_OPEN = ("holds_open", (), "Moves that wait for something missing.")
    STREAMS_QUIET_SECONDS = (
        "streams_quiet_seconds",
        (),
        "Time since the quietest stream of changes gave a sign of life.",
    )
    CONNECTIONS = (
        "connections",
        ("state",),
        "Connected accounts by state (working, failing, paused).",
    )
    QUEUE_LENGTH = ("queue_length", (), "Hints that wait for a worker.")
    WORKERS = ("workers", (), "Workers that are alive.")
    UP = ("up", ("server",), "1 if the server (database, redis) answers, else 0.")

    def __init__(self, label: str, labels: tuple[str, ...], help_text: str) -> None:
        """Spread the declaration over attributes."""
        self.metric = f"slagboom_{label}"
        self.labels = labels
        self.help_text = help_text


Readings = Mapping[Gauge, float | Mapping[tuple[str, ...], float]]
"""A figure for each gauge, or one for each combination of its labels' values."""


class Metrics:
    """Counts events and renders the page of figures."""

    def __init__(self, redis: Redis) -> None:
        """Keep the counts in `redis`."""
        self._redis = redis

    def count(self, counter: Counter, *, by: int = 1, **labels: str) -> None:
        """Add `by` to the counter with exactly its declared labels.

        Never raises for Redis' sake; raises ValueError for other labels than declared.
        """
        if set(labels) != set(counter.labels):
            raise ValueError(f"{counter.name} has the labels {counter.labels}.")
        if not by:
            return
        try:
            self._redis.hincrby(HASH, _to_field(counter, labels), by)
        except RedisError:
            return

    def counts(self) -> dict[Counter, dict[tuple[str, ...], int]]:
        """Return all counts by the values of their labels; empty if Redis is away."""
        try:
            stored = cast("dict[bytes | str, bytes]", self._redis.hgetall(HASH))
        except RedisError:
            return {}
        found: dict[Counter, dict[tuple[str, ...], int]] = {}
        for field, value in stored.items():
            name = field.decode() if isinstance(field, bytes) else field
            if (known := _from_field(name)) is not None:
                counter, labels = known
                found.setdefault(counter, {})[labels] = int(value)
        return found

    def render(self, gauges: Readings) -> bytes:
        """Return the page in Prometheus' text format: all counters and `gauges`."""
        registry = CollectorRegistry()
        registry.register(_Snapshot(self.counts(), gauges))
        return generate_latest(registry)


class _Snapshot:
    """A collector (prometheus_client's word) of figures taken at one moment."""

    def __init__(
        self,
        counts: Mapping[Counter, Mapping[tuple[str, ...], int]],
        gauges: Readings,
    ) -> None:
        self._counts = counts
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        """Return one family for each counter and for each gauge that was read."""
        for counter in Counter:
            counts = CounterMetricFamily(
                counter.metric, counter.help_text, labels=counter.labels
            )
            found = self._counts.get(counter, {})
            for labels, count in sorted(found.items()):
                counts.add_metric(labels, count)
            if not counter.labels and not found:
                counts.add_metric((), 0)
            yield counts
        yield from self._gauge_families()

    def _gauge_families(self) -> Iterator[Metric]:
        for gauge, reading in self._gauges.items():
            family = GaugeMetricFamily(
                gauge.metric, gauge.help_text, labels=gauge.labels
            )
            parts = reading if isinstance(reading, Mapping) else {(): reading}
            for labels, value in sorted(parts.items()):
                family.add_metric(labels, value)
            yield family


def _to_field(counter: Counter, labels: Mapping[str, str]) -> str:
    values = [labels[name] for name in counter.labels]
    return counter.metric + (_PAIR + _BETWEEN.join(values) if values else "")


def _from_field(field: str) -> tuple[Counter, tuple[str, ...]] | None:
    """Return what a field counts; None for what another version has left there."""
    metric, _, rest = field.partition(_PAIR)
    values = tuple(rest.split(_BETWEEN)) if rest else ()
    for counter in Counter:
        if counter.metric == metric and len(counter.labels) == len(values):
            return counter, values
    return None
