"""The command `slagboom`. What a subcommand needs is loaded when it is used."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any, cast

import click

from connector.cli.ending import run
from connector.errors import Ending
from connector.vendors import CRMS

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("up", "Run it: web, worker, clock, listener and the servers they need."),
    "demo": ("demo", "Show what Slagboom does, on a CRM of its own."),
    "listen": ("listen", "Hear of changes as they happen, where a CRM tells of them."),
    "connect": ("connect", "Connect a CRM account."),
    "connections": ("lists", "List the connected accounts."),
    "probe": ("accounts", "Try whether an account can be worked with."),
    "import": ("accounts", "Take an account's records as they stand for known."),
    "sweep": ("accounts", "Look for changes that no webhook told of."),
    "pause": ("accounts", "Only observe, from one command to the next."),
    "resume": ("accounts", "Intervene again after a pause."),
    "policy": ("policy", "Check, test and publish policies."),
    "people": ("people", "Who is told, and who leads whom."),
    "channels": ("channels", "The ways to reach people."),
    "explain": ("explain", "Say what would happen to a record, and what it needs."),
    "violations": ("lists", "List what stands against the policies."),
    "interventions": ("lists", "List what was done about it."),
    "holds": ("holds", "List the moves that wait for something missing."),
    "placeholders": ("placeholders", "Say which odd texts are answers after all."),
    "undo": ("undo", "Take back what was done to records."),
    "storm": ("storms", "See what the storm guard stopped, and answer it."),
    "permit": ("storms", "Let many records deviate, as in an announced import."),
    "permits": ("storms", "List the permits."),
    "exempt": ("exemptions", "Let one record deviate from a rule for a time."),
    "exemptions": ("exemptions", "List who may deviate from what, and why."),
    "park": ("parking", "Do not follow a record up until a moment."),
    "parked": ("parking", "List what is not followed up for a while."),
    "follow-ups": ("follow_ups", "List the follow-ups that run."),
    "deliveries": ("lists", "List what the CRMs sent."),
    "reseal": ("reseal", "Seal the stored secrets with the newest key."),
    "doctor": ("doctor", "Find out what is wrong with this installation."),
}


_PROJECTS = {
    vendor.key: (vendor, vendor.project)
    for vendor in CRMS.values()
    if vendor.project is not None
}
"""The vendors with commands of their own, and what they deploy."""


class LazyGroup(click.Group):
    """A group whose subcommands live in modules that are loaded one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which a beginner needs them."""
        return [*COMMANDS, *_PROJECTS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load and return a subcommand; None if there is none of this name."""
        if cmd_name in _PROJECTS:
            init = importlib.import_module("connector.cli.init")
            return cast("click.Command", init.make_group(*_PROJECTS[cmd_name]))
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"connector.cli.{COMMANDS[cmd_name][0]}")
        return cast("click.Command", vars(module)[_to_attribute(cmd_name)])

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of subcommands without loading any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    *((name, text) for name, (_, text) in COMMANDS.items()),
                    *(
                        (
                            name,
                            f"Set {vendor.title} up with a project that is deployed.",
                        )
                        for name, (vendor, _) in _PROJECTS.items()
                    ),
                ]
            )


def _to_attribute(name: str) -> str:
    plain = name.replace("-", "_")
    return f"{plain}_" if plain == "import" else plain


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="slagboom", prog_name="slagboom")
def slagboom() -> None:
    """Make the process of your CRM real.

    Exit codes: 0 done, 1 found something, 2 wrong use or configuration, 3 the outside
    world cannot be reached or refuses.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command of this process and end it."""
    given: Any = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(int(run(slagboom, given)))


__all__ = ["COMMANDS", "Ending", "main", "slagboom"]
