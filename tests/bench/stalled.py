"""How fast deliveries are acknowledged while 40 other clients never finish theirs."""

import contextlib
import socket
from collections.abc import Sequence
from typing import Any

from tests.bench.load import run_load
from tests.bench.receiving import WEB, deliveries, installed

CONNECTIONS = 16
STALLED = 40
SECONDS = 5.0


def run(command: Sequence[str] = WEB, *, seconds: float = SECONDS) -> dict[str, Any]:
    """Measure with half heads and with half bodies; the floor is without either."""
    figures: dict[str, Any] = {"stalled_clients": STALLED}
    with installed() as installation, installation.web(command):
        requests = deliveries(installation)
        half_body = requests[0][: len(requests[0]) // 2]
        for name, start in (
            ("floor", b""),
            ("half_heads", requests[0][:40]),
            ("half_bodies", half_body),
        ):
            with contextlib.ExitStack() as stack:
                for _ in range(STALLED if start else 0):
                    stalled = socket.create_connection(installation.address)
                    stack.enter_context(stalled)
                    stalled.sendall(start)
                measured = run_load(
                    installation.address,
                    requests,
                    connections=CONNECTIONS,
                    seconds=seconds,
                )
            figures[f"{name}_per_second"] = round(measured.rate)
            figures[f"{name}_p99_ms"] = round(measured.percentile(0.99), 1)
    return figures


if __name__ == "__main__":
    for name, figure in run().items():
        print(f"{name:26} {figure}")
