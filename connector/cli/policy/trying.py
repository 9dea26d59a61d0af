"""`slagboom policy check`, `test` and `schema`: nothing of them changes anything."""

import glob
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.output import as_json, say, to_plain
from connector.cli.policy.reading import document_file, draft, read, refuse
from connector.clock import SystemClock
from connector.errors import ConfigError, Ending
from rules.document import DocumentInvalid
from rules.lint import lint
from rules.policy import Policy

if TYPE_CHECKING:
    from rules.examples import ExampleResult


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
    try:
        drafted = draft(read(file), is_offline=is_offline)
    except DocumentInvalid as error:
        return refuse(file, error)
    findings = lint(drafted.document, drafted.policy, in_force=drafted.in_force)
    for finding in findings:
        say(f"{file}:{finding}")
    if findings:
        return Ending.FOUND
    say(f"{file}: nothing is wrong with {drafted.policy.process}.")
    return Ending.DONE


@click.command()
@document_file
@click.argument(
    "examples", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--offline", "is_offline", is_flag=True, help="Without asking the account."
)
@as_json
def test(
    file: Path, examples: tuple[Path, ...], *, is_offline: bool, is_json: bool
) -> int:
    """Judge the records in EXAMPLES by the policy in FILE.

    Without EXAMPLES those beside it: for policy.yaml policy.test.yaml,
    policy.<any>.test.yaml and policy-examples.yaml. Ends with 1 if something is not as
    expected.
    """
    try:
        found = draft(read(file), is_offline=is_offline).policy
    except DocumentInvalid as error:
        return refuse(file, error)
    results = []
    for one in examples or _beside(file):
        try:
            results.append((one, _run(found, one)))
        except DocumentInvalid as error:
            return refuse(one, error)
    if is_json:
        say(json.dumps([_to_json(*one) for one in results], indent=2))
    else:
        for one, ran in results:
            _say(one, ran, is_named=len(results) > 1)
    is_ok = all(one.is_ok for _, ran in results for one in ran)
    return Ending.DONE if is_ok else Ending.FOUND


def _beside(file: Path) -> list[Path]:
    """Return the examples that belong to a policy by their names."""
    stem = file.stem
    found = [
        file.with_name(f"{stem}.test.yaml"),
        file.with_name(f"{stem}-examples.yaml"),
    ]
    found += sorted(file.parent.glob(f"{glob.escape(stem)}.*.test.yaml"))
    there = [one for one in found if one.is_file()]
    if not there:
        raise ConfigError(
            f"There are no examples beside {file}. Write {stem}.test.yaml, or name a"
            " file of examples."
        )
    return there


def _run(policy: Policy, file: Path) -> "list[ExampleResult]":
    from rules.examples import run_examples  # noqa: PLC0415

    return run_examples(policy, read(file), now=SystemClock().now())


def _say(file: Path, results: "list[ExampleResult]", *, is_named: bool) -> None:
    if is_named:
        say(f"{file}:")
    for result in results:
        say(str(result))
    failed = sum(not result.is_ok for result in results)
    say(
        f"{failed} of {len(results)} examples failed."
        if failed
        else f"All {len(results)} examples are judged as expected."
    )


def _to_json(file: Path, results: "list[ExampleResult]") -> dict[str, object]:
    return {
        "file": str(file),
        "failed": sum(not one.is_ok for one in results),
        "examples": [{**to_plain(one), "is_ok": one.is_ok} for one in results],
    }


@click.command("schema")
def schema_() -> None:
    """Print the JSON Schema of a policy, for editors."""
    from rules.document import schema  # noqa: PLC0415

    say(json.dumps(schema(), indent=2))
