"""`slagboom undo`."""

from collections import Counter

import click

from connector.cli.ending import Ending
from connector.cli.session import find_author, opened
from connector.store.reversals import ReversalState

_SAID = {
    ReversalState.DONE: "taken back",
    ReversalState.LEFT: "left, because the record has moved on since",
    ReversalState.REFUSED: "refused by the CRM",
    ReversalState.PENDING: "still to be done; the workers go on with it",
}


@click.command()
@click.argument("intervention", type=int, required=False)
@click.option("--run", type=int, metavar="RUN", help="All that was done in one run.")
@click.option("--why", default="", help="Kept in the audit.")
def undo(intervention: int | None, run: int | None, why: str) -> int:
    """Take back what INTERVENTION changed, or all of a run.

    Both are shown by `slagboom interventions`. Only a record that still stands as it
    was left is changed. How it stands then is accepted, and not judged again. Ends with
    1 if anything was not taken back.
    """
    if (intervention is None) == (run is None):
        raise click.UsageError("Name an intervention, or a run with --run.")
    author = find_author()
    with opened() as app:
        if intervention is not None:
            ordered = app.undo.one(intervention, why=why, author=author)
        else:
            ordered = app.undo.run(run or 0, why=why, author=author)
        for connection_id in ordered.connections:
            app.enforce.look(connection_id)
        states = Counter(app.undo.states(ordered))
    for state, times in sorted(states.items()):
        click.echo(f"{times} {_SAID[state]}")
    is_done = states.keys() <= {ReversalState.DONE}
    return Ending.DONE if is_done else Ending.FOUND
