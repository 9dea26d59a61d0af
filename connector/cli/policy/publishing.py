"""`slagboom policy publish`, `rollback` and `withdraw`."""

from datetime import date, datetime
from pathlib import Path

import click

from connector.bootstrap import Application
from connector.cli.output import progress, say
from connector.cli.policy.differing import (
    in_force,
    judge_both,
    say_changes,
    say_records,
)
from connector.cli.policy.reading import document_file, read, refuse
from connector.cli.session import find_author, opened
from connector.errors import ConfigError, Ending
from connector.services.policies import Active
from connector.services.reconcile import AlreadyReconciling
from connector.store.connections import Connection
from connector.store.processes import VersionState
from rules.calendar import to_moment
from rules.comparing import compare
from rules.document import Document, DocumentInvalid, parse
from rules.document.parts import to_calendar


def _said(_context: click.Context, _option: click.Parameter, note: str) -> str:
    if not note.strip():
        raise click.BadParameter("Say why it changes.")
    return note.strip()


on_connection = click.option(
    "--connection", metavar="NAME", help="Of this account, where several have it."
)
noted = click.option(
    "--note",
    required=True,
    callback=_said,
    help="Why it changes; kept with the version.",
)


@click.command()
@document_file
@noted
@click.option(
    "--effective",
    metavar="TIME",
    help="From when it is in force: 2026-12-01, or 2026-12-01T09:00. The people it"
    " touches are told at once. Goes before what the document says.",
)
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would change.")
def publish(file: Path, note: str, effective: str | None, *, is_dry: bool) -> int:
    """Put the policy in FILE in force, and say what that changes.

    Nothing is asked. A version that was announced and is not in force yet is replaced.
    """
    text = read(file)
    with opened() as app:
        try:
            document = parse(text)
            effective_at = _to_effective(document, effective, app.clock.now())
            connection = app.accounts.find(document.connection)
            before = in_force(app, connection, document.process)
            after = app.policies.draft(text, connection)
            say_changes(compare(before, after), before, after, "en")
            found = judge_both(app, connection, before, after, asks_crm=False)
            say_records(found, before, after, "en")
            if is_dry:
                say("Nothing was published.")
                return Ending.DONE
            active = app.policies.publish(
                text,
                connection,
                note=note,
                author=find_author(),
                effective_at=effective_at,
            )
        except DocumentInvalid as error:
            return refuse(file, error)
        _finish(app, active, connection)
    return Ending.DONE


@click.command()
@click.argument("process")
@click.argument("version", type=click.IntRange(min=1), required=False)
@noted
@on_connection
def rollback(
    process: str, version: int | None, note: str, connection: str | None
) -> int:
    """Publish an earlier VERSION of PROCESS again, as a new version.

    Of the one before the current one if no VERSION is named.
    """
    with opened() as app:
        account = None if connection is None else app.accounts.find(connection)
        try:
            active = app.publishing.rollback(
                process, version, connection=account, note=note, author=find_author()
            )
        except DocumentInvalid as error:
            return refuse(Path(process), error)
        _finish(app, active, app.accounts.find(active.version.connection))
    return Ending.DONE


@click.command()
@click.argument("process")
@on_connection
def withdraw(process: str, connection: str | None) -> None:
    """Take back the announced version of PROCESS; what is in force stays so.

    Whoever was told of it is told that it does not come.
    """
    with opened() as app:
        account = None if connection is None else app.accounts.find(connection)
        version = app.publishing.withdraw(
            process, connection=account, author=find_author()
        )
    say(f"Version {version.number} of {process} does not come into force.")


def _to_effective(
    document: Document, text: str | None, now: datetime
) -> datetime | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text) if len(text) <= len("2026-12-01") else None
        found = day or datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"--effective is {text!r}; write it as 2026-12-01, or 2026-12-01T09:00."
        ) from None
    at = to_moment(found, to_calendar(document.shape.calendar))
    if at < now:
        # A slip in the year would put it in force at once, and tell nobody ahead.
        raise ConfigError(
            f"--effective is {text}, which is past. Leave it out to put the policy in"
            " force now."
        )
    return at


def _finish(app: Application, active: Active, connection: Connection) -> None:
    version = active.version
    if version.state is VersionState.PENDING:
        at = version.effective_at.astimezone().strftime("%Y-%m-%d %H:%M %Z")
        say(
            f"{version.name} comes into force on {connection.name} at {at}, as version"
            f" {version.number}. Until then it can be withdrawn: slagboom policy"
            f" withdraw {version.name}"
        )
        return
    _catch_up(app, active, connection)
    say(
        f"{version.name} is in force on {connection.name}, as version {version.number}."
    )


def _catch_up(app: Application, active: Active, connection: Connection) -> None:
    """Have baselines and clocks for every record that the policy speaks of."""
    if connection.imported_at is None:
        say(f"Now take its records for known: slagboom import {connection.name}")
    try:
        with progress(f"Reading {connection.name}") as tell:
            app.publishing.catch_up(active.version, connection, tell)
    except AlreadyReconciling:
        say(f"{connection.name} is being read just now; a worker goes on.")
