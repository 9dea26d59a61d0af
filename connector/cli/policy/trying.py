"""`slagboom policy check`, `test` and `schema`: nothing of them changes anything."""

import json
from pathlib import Path

import click

from connector.cli.ending import Ending
from connector.cli.policy.reading import document_file, draft, read, refuse
from connector.clock import SystemClock
from rules.document import DocumentInvalid


@click.command()
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
        document, found, was_published = draft(read(file), is_offline=is_offline)
    except DocumentInvalid as error:
        return refuse(file, error)
    findings = lint(document, found, was_published=was_published)
    for finding in findings:
        click.echo(f"{file}:{finding}")
    if findings:
        return Ending.FOUND
    click.echo(f"{file}: nothing is wrong with {document.process}.")
    return Ending.DONE


@click.command()
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
        _, found, _ = draft(read(file), is_offline=is_offline)
    except DocumentInvalid as error:
        return refuse(file, error)
    try:
        results = run_examples(found, read(examples), now=SystemClock().now())
    except DocumentInvalid as error:
        return refuse(examples, error)
    for result in results:
        click.echo(str(result))
    failed = sum(not result.is_ok for result in results)
    click.echo(
        f"{failed} of {len(results)} examples failed."
        if failed
        else f"All {len(results)} examples are judged as expected."
    )
    return Ending.FOUND if failed else Ending.DONE


@click.command("schema")
def schema_() -> None:
    """Print the JSON Schema of a policy, for editors."""
    from rules.document import schema  # noqa: PLC0415

    click.echo(json.dumps(schema(), indent=2))
