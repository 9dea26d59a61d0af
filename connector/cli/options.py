"""Command options made from what a vendor needs to know."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from connector.errors import ConfigError
from connector.vendors import Option

MOST_BYTES = 64 * 1024


def add_options(options: tuple[Option, ...]) -> Callable[[Any], Any]:
    """Return a decorator that gives a command these options.

    A secret becomes `--name-file FILE`; it may also stand in a variable.
    """

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            flag = "--" + option.name.replace("_", "-")
            if option.is_secret:
                text = f"{option.help} Read from a file; - is standard input."
                made = click.option(
                    f"{flag}-file",
                    option.name,
                    metavar="FILE",
                    help=f"{text} [or ${to_variable(option)}]",
                )
            else:
                made = click.option(
                    flag,
                    option.name,
                    metavar="TEXT",
                    type=click.Choice(option.choices) if option.choices else str,
                    default=option.default,
                    envvar=to_variable(option),
                    show_default=option.default is not None,
                    required=option.is_required and option.default is None,
                    help=option.help,
                )
            command = made(command)
        return command

    return decorate


def to_variable(option: Option) -> str:
    """Return the name of the variable that may stand for an option."""
    return f"SLAGBOOM_{option.name.upper()}"


def read_secrets(
    options: tuple[Option, ...], given: dict[str, str | None]
) -> dict[str, str | None]:
    """Return what was given, with secrets read from where they are.

    Raises ConfigError if a file cannot be read.
    """
    found = dict(given)
    for option in options:
        if option.is_secret:
            found[option.name] = _read(option, given.get(option.name))
    return found


def _read(option: Option, source: str | None) -> str | None:
    if source is None:
        return os.environ.get(to_variable(option))
    if source == "-":
        return sys.stdin.read(MOST_BYTES).strip()
    path = Path(source).expanduser()
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        flag = f"--{option.name.replace('_', '-')}-file"
        raise ConfigError(
            f"{flag}: {path} cannot be read ({reason}). Name a file that holds the"
            " secret and nothing else, or - for standard input."
        ) from None
    if not text:
        raise ConfigError(f"{path} is empty; it must hold the secret.")
    return text
