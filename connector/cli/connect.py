"""`slagboom connect`."""

from typing import Any

import click

from connector.cli.accounts import show_probe
from connector.cli.ending import Ending
from connector.cli.options import add_options, read_secrets
from connector.cli.session import find_author, opened
from connector.vendors import CRMS, CrmVendor, check_options


@click.group()
def connect() -> None:
    """Connect a CRM account, or give one other settings and credentials."""


def _make(vendor: CrmVendor) -> click.Command:
    def run(name: str, **given: Any) -> int:
        settings, secrets = check_options(
            vendor.options, read_secrets(vendor.options, given)
        )
        with opened() as app:
            connection = app.accounts.save(
                name,
                vendor=vendor.key,
                settings=settings,
                secrets=secrets,
                rotate=vendor.rotate,
                author=find_author(),
            )
            click.echo(f"{name} is saved. Its account is being tried:")
            ending = show_probe(app, connection, is_json=False)
            click.echo()
            webhook = f"{app.config.public_url}/webhooks/{vendor.key}/{name}"
            for line in vendor.after:
                click.echo(line.format(webhook=webhook))
            if ending is Ending.DONE:
                click.echo(f"Then take its records for known: slagboom import {name}")
            return ending

    command = click.command(
        vendor.key, help=f"Connect a {vendor.title} account under NAME."
    )
    return command(click.argument("name")(add_options(vendor.options)(run)))


for _vendor in CRMS.values():
    connect.add_command(_make(_vendor))
