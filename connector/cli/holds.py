"""`slagboom holds`: the moves that wait, and dropping one."""

from collections.abc import Mapping
from typing import Any

import click

from connector.cli.lists import everything, limited, policies_in_force
from connector.cli.output import as_json, say, show, to_plain
from connector.cli.session import find_author, opened
from connector.store.holds import HoldSummary
from rules.policy import Policy
from rules.wording import needs_text, stage_label


@click.group(invoke_without_command=True)
@everything
@limited
@as_json
@click.pass_context
def holds(context: click.Context, *, is_all: bool, limit: int, is_json: bool) -> None:
    """List the moves that wait for something missing, and what that is."""
    if context.invoked_subcommand is not None:
        return
    with opened() as app:
        with app.store.begin() as tx:
            found = tx.holds.latest(only_open=not is_all, limit=limit)
        policies = policies_in_force(app)
    rows = [_to_row(one, policies) for one in found]
    show(
        rows,
        {
            "since": lambda one: one["opened_at"][:16].replace("T", " "),
            "record": lambda one: one["record"] or one["crm_id"],
            "from": lambda one: one["from_label"],
            "to": lambda one: one["to_label"],
            "still missing": lambda one: " ".join(one["still_missing"]),
            "ended": lambda one: one["ended_why"],
        },
        is_json=is_json,
        empty="No move waits.",
    )


@holds.command()
@click.argument("record")
@click.option("--by", required=True, metavar="PERSON", help="Who wants that.")
@click.option("--why", required=True, help="Kept in the audit.")
def drop(record: str, by: str, why: str) -> None:
    """Forget the move that waits for RECORD: a kind and id, a link or a name."""
    with opened() as app:
        found = app.holds.drop(record, by=by, why=why, author=find_author())
    say(f"{found.record.name} waits no longer. It stays where it is.")


def _to_row(
    hold: HoldSummary, policies: Mapping[tuple[str, str], Policy]
) -> dict[str, Any]:
    policy = policies.get((hold.connection, hold.process))
    if policy is None:
        words, labels = hold.missing, [str(hold.from_stage), str(hold.to_stage)]
    else:
        words = needs_text(hold.lacks, policy, policy.locale)
        labels = [
            stage_label(policy, stage) for stage in (hold.from_stage, hold.to_stage)
        ]
    return {
        **to_plain(hold),
        "still_missing": words or hold.missing,
        "from_label": labels[0],
        "to_label": labels[1],
    }
