"""How long `slagboom --help` takes, beside a Python that does nothing at all.

The best of several tries: what disturbs a start only ever makes it slower.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.figure import Figure

TRIES = 7
TARGET_SECONDS = 0.4


def measure() -> Iterator[Figure]:
    """Start the command."""
    yield Figure(
        "slagboom --help",
        _best((str(Path(sys.executable).with_name("slagboom")), "--help")),
        "s",
        floor=_best((sys.executable, "-c", "pass")),
        target=TARGET_SECONDS,
    )


def _best(command: Sequence[str]) -> float:
    took = []
    for _ in range(TRIES):
        begun_at = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - begun_at)
    return min(took)
