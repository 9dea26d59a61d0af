"""`slagboom connect`."""

from typing import Any

import click

from connector.bootstrap import Application
from connector.cli.accounts import show_probe
from connector.cli.options import add_options, read_secrets
from connector.cli.output import say
from connector.cli.session import find_author, opened
from connector.errors import Ending
from connector.vendors import CRMS, CrmVendor, Texts


@click.group()
def connect() -> None:
    """Connect a CRM account, or give one other settings and credentials."""


def _make(vendor: CrmVendor) -> click.Command:
    def run(name: str, **given: Any) -> int:
        settings, secrets = vendor.read(read_secrets(vendor.options, given))
        with opened() as app:
            app.accounts.check(name, vendor=vendor.key)
            connection = app.accounts.save(
                name,
                vendor=vendor.key,
                settings=settings,
                secrets={**secrets, **_sign_in(app, vendor, settings, secrets)},
                rotate=vendor.rotate,
                author=find_author(),
            )
            say(f"{name} is saved. Its account is being tried:")
            ending = show_probe(app, connection, is_json=False)
            say()
            public_url = app.config.public_url
            webhook = vendor.webhook(public_url, name)
            for line in vendor.after:
                say(line.format(webhook=webhook, name=name))
            if not public_url.startswith("https://"):
                say(
                    f"But PUBLIC_URL is {public_url}, which {vendor.title} cannot"
                    " reach. Set it to the https address that leads here, and restart;"
                    " until then changes are found every fifteen minutes."
                )
            if ending is Ending.DONE and app.stream_for(connection) is not None:
                say(
                    "Its changes are heard as they happen by `slagboom listen`, which"
                    " `slagboom up` runs; `slagboom doctor` says whether they are."
                )
            if ending is Ending.DONE:
                say(f"Then take its records for known: slagboom import {name}")
            return ending

    command = click.command(
        vendor.key, help=f"Connect a {vendor.title} account under NAME."
    )
    return command(click.argument("name")(add_options(vendor.options)(run)))


def _sign_in(
    app: Application, vendor: CrmVendor, settings: Texts, secrets: Texts
) -> Texts:
    """Have a person sign in, if that is how the account is opened; return the secrets.

    Raises click.Abort if they give up, and what `adapters.errors` has.
    """
    redirect_uri = f"{app.config.public_url}/oauth/{vendor.key}"
    begin = vendor.begin
    begun = begin and begin(settings, secrets, app.means, redirect_uri)
    if begun is None:
        return {}
    say(
        f"Open this address in a browser, sign in to {vendor.title} as the user whom"
        " Slagboom is to work as, and allow the app:"
    )
    say(f"\n{begun.url}\n")
    say(
        f"The browser then goes to {begun.redirect_uri}. Whatever it shows there, copy"
        " the whole address out of its address bar."
    )
    try:
        pasted: str = click.prompt("Paste that address here")
    except click.Abort:
        say("The sign-in was given up, and nothing was saved.", err=True)
        raise
    return begun.finish(pasted)


for _vendor in CRMS.values():
    connect.add_command(_make(_vendor))
