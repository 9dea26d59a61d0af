"""`slagboom storm`, `slagboom permit` and `slagboom permits`."""

import json
from collections import Counter
from typing import Any

import click

from connector.cli.lists import everything, limited
from connector.cli.output import as_json, say, show, to_plain, to_text
from connector.cli.session import find_author, opened
from connector.services.storms import Seen
from connector.store.storms import Moved, Storm
from rules.model import ActorClass
from rules.policy import Policy
from rules.wording import actor_text, stage_label

which = click.argument("connection", required=False)
_ACTORS = [
    one.value
    for one in ActorClass
    if one not in {ActorClass.OURSELVES, ActorClass.UNKNOWN}
]


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def storm(context: click.Context, *, is_json: bool) -> None:
    """List what the storm guard stopped, and answer it.

    When more is to be put back in ten minutes than the policy allows, Slagboom only
    observes that process until somebody answers: permit, return or look.
    """
    if context.invoked_subcommand is not None:
        return
    with opened() as app:
        rows = app.storms.latest()
    show(
        rows,
        {
            "since": lambda one: one.opened_at,
            "connection": lambda one: one.connection,
            "process": lambda one: one.process,
            "put back before": lambda one: one.returned,
            "withheld": lambda one: one.moved,
            "answer": lambda one: one.answer or "waits for one",
            "by": lambda one: one.answered_by,
            "over": lambda one: one.closed_at,
        },
        is_json=is_json,
        empty="There was no storm yet.",
    )


@storm.command("permit")
@which
def permit_storm(connection: str | None) -> None:
    """Leave what was changed as it stands, and enforce again."""
    with opened() as app:
        for one in app.storms.permit(connection, author=find_author()):
            say(
                f"{one.connection}: {one.moved} records stay as they stand."
                f" {one.process} is enforced again."
            )
            say(
                "If more are to come, permit them ahead: slagboom permit --process"
                f" {one.process} --records N --until T --why W --by PERSON"
            )


@storm.command("return")
@which
def return_storm(connection: str | None) -> None:
    """Put back now what was changed, where it still stands so, and enforce again."""
    with opened() as app:
        for one in app.storms.put_back(connection, author=find_author()):
            say(
                f"{one.connection}: {one.moved} records are being put back."
                f" {one.process} is enforced again."
            )


@storm.command("look")
@which
@as_json
def look_storm(connection: str | None, *, is_json: bool) -> None:
    """Go on observing, and show who changed what."""
    with opened() as app:
        seen = app.storms.look(connection, author=find_author())
    if is_json:
        rows = [row for one in seen for row in _to_rows(one)]
        say(json.dumps(rows, indent=2))
        return
    for one in seen:
        _show(one)


def _show(seen: Seen) -> None:
    storm = seen.storm
    say(
        f"{storm.connection}, {storm.process}: {storm.moved} records were changed"
        f" against it, {storm.returned} were put back before."
    )
    for who, times in Counter(_who(one) for one in seen.moved).most_common():
        say(f"  {times} by {who}")
    show(
        _to_rows(seen),
        {
            "record": lambda one: one["record"] or one["crm_id"],
            "from": lambda one: one["from"],
            "to": lambda one: one["to"],
            "by": lambda one: one["by"],
        },
        is_json=False,
        empty="Nothing was changed.",
    )
    say(
        f"Answer with: slagboom storm permit {storm.connection}, or slagboom storm"
        f" return {storm.connection}"
    )


def _to_rows(seen: Seen) -> list[dict[str, Any]]:
    return [_to_row(seen.storm, one, seen.policy) for one in seen.moved]


def _to_row(storm: Storm, moved: Moved, policy: Policy) -> dict[str, Any]:
    before, after = moved.change.before, moved.change.after
    return {
        "storm": storm.id,
        "connection": storm.connection,
        "process": storm.process,
        "kind": after.ref.kind.value,
        "crm_id": moved.crm_id,
        "record": after.name,
        "url": after.url,
        "from": None if before is None else stage_label(policy, before.stage),
        "to": stage_label(policy, after.stage),
        "by": _who(moved),
    }


def _who(moved: Moved) -> str:
    return actor_text(moved.change.actor, "en")


@click.command()
@click.option("--process", metavar="NAME", help="Which policy it is for.")
@click.option("--connection", metavar="NAME", help="Of which account, if several.")
@click.option("--records", type=click.IntRange(min=1), help="For how many records.")
@click.option("--until", metavar="WHEN", help="2026-12-31, 2026-12-31T17:00 or 2d.")
@click.option("--why", help="The reason, kept with it.")
@click.option("--by", metavar="PERSON", help="Who answers for it. [who types this]")
@click.option(
    "--actor", type=click.Choice(_ACTORS), help="Only what these change; else all."
)
@click.option("--revoke", type=int, metavar="ID", help="End this permit instead.")
def permit(
    *,
    process: str | None,
    connection: str | None,
    records: int | None,
    until: str | None,
    why: str | None,
    by: str | None,
    actor: str | None,
    revoke: int | None,
) -> None:
    """Let so many records deviate until a moment, as in an announced import.

    What they do is accepted as it stands and recorded. It ends by itself.
    """
    author = find_author()
    with opened() as app:
        if revoke is not None:
            ended = app.permits.revoke(revoke, why=why or "", author=author)
            say(f"The permit for {ended.process} has ended.")
            return
        given = {
            "--process": process,
            "--records": records,
            "--until": until,
            "--why": why,
        }
        missing = [name for name, one in given.items() if one is None]
        if missing:
            raise click.UsageError(f"Missing: {', '.join(missing)}.")
        granted = app.permits.grant(
            process or "",
            connection=connection,
            count=records or 0,
            until=until or "",
            why=why or "",
            by=by or author,
            actor=None if actor is None else ActorClass(actor),
            author=author,
        )
    say(
        f"{granted.records} records may deviate from {granted.process} until"
        f" {to_text(granted.until)} (permit {granted.id})."
    )


@click.command()
@everything
@limited
@as_json
def permits(*, is_all: bool, limit: int, is_json: bool) -> None:
    """List how many records may deviate, until when and why."""
    with opened() as app:
        found = app.permits.latest(only_holding=not is_all, limit=limit)
    show(
        [to_plain(one) for one in found],
        {
            "id": lambda one: one["id"],
            "connection": lambda one: one["connection"],
            "process": lambda one: one["process"],
            "records": lambda one: f"{one['used']} of {one['records']}",
            "actor": lambda one: one["actor"] or "anybody",
            "until": lambda one: one["until"][:16].replace("T", " "),
            "by": lambda one: one["granted_by"],
            "why": lambda one: one["why"],
            "ended": lambda one: one["ended_why"],
        },
        is_json=is_json,
        empty="No permit holds.",
    )
