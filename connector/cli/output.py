"""Printing: tables for people, JSON for scripts, progress on what takes long."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import click

from connector.services.progress import Progress, silent

Row = TypeVar("Row")

_COMMANDS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
"""What a terminal obeys instead of showing it."""
_STAND_IN = "\N{REPLACEMENT CHARACTER}"

as_json = click.option(
    "--json", "is_json", is_flag=True, help="Print JSON instead of a table."
)


def say(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text, whoever wrote it: a terminal shows it and does nothing else.

    To standard error with `err`, and without the end of its line unless `nl`.
    """
    click.echo(_tamed(str(text)), err=err, nl=nl)  # noqa: TID251 - the one place


def show(
    rows: Sequence[Row],
    columns: Mapping[str, Callable[[Row], object]],
    *,
    is_json: bool,
    empty: str,
) -> None:
    """Print rows as a table with these columns, or all their fields as JSON."""
    if is_json:
        say(json.dumps([to_plain(row) for row in rows], indent=2))
        return
    if not rows:
        say(empty)
        return
    # It takes a while to load, and JSON does without it.
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(to_text(cell(row))) for cell in columns.values()))
    _console().print(table)


def to_plain(value: Any) -> Any:
    """Return a value as JSON has it; secrets and raw bytes are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        return to_plain(asdict(value))
    if isinstance(value, Mapping):
        return {
            str(key): to_plain(one)
            for key, one in value.items()
            if not isinstance(one, bytes)
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def to_text(value: object) -> str:
    """Return a cell's text; instants with this machine's time zone, to the second."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    return _tamed(str(value))


def _tamed(text: str) -> str:
    return _COMMANDS.sub(_STAND_IN, text)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Show how far something has come, where a person watches.

    Gives a function that is told how much was done, and of how much if that is known.
    """
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_console(is_error=True),
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _console(*, is_error: bool = False) -> Any:
    from rich.console import Console  # noqa: PLC0415

    # Where nobody watches nothing is cut off: a script or a file reads it.
    is_watched = (sys.stderr if is_error else sys.stdout).isatty()
    return Console(stderr=is_error, width=None if is_watched else 240)
