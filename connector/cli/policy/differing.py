"""`slagboom policy diff`: what a policy would judge differently."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from connector.bootstrap import Application
from connector.cli.output import as_json, progress, say
from connector.cli.policy.reading import document_file, read, refuse
from connector.cli.session import opened
from connector.errors import Ending
from connector.services.previewing import Comparison, Example, Shifted
from connector.store.connections import Connection
from rules.comparing import Difference, compare, newly_enforced
from rules.document import DocumentInvalid, parse
from rules.policy import Policy
from rules.previewing import Effect
from rules.wording import (
    difference_lines,
    power_text,
    reason_text,
    rule_text,
    stage_label,
)

spoken = click.option(
    "--locale",
    type=click.Choice(["en", "nl"]),
    default="en",
    show_default=True,
    help="The language of what is said.",
)

_TITLES = {
    Effect.FAILS: "Would now stand against the policy:",
    Effect.POWER: "Stand against it as before, and other things are done about it:",
    Effect.PASSES: "Would no longer stand against it:",
    Effect.UNKNOWN: "Cannot be told from what is stored (--evidence asks the CRM):",
}


@click.command()
@document_file
@click.option(
    "--evidence",
    "asks_crm",
    is_flag=True,
    help="Ask the CRM for what is linked to the records, and for fields that were"
    " never read.",
)
@spoken
@as_json
def diff(file: Path, locale: str, *, asks_crm: bool, is_json: bool) -> int:
    """Say what the policy in FILE would judge differently from the one in force.

    Every stored record is judged by both as if a person had just made it where it
    stands: what its stage requires, the stage's gate, and every check. How it came
    there, follow-ups, and `since` are not judged. Nothing is written. Ends with 1 if
    anything would be judged differently.
    """
    text = read(file)
    with opened() as app:
        try:
            connection = app.accounts.find(parse(text).connection)
            after = app.policies.draft(text, connection)
        except DocumentInvalid as error:
            return refuse(file, error)
        before = in_force(app, connection, after.process)
        found = judge_both(app, connection, before, after, asks_crm=asks_crm)
    differences = compare(before, after)
    if is_json:
        told = to_json(differences, found, before, after, locale)
        say(json.dumps(told, indent=2))
    else:
        say_changes(differences, before, after, locale)
        say_records(found, before, after, locale)
    return Ending.FOUND if found.differing else Ending.DONE


def in_force(app: Application, connection: Connection, process: str) -> Policy | None:
    """Return the policy of a process that is in force, None if none is."""
    with app.store.begin() as tx:
        actives = app.policies.active(tx, connection.id)
    named = [one.policy for one in actives if one.policy.process == process]
    return named[0] if named else None


def judge_both(
    app: Application,
    connection: Connection,
    before: Policy | None,
    after: Policy,
    *,
    asks_crm: bool,
) -> Comparison:
    """Judge every stored record by both policies, with progress."""
    with progress(f"Judging {connection.name}") as tell:
        return app.previewing.compare(
            connection, before, after, asks_crm=asks_crm, progress=tell
        )


def say_changes(
    differences: Sequence[Difference],
    before: Policy | None,
    after: Policy,
    locale: str,
) -> None:
    """Print what a policy says differently, and what will newly be put back."""
    if before is None:
        say(f"{after.process} is new.")
    elif not differences:
        say("Nothing changes in what is agreed.")
    else:
        say("What changes:")
        _list(difference_lines(differences, before, after, locale=locale))
    enforced = newly_enforced(differences)
    if enforced:
        say("What will be put back that was not until now:")
        _list(difference_lines(enforced, before, after, locale=locale))


def say_records(
    found: Comparison, before: Policy | None, after: Policy, locale: str
) -> None:
    """Print which stored records are judged differently."""
    say(
        f"{found.records} stored records were judged as they stand;"
        f" {found.differing} would be judged differently."
    )
    for effect, title in _TITLES.items():
        shifts = found.of(effect)
        if shifts:
            say(title)
        for one in shifts:
            _list(_lines(one, before, after, locale))


def _lines(
    shift: Shifted, before: Policy | None, after: Policy, locale: str
) -> Iterator[str]:
    policy = _spoken_by(shift, before, after)
    rule = rule_text(policy, shift.rule, locale=locale)
    was, now = (power_text(one, locale=locale) for one in (shift.was, shift.now))
    power = now if shift.was is shift.now else f"{was} → {now}"
    stage = stage_label(policy, shift.stage)
    yield f"{shift.count} in {stage}: {rule} ({power})"
    if shift.effect is Effect.UNKNOWN:
        return
    for example in shift.examples:
        yield f"    {_example(example, policy, locale)}"


def _spoken_by(shift: Shifted, before: Policy | None, after: Policy) -> Policy:
    """Return the policy whose rule it is: what no longer fails may have gone."""
    is_gone = shift.effect is Effect.PASSES and before is not None
    return before if is_gone and before is not None else after


def _example(example: Example, policy: Policy, locale: str) -> str:
    name = f"{example.name} ({example.ref.kind}:{example.ref.id})"
    why = ""
    if example.verdict is not None:
        why = f" {reason_text(example.verdict.reason, policy, locale)}"
    return f"{name}{why} {example.url}".rstrip()


def _list(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        is_part = line.startswith(" ")
        say(f"  {line}" if is_part else f"  - {line}")


def to_json(
    differences: Sequence[Difference],
    found: Comparison,
    before: Policy | None,
    after: Policy,
    locale: str,
) -> dict[str, object]:
    """Return a comparison for scripts."""
    return {
        "process": after.process,
        "changes": difference_lines(differences, before, after, locale=locale),
        "records": found.records,
        "differing": found.differing,
        "shifts": [
            {
                "rule": one.rule,
                "stage": one.stage,
                "effect": one.effect.value,
                "was": one.was.value,
                "now": one.now.value,
                "count": one.count,
                "examples": [
                    {
                        "record": f"{example.ref.kind}:{example.ref.id}",
                        "name": example.name,
                        "url": example.url,
                        "why": None
                        if example.verdict is None
                        else reason_text(
                            example.verdict.reason,
                            _spoken_by(one, before, after),
                            locale,
                        ),
                    }
                    for example in one.examples
                ],
            }
            for effect in Effect
            for one in found.of(effect)
        ],
    }
