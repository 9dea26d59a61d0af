"""Reading policy documents for commands."""

from pathlib import Path

import click

from connector.cli.ending import Ending
from connector.cli.session import opened
from connector.clock import SystemClock
from connector.errors import ConfigError
from rules.document import Document, DocumentInvalid, compile_policy, parse
from rules.policy import Policy

MOST_BYTES = 1_000_000

document_file = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


def read(file: Path) -> str:
    """Return a file's text; raises ConfigError."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{file} is larger than a policy can be (1 MB).")
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}).") from None


def refuse(file: Path, error: DocumentInvalid) -> Ending:
    """Print every fault of a file."""
    for problem in error.problems:
        click.echo(f"{file}:{problem}", err=True)
    return Ending.FOUND


def draft(text: str, *, is_offline: bool) -> tuple[Document, Policy, bool]:
    """Return a document, the policy that it is, and whether it was ever in force.

    Raises DocumentInvalid, and without `is_offline` what asking the account raises.
    """
    document = parse(text)
    if is_offline:
        now = SystemClock().now()
        return document, compile_policy(document, None, published_on=now), True
    with opened() as app:
        connection = app.accounts.find(document.connection)
        found = app.policies.draft(text, connection)
        with app.store.begin() as tx:
            first = tx.processes.first_effective_at(connection.id, document.process)
    return document, found, first is not None
