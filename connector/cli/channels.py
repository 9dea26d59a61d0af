"""`slagboom channels`."""

from typing import Any

import click

from adapters.ports import Message
from connector.cli.accounts import show_lines
from connector.cli.options import add_options, read_secrets
from connector.cli.output import as_json, say, show
from connector.cli.session import find_author, opened
from connector.errors import Ending
from connector.store.health import has_failed
from connector.vendors import CHANNELS, ChannelVendor, check_options


@click.group()
def channels() -> None:
    """List, add, test, switch off and remove the ways to reach people."""


@channels.group()
def add() -> None:
    """Add a channel, or give one other credentials."""


def _make(vendor: ChannelVendor) -> click.Command:
    def run(name: str, **given: Any) -> Ending:
        settings, secrets = check_options(
            vendor.options, read_secrets(vendor.options, given)
        )
        with opened() as app:
            app.channels.add(
                name,
                kind=vendor.key,
                settings=settings,
                secrets=secrets,
                rank=list(CHANNELS).index(vendor.key),
                author=find_author(),
            )
            say(f"{name} is saved. It is being tried:")
            probe = app.channels.probe(name)
        show_lines(probe)
        if not probe.is_ok:
            say("Give it what is missing, then run this command again.")
            return Ending.OUTSIDE
        say(f"Now see a message arrive: slagboom channels test {name} --to PERSON")
        return Ending.DONE

    command = click.command(vendor.key, help=f"Add {vendor.title} under NAME.")
    return command(click.argument("name")(add_options(vendor.options)(run)))


for _vendor in CHANNELS.values():
    add.add_command(_make(_vendor))


@channels.command("list")
@as_json
def list_(*, is_json: bool) -> None:
    """List the channels, in the order they are tried."""
    with opened() as app:
        rows = app.channels.all()
    show(
        rows,
        {
            "name": lambda one: one.name,
            "kind": lambda one: one.kind,
            "state": lambda one: "on" if one.is_enabled else "off",
            "last test": lambda one: (
                "none yet"
                if not one.last_test
                else "failed"
                if has_failed(one.last_test)
                else "well"
            ),
        },
        is_json=is_json,
        empty="There is no channel yet. Add one: slagboom channels add --help",
    )


@channels.command()
@click.argument("name")
@click.option("--to", required=True, metavar="PERSON", help="An e-mail address.")
def test(name: str, to: str) -> None:
    """Send a message through NAME, as a reminder would be sent."""
    with opened() as app:
        app.channels.test(
            name,
            Message(
                key="test",
                to=to,
                subject="Slagboom can reach you here",
                lines=(
                    "Whoever sets up Slagboom sent this to see whether it arrives.",
                    "You need not do anything.",
                ),
            ),
            author=find_author(),
        )
    say(f"A message is on its way to {to}.")


@channels.command()
@click.argument("name")
def enable(name: str) -> None:
    """Send through NAME again."""
    with opened() as app:
        app.channels.enable(name, author=find_author())
    say(f"{name} is on. Messages that waited go out.")


@channels.command()
@click.argument("name")
def disable(name: str) -> None:
    """Send nothing through NAME for the time being; its credentials are kept."""
    with opened() as app:
        app.channels.disable(name, author=find_author())
        is_any_on = any(one.is_enabled for one in app.channels.all())
    say(f"{name} is off. Use it again with: slagboom channels enable {name}")
    if not is_any_on:
        say("No channel is on now: messages to people wait.")


@channels.command()
@click.argument("name")
@click.confirmation_option(prompt="Forget this channel and its credentials?")
def remove(name: str) -> None:
    """Forget a channel and its credentials."""
    with opened() as app:
        app.channels.remove(name, author=find_author())
    say(f"{name} is forgotten.")
