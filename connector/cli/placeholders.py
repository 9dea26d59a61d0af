"""`slagboom placeholders`."""

import click

from connector.bootstrap import Application
from connector.cli.lists import everything, limited
from connector.cli.output import as_json, say, show
from connector.cli.session import find_author, opened
from connector.errors import ConfigError
from connector.store.connections import Connection


@click.group()
def placeholders() -> None:
    """Say which texts are answers, though they look like placeholders."""


@placeholders.command()
@click.argument("field")
@click.argument("value")
@click.option("--why", required=True, help="The reason, kept with it.")
@click.option("--connection", metavar="NAME", help="In this account, if not the only.")
def allow(field: str, value: str, *, why: str, connection: str | None) -> None:
    """Have VALUE count as an answer in FIELD of every record.

    FIELD is one that a policy requires. Case and punctuation do not count.
    """
    with opened() as app:
        account = _find(app, connection)
        name = app.answers.allow(account, field, value, why=why, author=find_author())
    say(f"“{value}” is an answer in {name} of {account.name} from now on.")


@placeholders.command()
@click.argument("answer", metavar="ID", type=int)
@click.option("--why", default="", help="The reason, kept with it.")
def revoke(answer: int, *, why: str) -> None:
    """Have what ID allowed count as a placeholder again."""
    with opened() as app:
        revoked = app.answers.revoke(answer, why=why, author=find_author())
    say(f"“{revoked.text}” is no answer in {revoked.field} any more.")


@placeholders.command("list")
@everything
@limited
@as_json
def list_(*, is_all: bool, limit: int, is_json: bool) -> None:
    """List the texts that are answers after all."""
    with opened() as app:
        rows = app.answers.latest(is_all=is_all, limit=limit)
    show(
        rows,
        {
            "id": lambda one: one.id,
            "connection": lambda one: one.connection,
            "field": lambda one: one.field,
            "text": lambda one: one.text,
            "why": lambda one: one.why,
            "by": lambda one: one.allowed_by,
            "since": lambda one: one.allowed_at,
            "taken back": lambda one: one.revoked_at,
        },
        is_json=is_json,
        empty="No text is allowed that looks like a placeholder.",
    )


def _find(app: Application, name: str | None) -> Connection:
    if name is not None:
        return app.accounts.find(name)
    every = app.accounts.all()
    if not every:
        raise ConfigError("No account is connected yet. See `slagboom connect --help`.")
    if len(every) > 1:
        names = ", ".join(one.name for one in every)
        raise ConfigError(
            f"Say in which account, with --connection NAME. There are: {names}."
        )
    return every[0]
