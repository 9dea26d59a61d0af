"""`slagboom policy versions`, `log` and `show`: what was in force, and when."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import click

from connector.bootstrap import Application
from connector.cli.output import as_json, say, to_plain
from connector.cli.output import show as show_rows
from connector.cli.policy.differing import spoken
from connector.cli.policy.publishing import on_connection
from connector.cli.session import opened
from connector.services.publishing import ProcessMissing
from connector.store.connections import Connection
from connector.store.processes import ProcessVersion, VersionState
from rules.comparing import compare
from rules.policy import Policy
from rules.wording import difference_lines, version_heading

_IN_FORCE = VersionState.CURRENT


@click.command()
@click.argument("process", required=False)
@on_connection
@as_json
def versions(process: str | None, connection: str | None, *, is_json: bool) -> None:
    """List the versions of PROCESS, or of every process, newest first."""
    with opened() as app:
        rows = _versions(app, process, _account(app, connection))
    show_rows(
        [_told(one) for one in rows],
        {
            "process": lambda one: one["process"],
            "connection": lambda one: one["connection"],
            "version": lambda one: one["version"],
            "state": lambda one: one["state"],
            "in force from": lambda one: one["effective_at"],
            "until": lambda one: one["retired_at"],
            "by": lambda one: one["author"],
            "note": lambda one: one["note"],
        },
        is_json=is_json,
        empty="No policy is published yet.",
    )


@click.command()
@click.argument("process", required=False)
@on_connection
@spoken
@as_json
def log(
    process: str | None, connection: str | None, locale: str, *, is_json: bool
) -> None:
    """Say in plain words what each version of PROCESS changed, newest first."""
    with opened() as app:
        rows = _versions(app, process, _account(app, connection))
        entries = list(_entries(app, rows, locale))
    if is_json:
        told = [
            {**to_plain(_told(one.version)), "changes": one.lines} for one in entries
        ]
        say(json.dumps(told, indent=2))
        return
    if not entries:
        say("No policy is published yet.")
    for entry in entries:
        say(f"{entry.version.name}: {entry.heading}")
        for line in entry.lines:
            say(f"  - {line}")


@click.command()
@click.argument("process")
@click.argument("version", type=click.IntRange(min=1), required=False)
@on_connection
def show(process: str, version: int | None, connection: str | None) -> None:
    """Print the document of PROCESS that is in force, or of one VERSION."""
    with opened() as app:
        rows = _versions(app, process, _account(app, connection))
    found = [
        one
        for one in rows
        if one.number == version or (version is None and one.state is _IN_FORCE)
    ]
    if not found:
        raise ProcessMissing(
            f"{process} has no version {version or 'in force'}. `slagboom policy"
            f" versions {process}` lists them."
        )
    text = found[0].document
    say(text, nl=not text.endswith("\n"))


@dataclass(frozen=True, slots=True)
class _Entry:
    version: ProcessVersion
    heading: str
    lines: list[str]


def _entries(
    app: Application, rows: list[ProcessVersion], locale: str
) -> Iterator[_Entry]:
    now = app.clock.now()
    for place, version in enumerate(rows):
        policy = _policy(app, version)
        # A withdrawn version was nothing that the next one could differ from.
        earlier = [
            one
            for one in rows[place + 1 :]
            if one.process_id == version.process_id
            and one.state is not VersionState.WITHDRAWN
        ]
        before = _policy(app, earlier[0]) if earlier else None
        yield _Entry(
            version,
            version_heading(
                policy,
                version.state,
                number=version.number,
                effective_at=version.effective_at,
                author=version.author,
                note=version.note,
                now=now,
                locale=locale,
            ),
            difference_lines(compare(before, policy), before, policy, locale=locale),
        )


def _policy(app: Application, version: ProcessVersion) -> Policy:
    with app.store.begin() as tx:
        return app.policies.version(tx, version.id).policy


def _account(app: Application, name: str | None) -> Connection | None:
    return None if name is None else app.accounts.find(name)


def _versions(
    app: Application, process: str | None, account: Connection | None
) -> list[ProcessVersion]:
    with app.store.begin() as tx:
        if process is not None:
            return app.publishing.versions_of(tx, process, account)
        return tx.processes.of(connection_id=None if account is None else account.id)


def _told(version: ProcessVersion) -> dict[str, object]:
    """Return a version without its document, for a list."""
    return {
        "process": version.name,
        "connection": version.connection,
        "version": version.number,
        "state": version.state.value,
        "published_at": version.published_at,
        "effective_at": version.effective_at,
        "retired_at": version.retired_at,
        "author": version.author,
        "note": version.note,
    }
