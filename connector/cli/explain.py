"""`slagboom explain`: one record, where it stands and what it still needs."""

import json
from collections.abc import Iterable
from typing import Any

import click

from connector.cli.output import as_json, say
from connector.cli.policy.differing import spoken
from connector.cli.policy.publishing import on_connection
from connector.cli.session import opened
from connector.services.explaining import Explained
from connector.services.lookup import reference
from rules.model import Verdict
from rules.policy import Policy
from rules.wording import (
    Section,
    not_followed,
    reason_text,
    rule_text,
    stage_label,
)
from rules.wording import (
    explain as to_sections,
)


@click.command()
@click.argument("record")
@click.option("--to", metavar="STAGE", help="To this stage; to the next one otherwise.")
@on_connection
@spoken
@as_json
def explain(
    record: str, to: str | None, connection: str | None, locale: str, *, is_json: bool
) -> None:
    """Say what would happen if RECORD were moved, and what it still needs.

    RECORD is a kind and id (deal:1001), an id, a link or a name. It is read afresh,
    with what is linked to it; nothing is written.
    """
    with opened() as app:
        account = None if connection is None else app.accounts.find(connection)
        found = app.explaining.explain(record, to=to, connection=account)
        now = app.clock.now()
    sections: tuple[Section, ...] = ()
    if found.policy is not None:
        sections = to_sections(
            found.policy,
            found.record,
            found.standing,
            found.prospect,
            now=now,
            locale=locale,
        )
    if is_json:
        say(json.dumps(_to_json(found, sections, locale), indent=2))
    elif not sections:
        say(not_followed(found.record, locale))
    for section in sections if not is_json else ():
        say(section.title)
        for line in section.lines:
            say(f"  {line}")


def _to_json(
    found: Explained, sections: Iterable[Section], locale: str
) -> dict[str, Any]:
    policy, standing, prospect = found.policy, found.standing, found.prospect
    told: dict[str, Any] = {
        "record": reference(found.known),
        "name": found.record.name,
        "connection": found.known.connection,
        "url": found.record.url,
        "process": None if policy is None else policy.process,
        "stage": found.record.stage,
    }
    if policy is None:
        return told
    told |= {
        "stage_label": stage_label(policy, found.record.stage),
        "against": _verdicts(standing.against, policy, locale),
        "hold": None
        if standing.wish is None
        else {
            "to": standing.wish,
            "lacks": _verdicts(standing.lacks, policy, locale),
        },
        "follow_ups": [
            {"rule": rule, "due_at": at.isoformat()} for rule, at in standing.clocks
        ],
        "exemptions": [
            {"rule": one.rule, "until": one.until.isoformat()}
            for one in standing.exemptions
        ],
        "is_paused": standing.is_paused,
        "move": None
        if prospect is None
        else {
            "to": prospect.to,
            "outlook": prospect.outlook.value,
            "return_to": prospect.plan.return_to,
            "verdicts": _verdicts(prospect.judgement.verdicts, policy, locale),
        },
        "text": [{"title": one.title, "lines": list(one.lines)} for one in sections],
    }
    return told


def _verdicts(
    verdicts: Iterable[Verdict], policy: Policy, locale: str
) -> list[dict[str, str]]:
    return [
        {
            "rule": one.rule,
            "demands": rule_text(policy, one.rule, locale=locale),
            "result": one.result.value,
            "level": one.enforcement.value,
            "why": reason_text(one.reason, policy, locale),
        }
        for one in verdicts
    ]
