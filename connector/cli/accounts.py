"""`slagboom probe`, `import`, `sweep`, `pause` and `resume`."""

import json
from collections.abc import Callable

import click

from adapters.ports import Probe
from connector.bootstrap import Application
from connector.cli.output import as_json, progress, say, to_plain
from connector.cli.session import find_author, opened
from connector.errors import Ending
from connector.services.reconcile import when_free
from connector.store.connections import Connection


def show_probe(app: Application, connection: Connection, *, is_json: bool) -> Ending:
    """Try an account and print how that went; OUTSIDE if something is missing."""
    probe = app.accounts.probe(connection)
    if is_json:
        say(json.dumps({**to_plain(probe), "is_ok": probe.is_ok}, indent=2))
    else:
        show_lines(probe)
        if not probe.is_ok:
            say(
                "Give the app what is missing, then run this command again:"
                f" slagboom probe {connection.name}"
            )
    return Ending.DONE if probe.is_ok else Ending.OUTSIDE


def show_lines(probe: Probe) -> None:
    """Print what a probe tried and how each of it went."""
    if probe.account:
        say(probe.account)
    for line in probe.lines:
        mark = "ok     " if line.is_ok else "MISSING"
        text = f": {line.message}" if line.message else ""
        say(f"  {mark}  {line.what}{text}")


@click.command()
@click.argument("name")
@as_json
def probe(name: str, *, is_json: bool) -> int:
    """Try, without side effects, every right that is needed of NAME."""
    with opened() as app:
        return show_probe(app, app.accounts.find(name), is_json=is_json)


@click.command("import")
@click.argument("name")
def import_(name: str) -> None:
    """Take the records of NAME as they stand for known: what was is not judged.

    Waits while another process imports or sweeps.
    """
    with opened() as app:
        connection = app.accounts.find(name)
        with progress(f"Importing {name}") as tell:
            count = when_free(lambda: app.reconcile.import_(connection, tell))
    say(f"{name}: {count} records are known. From here on changes count.")


@click.command()
@click.argument("name")
def sweep(name: str) -> None:
    """Look for changes of NAME that no webhook told of, and judge them.

    Waits while another process imports or sweeps.
    """
    with opened() as app:
        connection = app.accounts.find(name)
        with progress(f"Comparing {name}") as tell:
            count = when_free(lambda: app.reconcile.sweep(connection, tell))
        report = app.enforce.look(connection.id)
    say(
        f"{name}: {count} records had changed; {report.judged} were judged,"
        f" {report.acted} called for something."
    )
    if report.looked < count:
        say("The workers have the others in hand; see `slagboom violations`.")


def _for_each(
    name: str | None, act: Callable[[Application, Connection], None], done: str
) -> None:
    with opened() as app:
        chosen = app.accounts.all() if name is None else [app.accounts.find(name)]
        if not chosen:
            say("No account is connected yet.")
        for connection in chosen:
            act(app, connection)
            say(f"{connection.name} {done}")


@click.command()
@click.argument("name", required=False)
def pause(name: str | None) -> None:
    """Only observe NAME (or every account): nothing is written, clocks stand still."""
    _for_each(
        name,
        lambda app, one: app.accounts.pause(one, author=find_author()),
        "is paused: everything is observed, nothing is done about it.",
    )


def _resume(app: Application, connection: Connection) -> None:
    author = find_author()
    app.accounts.resume(connection, author=author)
    # What the storm guard paused goes on as well.
    app.storms.resume(connection.id, author=author)


@click.command()
@click.argument("name", required=False)
def resume(name: str | None) -> None:
    """Intervene again on NAME (or on every account)."""
    _for_each(
        name,
        _resume,
        "is enforced again.",
    )
