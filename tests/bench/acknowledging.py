"""Deliveries of each CRM acknowledged: `ack.py` says how that is measured."""

from collections.abc import Iterator

from adapters.sandbox.companies import COMPANIES
from connector.vendors import CRMS
from tests.bench import ack
from tests.bench.figure import Figure

PER_SECOND, P99_MS = 300, 100
"""Deliveries a second, and milliseconds for 99 in 100 of them, whoever delivers.

HubSpot gives up after five seconds and Salesforce after sixty.
"""


def measure() -> Iterator[Figure]:
    """Send deliveries; raises ValueError if one is refused."""
    for vendor in COMPANIES:
        yield from _measure(vendor)


def _measure(vendor: str) -> Iterator[Figure]:
    title, found = CRMS[vendor].title, ack.run(vendor)
    if set(found["statuses"]) - {200, 202} or found["broken"]:
        raise ValueError(f"Not every delivery was taken: {found}")
    answered = f"{found['floor_answers_per_second']:,} bare answers/s"
    yield Figure(
        f"{title}: deliveries of 100 changes acknowledged",
        found["per_second"],
        "/s",
        floor=f"{found['floor_inserts_per_second']:,} inserts/s\n{answered}",
        target=PER_SECOND,
        is_more_better=True,
    )
    yield Figure(
        f"{title}: slowest acknowledgement of 99 in 100",
        found["p99_ms"],
        "ms",
        target=P99_MS,
    )
    yield Figure(
        f"{title}: one delivery of 100 changes alone",
        found["alone_ms"],
        "ms",
        remark=f"{found['kilobytes']} kB, answered when all of it is stored",
    )
    yield Figure(
        f"{title}: memory of the web process meanwhile", found["peak_megabytes"], "MB"
    )
