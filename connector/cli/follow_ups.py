"""`slagboom follow-ups`: what runs, and saying that one has been seen."""

import click

from connector.cli.lists import everything, limited
from connector.cli.output import as_json, say, show, to_text
from connector.cli.session import find_author, opened


@click.group("follow-ups", invoke_without_command=True)
@everything
@limited
@as_json
@click.pass_context
def follow_ups(
    context: click.Context, *, is_all: bool, limit: int, is_json: bool
) -> None:
    """List the follow-ups that run, those that are due first on top."""
    if context.invoked_subcommand is not None:
        return
    with opened() as app, app.store.begin() as tx:
        rows = tx.clocks.latest(only_running=not is_all, limit=limit)
    show(
        rows,
        {
            "id": lambda one: one.id,
            "due": lambda one: one.due_at,
            "record": lambda one: one.record or one.crm_id,
            "follow-up": lambda one: one.follow_up,
            "started": lambda one: one.started_at,
            "steps taken": lambda one: one.steps_taken,
            "seen until": lambda one: one.seen_until,
            "seen by": lambda one: one.seen_by,
            "state": lambda one: one.ended_why or one.state,
        },
        is_json=is_json,
        empty="No follow-up runs.",
    )


@follow_ups.command()
@click.argument("clock_id", metavar="ID", type=int)
@click.option("--by", required=True, metavar="PERSON", help="Who has seen it.")
def seen(clock_id: int, by: str) -> None:
    """Say that somebody has seen the follow-up ID: it then waits for a while."""
    with opened() as app:
        found, until = app.acknowledging.see(clock_id, by=by, author=find_author())
    say(
        f"{found.follow_up} for {found.record} waits until {to_text(until)}, and then"
        " goes on if nothing was done."
    )
