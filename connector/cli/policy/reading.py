"""Reading policy documents for commands."""

from dataclasses import dataclass
from pathlib import Path

import click

from connector.bootstrap import Application
from connector.cli.output import say
from connector.cli.session import opened
from connector.clock import SystemClock
from connector.errors import ConfigError, Ending
from connector.store.connections import Connection
from rules.document import Document, DocumentInvalid, compile_policy, parse
from rules.lint import InForce
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
        say(f"{file}:{problem}", err=True)
    return Ending.FOUND


@dataclass(frozen=True, slots=True)
class Draft:
    """A document, the policy that it is, and what it would follow, if that is known."""

    document: Document
    policy: Policy
    in_force: InForce | None


def draft(text: str, *, is_offline: bool) -> Draft:
    """Return a document as it would be published now.

    Raises DocumentInvalid, and without `is_offline` what asking the account raises.
    """
    document = parse(text)
    if is_offline:
        now = SystemClock().now()
        return Draft(document, compile_policy(document, None, published_on=now), None)
    with opened() as app:
        connection = app.accounts.find(document.connection)
        found = app.policies.draft(text, connection)
        return Draft(document, found, _in_force(app, connection, document.process))


def _in_force(app: Application, connection: Connection, process: str) -> InForce:
    now = app.clock.now()
    with app.store.begin() as tx:
        actives = app.policies.active(tx, connection.id)
    others = tuple(one.policy for one in actives if one.policy.process != process)
    for active in actives:
        if active.policy.process == process:
            return InForce(active.policy, active.version.effective_at, now, others)
    return InForce(None, now, now, others)
