"""`slagboom undo`."""

from collections import Counter

import click
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from connector.bootstrap import Application
from connector.cli.output import say
from connector.cli.session import find_author, opened
from connector.errors import Ending
from connector.services.undoing import Ordered
from connector.store.reversals import ReversalState

PATIENCE_SECONDS = 20.0
"""How long to wait for what a worker has in hand, or the CRM does not take yet."""

_LOOK_SECONDS = 0.2

_SAID = {
    ReversalState.DONE: "taken back",
    ReversalState.LEFT: "left, because the record has moved on since",
    ReversalState.REFUSED: "refused by the CRM",
    ReversalState.PENDING: "still to be done; the workers go on with it",
}


@click.command()
@click.argument("intervention", type=int, required=False)
@click.option("--run", type=int, metavar="RUN", help="All that was done in one run.")
@click.option("--process", metavar="NAME", help="All that a process did since then.")
@click.option("--since", metavar="WHEN", help="Such as 2026-12-31T17:00.")
@click.option("--until", metavar="WHEN", help="Up to then; up to now if left out.")
@click.option("--why", default="", help="Kept in the audit.")
def undo(
    *,
    intervention: int | None,
    run: int | None,
    process: str | None,
    since: str | None,
    until: str | None,
    why: str,
) -> int:
    """Take back what INTERVENTION changed, all of a run, or all of a stretch of time.

    Interventions and runs are shown by `slagboom interventions`. Only a record that
    still stands as it was left is changed. How it stands then is accepted, and not
    judged again. Waits a while for what a worker has in hand. Ends with 1 if anything
    was not taken back.
    """
    named = [one for one in (intervention, run, process) if one is not None]
    if len(named) != 1:
        raise click.UsageError("Name an intervention, --run or --process with --since.")
    if (process is None) != (since is None):
        raise click.UsageError("--process and --since go together.")
    author = find_author()
    with opened() as app:
        if intervention is not None:
            ordered = app.undo.one(intervention, why=why, author=author)
        elif run is not None:
            ordered = app.undo.run(run, why=why, author=author)
        else:
            ordered = app.undo.stretch(
                process or "", since or "", until, why=why, author=author
            )
        states = _carry_out(app, ordered)
    for state, times in sorted(states.items()):
        say(f"{times} {_SAID[state]}")
    is_done = states.keys() <= {ReversalState.DONE}
    return Ending.DONE if is_done else Ending.FOUND


def _carry_out(app: Application, ordered: Ordered) -> "Counter[ReversalState]":
    """Do what was ordered, or see it done, and return how much of it ended how.

    A worker may have taken a record first, to do the same.
    """

    def look() -> "Counter[ReversalState]":
        for connection_id in ordered.connections:
            app.enforce.look(connection_id)
        return Counter(app.undo.states(ordered))

    retrying = Retrying(
        retry=retry_if_result(lambda states: ReversalState.PENDING in states),
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_fixed(_LOOK_SECONDS),
        retry_error_callback=_last,
    )
    states: Counter[ReversalState] = retrying(look)
    return states


def _last(attempts: RetryCallState) -> object:
    """Return what the last look found; in vain, but no failure."""
    assert attempts.outcome is not None
    return attempts.outcome.result()
