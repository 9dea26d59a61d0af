"""`slagboom policy starters` and `start`: policies to begin with."""

import click

from connector.cli.output import as_json, say, show
from connector.cli.session import opened


@click.command()
@as_json
def starters(*, is_json: bool) -> None:
    """List the policies to begin with."""
    with opened() as app:
        rows = [
            {"name": one.name, "record": one.record.value, "about": one.about}
            for one in app.starters.all
        ]
    show(
        rows,
        {
            "name": lambda one: one["name"],
            "record": lambda one: one["record"],
            "about": lambda one: one["about"],
        },
        is_json=is_json,
        empty="There are none.",
    )


@click.command()
@click.argument("name")
@click.option("--connection", required=True, metavar="NAME", help="For this account.")
@click.option(
    "--pipeline", metavar="LABEL", help="For this pipeline; the first one otherwise."
)
@click.option(
    "--examples", "is_examples", is_flag=True, help="Print its examples instead."
)
def start(
    name: str, connection: str, pipeline: str | None, *, is_examples: bool
) -> None:
    """Print the starter NAME with the stages of an account, to begin a policy with.

    As in: slagboom policy start new-business --connection acme > policy.yaml
    """
    with opened() as app:
        account = app.accounts.find(connection)
        fitted = app.starters.start(name, account, pipeline=pipeline)
    say(fitted.examples if is_examples else fitted.policy, nl=False)
