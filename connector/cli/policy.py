"""`slagboom policy`."""

import json
from pathlib import Path

import click

from connector.bootstrap import Application
from connector.cli.ending import Ending
from connector.cli.output import progress
from connector.cli.session import find_author, opened
from connector.clock import SystemClock
from connector.errors import ConfigError
from connector.store.connections import Connection
from rules.document import Document, DocumentInvalid, compile_policy, parse
from rules.policy import Policy

document_file = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
MOST_BYTES = 1_000_000


@click.group()
def policy() -> None:
    """Check, test and publish policies."""


@policy.command()
@document_file
@click.option(
    "--offline", "is_offline", is_flag=True, help="Without asking the account."
)
def check(file: Path, *, is_offline: bool) -> int:
    """Say what is wrong with the policy in FILE, and what might be.

    Compares it with the account that it names, unless --offline. Ends with 1 if
    anything was found.
    """
    from rules.lint import lint  # noqa: PLC0415

    try:
        document, found, was_published = _draft(_read(file), is_offline=is_offline)
    except DocumentInvalid as error:
        return _refuse(file, error)
    findings = lint(document, found, was_published=was_published)
    for finding in findings:
        click.echo(f"{file}:{finding}")
    if findings:
        return Ending.FOUND
    click.echo(f"{file}: nothing is wrong with {document.process}.")
    return Ending.DONE


@policy.command()
@document_file
@click.option("--note", required=True, help="Why it changes; kept with the version.")
def publish(file: Path, note: str) -> int:
    """Put the policy in FILE in force."""
    text = _read(file)
    with opened() as app:
        try:
            connection = app.accounts.find(parse(text).connection)
            active = app.policies.publish(
                text, connection, note=note, author=find_author()
            )
        except DocumentInvalid as error:
            return _refuse(file, error)
        _catch_up(app, connection)
    version = active.version
    click.echo(
        f"{version.name} is in force on {connection.name}, as version {version.number}."
    )
    return Ending.DONE


def _catch_up(app: Application, connection: Connection) -> None:
    """Have baselines for every kind of record that the policies speak of."""
    if connection.imported_at is None:
        click.echo(f"Now take its records for known: slagboom import {connection.name}")
        return
    if app.reconcile.lacks_kinds(connection):
        with progress(f"Importing {connection.name}") as tell:
            app.reconcile.import_(connection, tell)
    else:
        app.reconcile.start_clocks(connection)


@policy.command()
@document_file
@click.argument(
    "examples", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--offline", "is_offline", is_flag=True, help="Without asking the account."
)
def test(file: Path, examples: Path, *, is_offline: bool) -> int:
    """Judge the records in EXAMPLES by the policy in FILE.

    Ends with 1 if a verdict is not the expected one.
    """
    from rules.examples import run_examples  # noqa: PLC0415

    try:
        _, found, _ = _draft(_read(file), is_offline=is_offline)
    except DocumentInvalid as error:
        return _refuse(file, error)
    try:
        results = run_examples(found, _read(examples), now=SystemClock().now())
    except DocumentInvalid as error:
        return _refuse(examples, error)
    for result in results:
        click.echo(str(result))
    failed = sum(not result.is_ok for result in results)
    click.echo(
        f"{failed} of {len(results)} examples failed."
        if failed
        else f"All {len(results)} examples are judged as expected."
    )
    return Ending.FOUND if failed else Ending.DONE


@policy.command("schema")
def schema_() -> None:
    """Print the JSON Schema of a policy, for editors."""
    from rules.document import schema  # noqa: PLC0415

    click.echo(json.dumps(schema(), indent=2))


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{file} is larger than a policy can be (1 MB).")
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}).") from None


def _refuse(file: Path, error: DocumentInvalid) -> Ending:
    for problem in error.problems:
        click.echo(f"{file}:{problem}", err=True)
    return Ending.FOUND


def _draft(text: str, *, is_offline: bool) -> tuple[Document, Policy, bool]:
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
            first = tx.processes.first_published_at(connection.id, document.process)
    return document, found, first is not None
