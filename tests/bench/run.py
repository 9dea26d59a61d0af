"""All measurements, one after the other, as one table: `make bench`.

`--only burst,latency` makes these alone. A missed target is printed and no failure, for
machines differ; a measurement that cannot be made is one.
"""

import argparse
import importlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.figure import Figure

ROOT = Path(__file__).resolve().parents[2]

MEASUREMENTS = {
    "burst": "a thousand changes at once, of which 300 must go back",
    "latency": "one forbidden move on an idle system",
    "acknowledging": "signed deliveries over 16 connections",
    "memory": "the processes after 10,000 changes",
    "starting": "the command's help",
    "judging": "the judge alone, on one core",
    "diff": "a policy compared with the one in force on 100,000 stored records",
    "daily": "a daily round over 100,000 stored records",
    "clocks": "a thousand clocks that are due, among few and among many",
}
"""Modules of this folder, each with a `measure()` that yields figures."""


def main(words: Sequence[str]) -> None:
    """Measure what the command line asks for, and print the table."""
    parser = argparse.ArgumentParser(description="Measure what Slagboom takes.")
    parser.add_argument(
        "--only", default="", help=f"some of {','.join(MEASUREMENTS)}, with commas"
    )
    only = parser.parse_args(words).only
    chosen = only.split(",") if only else list(MEASUREMENTS)
    for name in chosen:
        if name not in MEASUREMENTS:
            parser.error(f"There is no measurement {name!r}.")
    sys.path.insert(0, str(ROOT))
    load = os.getloadavg()[0]
    _print([figure for name in chosen for figure in _measure(name)])
    print(f"{os.cpu_count()} processors; their load before all this was {load:.1f}.")


def _measure(name: str) -> Iterator["Figure"]:
    print(f"{name}: {MEASUREMENTS[name]} ...", file=sys.stderr, end=" ", flush=True)
    begun_at = time.perf_counter()
    yield from importlib.import_module(f"tests.bench.{name}").measure()
    print(f"{time.perf_counter() - begun_at:.0f} s", file=sys.stderr)


def _print(figures: Sequence["Figure"]) -> None:
    from rich.console import Console  # noqa: PLC0415 - the path must be set first

    from tests.bench.figure import to_table  # noqa: PLC0415

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    console.print(to_table(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
