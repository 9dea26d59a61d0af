"""Signed deliveries acknowledged: `ack.py` says how that is measured."""

from collections.abc import Iterator

from tests.bench import ack
from tests.bench.figure import Figure


def measure() -> Iterator[Figure]:
    """Send deliveries; raises ValueError if one is refused."""
    found = ack.run()
    if set(found["statuses"]) - {200, 202} or found["broken"]:
        raise ValueError(f"Not every delivery was taken: {found}")
    answered = f"{found['floor_answers_per_second']:,} bare answers/s"
    yield Figure(
        "deliveries of 100 events acknowledged",
        found["per_second"],
        "/s",
        floor=f"{found['floor_inserts_per_second']:,} inserts/s\n{answered}",
        target=found["target_per_second"],
        is_more_better=True,
    )
    yield Figure(
        "slowest acknowledgement of 99 in 100",
        found["p99_ms"],
        "ms",
        target=found["target_p99_ms"],
    )
    yield Figure("memory of the web process meanwhile", found["peak_megabytes"], "MB")
