"""`slagboom <vendor> init`: the project that sets an account up at its vendor."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from textwrap import fill
from urllib.parse import urlsplit

import click

from connector.bootstrap import Application
from connector.cli.folder import Folder, Written
from connector.cli.output import say
from connector.cli.policy.reading import read, refuse
from connector.cli.session import opened
from connector.errors import ConfigError, Ending
from connector.services.naming import named_fields, read_draft, restored_fields
from connector.store.connections import Connection
from connector.vendors import CrmVendor, Project, Site
from rules.document import DocumentInvalid

SECRET_VARIABLE = "SLAGBOOM_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
"""Stands where an address has its secret, until the variable is put in its place."""

_WIDTH = 88


def make_group(vendor: CrmVendor, project: Project) -> click.Group:
    """Return the commands of one vendor."""
    group = click.Group(
        vendor.key, help=f"Set {vendor.title} up with a project that is deployed."
    )
    command = click.Command(
        "init",
        callback=partial(_init, vendor, project),
        help=(
            f"Write the project that sets {vendor.title} up into the folder DIR. Typed"
            " again, it brings DIR up to date, and changes nothing that you changed."
        ),
        params=[
            click.Argument(
                ["folder"],
                metavar="DIR",
                type=click.Path(file_okay=False, path_type=Path),
            ),
            click.Option(
                ["--connection", "name"],
                metavar="NAME",
                help="The account that it is for, connected or not yet.  [default: the"
                f" only connected one, else {vendor.key}]",
            ),
            click.Option(
                ["--policy", "files"],
                metavar="FILE",
                multiple=True,
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="A policy that you are going to publish: the project then fits it"
                " as well as the published ones. May be repeated.",
            ),
        ],
    )
    group.add_command(command)
    return group


def _init(
    vendor: CrmVendor,
    project: Project,
    *,
    folder: Path,
    name: str | None,
    files: Sequence[Path],
) -> Ending:
    with opened() as app:
        found = _find(app, vendor, name)
        policies = list(app.policies.in_force(found)) if found else []
        for file in files:
            try:
                draft = read_draft(read(file), vendor=vendor.key, now=app.clock.now())
            except DocumentInvalid as error:
                return refuse(file, error)
            policies.append(draft)
        name = found.name if found else name or vendor.key
        place = Folder(folder, f"{vendor.title}, connection {name}")
        public_url = app.config.public_url
        site = Site(
            webhook_url=vendor.webhook(public_url, name, SECRET_VARIABLE),
            redirect_uri=f"{public_url}/oauth/{vendor.key}",
            settings=found.settings if found else {},
            fields=named_fields(policies),
            restored=restored_fields(policies),
            before=place.last(),
        )
        written = place.write(project.to_files(site))
    _tell(folder, written, project)
    if found is None:
        say(f"\nThe account is then connected under this name: {name}.")
    if urlsplit(public_url).scheme != "https":
        say(
            f"\nBut PUBLIC_URL is {public_url}, which {vendor.title} cannot reach. Set"
            " it to the https address that leads here, and type the command again"
            " before you deploy."
        )
    return Ending.DONE


def _find(app: Application, vendor: CrmVendor, name: str | None) -> Connection | None:
    """Return the connection that is meant; None if there is none of it yet.

    Raises ConfigError if the name is another's, or if there are several.
    """
    known = [one for one in app.accounts.all() if one.vendor == vendor.key]
    if name is not None:
        app.accounts.check(name, vendor=vendor.key)
        return next((one for one in known if one.name == name), None)
    if len(known) > 1:
        names = ", ".join(one.name for one in known)
        raise ConfigError(f"Say with --connection which account it is for: {names}.")
    return known[0] if known else None


def _tell(folder: Path, written: Sequence[Written], project: Project) -> None:
    for one in written:
        say(f"{one.what:<9}  {folder / one.path}")
    say("\nDeploy it:\n")
    for command in (f"cd {folder}", *project.commands):
        say(f"  {command}")
    say("\nBy hand:\n")
    for number, line in enumerate(project.by_hand, start=1):
        say(
            fill(
                f"{number}. {line}",
                width=_WIDTH,
                initial_indent="  ",
                subsequent_indent="     ",
                break_on_hyphens=False,
            )
        )
