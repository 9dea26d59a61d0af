"""How fast deliveries of 100 changes are stored durably and acknowledged.

Sixteen connections; the load, the web process and PostgreSQL share the machine. Beside
it stands what PostgreSQL alone takes of the same bodies, a commit for each, and what
the web process answers when there is nothing to check or to store; and what one
delivery takes from beginning to end where it is the only one on its way.
"""

import threading
import time
from typing import Any

import psycopg

from tests.bench.load import Measured, run_load
from tests.bench.receiving import (
    WEB,
    Installation,
    deliveries,
    installed,
    peak_megabytes,
)

CONNECTIONS = 16
SECONDS = 10.0


def run(
    vendor: str = "hubspot",
    command: tuple[str, ...] = WEB,
    *,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Measure with the deliveries of a CRM; return the figures."""
    with installed(vendor) as installation:
        with installation.web(command) as pid:
            requests = deliveries(installation)
            _load(installation, requests, seconds / 5)
            taken = _load(installation, requests, seconds)
            peak = peak_megabytes(pid)
            alone = _load(installation, requests, seconds / 4, connections=1)
            bare = f"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{installation.port}\r\n\r\n"
            answered = _load(installation, [bare.encode()], seconds / 4)
        stored = _insert(installation, seconds / 2)
    return {
        "per_second": round(taken.rate),
        "p50_ms": round(taken.percentile(0.5), 1),
        "p99_ms": round(taken.percentile(0.99), 1),
        "statuses": dict(taken.statuses),
        "broken": taken.broken,
        "alone_ms": round(alone.percentile(0.5), 1),
        "kilobytes": round(sum(map(len, requests)) / len(requests) / 1000),
        "peak_megabytes": round(peak),
        "floor_inserts_per_second": round(stored),
        "floor_answers_per_second": round(answered.rate),
    }


def _load(
    installation: Installation,
    requests: list[bytes],
    seconds: float,
    *,
    connections: int = CONNECTIONS,
) -> Measured:
    return run_load(
        installation.address, requests, connections=connections, seconds=seconds
    )


def _insert(installation: Installation, seconds: float, threads: int = 8) -> float:
    """Return how many bodies a second go into the table, a transaction for each."""
    url = installation.database_url.replace("+psycopg", "", 1)
    stop = threading.Event()
    counts = [0] * threads

    def insert(place: int) -> None:
        body = installation.sender.body(place)
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.is_set():
                connection.execute(
                    "INSERT INTO deliveries (connection_id, received_at, body)"
                    " SELECT id, now(), %s FROM connections",
                    (body,),
                )
                counts[place] += 1

    workers = [threading.Thread(target=insert, args=(n,)) for n in range(threads)]
    begun_at = time.perf_counter()
    for worker in workers:
        worker.start()
    stop.wait(seconds)
    stop.set()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - begun_at)


if __name__ == "__main__":
    for name, figure in run().items():
        print(f"{name:26} {figure}")
