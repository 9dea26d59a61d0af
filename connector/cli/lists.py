"""The lists: what stands, what was done, what waits, what came in."""

from collections.abc import Mapping
from dataclasses import asdict

import click

from connector.bootstrap import Application, find_crm
from connector.cli.output import as_json, show, to_plain
from connector.cli.session import opened
from connector.services.outside import REFUSES
from connector.store.connections import Connection
from connector.store.violations import Violation
from rules.policy import Policy
from rules.wording import reason_text

everything = click.option(
    "--all", "is_all", is_flag=True, help="Also what is over and done with."
)
limited = click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help="At most so many.",
)


@click.command()
@as_json
def connections(*, is_json: bool) -> None:
    """List the connected accounts."""
    with opened() as app:
        found = app.accounts.all()
        with app.store.begin() as tx:
            refused = {
                one.connection_id for one in tx.notices.open() if one.code == REFUSES
            }
        url = app.config.public_url

    def state(one: Connection) -> str:
        if one.paused_at:
            return "paused"
        return "refused: see `slagboom doctor`" if one.id in refused else "on"

    rows = [
        {
            **asdict(one),
            "state": state(one),
            "webhook": find_crm(one.vendor).webhook(url, one.name),
        }
        for one in found
    ]
    show(
        rows,
        {
            "name": lambda one: one["name"],
            "vendor": lambda one: one["vendor"],
            "state": lambda one: one["state"],
            "imported": lambda one: one["imported_at"],
            "compared until": lambda one: one["swept_until"],
            "webhook": lambda one: one["webhook"],
        },
        is_json=is_json,
        empty="No account is connected yet. Begin with: slagboom connect --help",
    )


@click.command()
@everything
@limited
@as_json
def violations(*, is_all: bool, limit: int, is_json: bool) -> None:
    """List what stands against the policies."""
    with opened() as app:
        with app.store.begin() as tx:
            found = tx.violations.latest(only_open=not is_all, limit=limit)
        policies = policies_in_force(app)
        rows = [{**to_plain(one), "why": _why(one, policies)} for one in found]
    show(
        rows,
        {
            "since": lambda one: one["opened_at"][:16].replace("T", " "),
            "record": lambda one: one["record"] or one["crm_id"],
            "rule": lambda one: one["rule"],
            "level": lambda one: one["enforcement"],
            "why": lambda one: one["why"],
            "state": lambda one: one["closed_by"] or one["state"],
        },
        is_json=is_json,
        empty="Nothing stands against the policies.",
    )


@click.command()
@limited
@as_json
def interventions(*, limit: int, is_json: bool) -> None:
    """List what was done to records, newest first."""
    with opened() as app, app.store.begin() as tx:
        rows = tx.interventions.latest(limit=limit)
    show(
        rows,
        {
            "id": lambda one: one.id,
            "run": lambda one: one.run,
            "planned": lambda one: one.planned_at,
            "connection": lambda one: one.connection,
            "record": lambda one: one.record or one.crm_id,
            "what": lambda one: one.kind.value,
            "state": lambda one: one.state.value,
            "error": lambda one: one.error,
        },
        is_json=is_json,
        empty="Nothing has been done yet.",
    )


@click.command()
@limited
@as_json
def deliveries(*, limit: int, is_json: bool) -> None:
    """List what the CRMs sent, newest first."""
    with opened() as app, app.store.begin() as tx:
        rows = tx.deliveries.latest(limit=limit)
    show(
        rows,
        {
            "id": lambda one: one.id,
            "received": lambda one: one.received_at,
            "connection": lambda one: one.connection,
            "state": lambda one: one.state,
            "events": lambda one: one.changes,
            "error": lambda one: one.error,
        },
        is_json=is_json,
        empty="Nothing has been delivered yet.",
    )


def policies_in_force(app: Application) -> dict[tuple[str, str], Policy]:
    """Return every policy in force, by connection and process."""
    with app.store.begin() as tx:
        return {
            (version.connection, version.name): app.policies.version(
                tx, version.id
            ).policy
            for version in tx.processes.current()
        }


def _why(violation: Violation, policies: Mapping[tuple[str, str], Policy]) -> str:
    policy = policies.get((violation.connection, violation.process))
    if policy is None:
        return violation.reason.code.value
    return reason_text(violation.reason, policy, policy.locale)
