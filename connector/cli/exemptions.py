"""`slagboom exempt` and `slagboom exemptions`."""

from typing import Any

import click

from connector.bootstrap import Application
from connector.cli.lists import everything, limited
from connector.cli.output import as_json, say, show, to_plain, to_text
from connector.cli.session import find_author, opened
from connector.services.exemptions import Counted


@click.command()
@click.argument("record", required=False)
@click.argument("rule", required=False)
@click.option("--until", metavar="WHEN", help="2026-12-31, 2026-12-31T17:00 or 14d.")
@click.option("--why", help="The reason, kept with it.")
@click.option("--by", metavar="PERSON", help="Who answers for it.")
@click.option("--process", metavar="NAME", help="Which policy, if several have it.")
@click.option("--revoke", type=int, metavar="ID", help="End this exemption instead.")
def exempt(
    *,
    record: str | None,
    rule: str | None,
    until: str | None,
    why: str | None,
    by: str | None,
    process: str | None,
    revoke: int | None,
) -> None:
    """Exempt RECORD from RULE for a time.

    RECORD is a kind and id (deal:1001), an id, a link or a name; RULE is as `slagboom
    violations` shows it, the beginning of some (stage.won), or all.
    """
    with opened() as app:
        if revoke is not None:
            _revoke(app, revoke, record, why)
            return
        missing = [
            name
            for name, given in {
                "RECORD": record,
                "RULE": rule,
                "--until": until,
                "--why": why,
                "--by": by,
            }.items()
            if given is None
        ]
        if missing:
            raise click.UsageError(f"Missing: {', '.join(missing)}.")
        known, end = app.exemptions.grant(
            record or "",
            rule or "",
            until=until or "",
            why=why or "",
            by=by or "",
            author=find_author(),
            process=process,
        )
    say(f"{known.record.name} is exempt from {rule} until {to_text(end)}.")


def _revoke(
    app: Application, exemption_id: int, record: str | None, why: str | None
) -> None:
    if record is not None:
        raise click.UsageError("--revoke takes the id of an exemption, and no record.")
    revoked = app.exemptions.revoke(exemption_id, why=why or "", author=find_author())
    say(f"{revoked.record or revoked.crm_id} is exempt from {revoked.rule} no longer.")


@click.command()
@everything
@limited
@as_json
def exemptions(*, is_all: bool, limit: int, is_json: bool) -> None:
    """List who is exempt from what, until when and why."""
    with opened() as app:
        found = app.exemptions.latest(only_holding=not is_all, limit=limit)
    show(
        [_to_row(one) for one in found],
        {
            "id": lambda one: one["id"],
            "record": lambda one: one["record"] or one["crm_id"],
            "rule": lambda one: one["rule"],
            "until": lambda one: one["until"][:16].replace("T", " "),
            "by": lambda one: one["granted_by"],
            "why": lambda one: one["why"],
            "owner": lambda one: one["owner"],
            "owner's in 90 days": lambda one: one["times_for_owner"],
            "ended": lambda one: "revoked" if one["revoked_at"] else "",
        },
        is_json=is_json,
        empty="Nothing is exempt.",
    )
    if not is_json:
        for advice in dict.fromkeys(one.advice for one in found if one.advice):
            say(f"\n{advice}")


def _to_row(counted: Counted) -> dict[str, Any]:
    return {
        **to_plain(counted.granted),
        "times_for_owner": counted.times_for_owner,
        "times_for_rule": counted.times_for_rule,
        "advice": counted.advice,
    }
