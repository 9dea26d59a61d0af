"""`slagboom park` and `slagboom parked`."""

import click

from connector.cli.lists import everything, limited
from connector.cli.output import as_json, say, show, to_plain, to_text
from connector.cli.session import find_author, opened


@click.command()
@click.argument("record")
@click.option("--until", metavar="WHEN", help="2026-12-31, 2026-12-31T17:00 or 14d.")
@click.option("--why", help="The reason, kept with it.")
@click.option("--by", metavar="PERSON", required=True, help="Who answers for it.")
@click.option("--end", "is_ending", is_flag=True, help="Follow it up again instead.")
def park(
    record: str, *, until: str | None, why: str | None, by: str, is_ending: bool
) -> None:
    """Do not follow RECORD up until a moment.

    RECORD is a kind and id (deal:1001), an id, a link or a name. Its clocks stand still
    and wake by themselves.
    """
    if is_ending and (until or why):
        raise click.UsageError("--end takes neither --until nor --why.")
    if not is_ending and (until is None or why is None):
        raise click.UsageError("Say --until when and --why.")
    with opened() as app:
        if is_ending:
            known = app.parking.end(record, by=by, author=find_author())
            say(f"{known.record.name} is followed up again.")
            return
        known, wakes_at = app.parking.park(
            record, until=until or "", why=why or "", by=by, author=find_author()
        )
    say(f"{known.record.name} is parked until {to_text(wakes_at)}.")


@click.command()
@everything
@limited
@as_json
def parked(*, is_all: bool, limit: int, is_json: bool) -> None:
    """List what is parked, until when and why."""
    with opened() as app:
        found = app.parking.latest(only_parked=not is_all, limit=limit)
    show(
        [to_plain(one) for one in found],
        {
            "record": lambda one: one["record"] or one["crm_id"],
            "until": lambda one: one["until"][:16].replace("T", " "),
            "by": lambda one: one["parked_by"],
            "why": lambda one: one["why"],
            "ended": lambda one: (one["ended_at"] or "")[:16].replace("T", " "),
        },
        is_json=is_json,
        empty="Nothing is parked.",
    )
