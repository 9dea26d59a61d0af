"""`slagboom <vendor> init`: the project that sets an account up at its vendor."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from connector.bootstrap import Application
from connector.cli.folder import Folder, Written
from connector.cli.session import opened
from connector.errors import ConfigError
from connector.store.connections import Connection
from connector.vendors import CrmVendor, Project, Site

SECRET_VARIABLE = "SLAGBOOM_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
"""Stands where an address has its secret, until the variable is put in its place."""


def make_group(vendor: CrmVendor, project: Project) -> click.Group:
    """Return the commands of one vendor."""

    def run(folder: Path, connection: str | None) -> None:
        with opened() as app:
            found = _find(app, vendor, connection)
            name = found.name if found else connection or vendor.key
            place = Folder(folder, f"{vendor.title}, connection {name}")
            written = place.write(
                project.to_files(_to_site(app, vendor, found, name, place.last()))
            )
            public_url = app.config.public_url
        _tell(folder, written, project)
        if found is None:
            click.echo(f"\nThe account is then connected under this name: {name}.")
        if urlsplit(public_url).scheme != "https":
            click.echo(
                f"\nBut PUBLIC_URL is {public_url}, which {vendor.title} cannot reach."
                " Set it to the https address that leads here, and type the command"
                " again before you deploy."
            )

    group = click.Group(
        vendor.key, help=f"Set {vendor.title} up with a project that is deployed."
    )
    command = click.Command(
        "init",
        callback=run,
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
                ["--connection"],
                metavar="NAME",
                help="The account that it is for, connected or not yet.  [default: the"
                f" only connected one, else {vendor.key}]",
            ),
        ],
    )
    group.add_command(command)
    return group


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


def _to_site(
    app: Application,
    vendor: CrmVendor,
    found: Connection | None,
    name: str,
    before: Mapping[str, str],
) -> Site:
    return Site(
        public_url=app.config.public_url,
        webhook_url=vendor.webhook(app.config.public_url, name, SECRET_VARIABLE),
        settings=found.settings if found else {},
        fields=app.policies.fields(found) if found else {},
        before=before,
    )


def _tell(folder: Path, written: Sequence[Written], project: Project) -> None:
    for one in written:
        click.echo(f"{one.what:<9}  {folder / one.path}")
    click.echo("\nDeploy it:\n")
    for command in (f"cd {folder}", *project.commands):
        click.echo(f"  {command}")
    click.echo("\nBy hand:\n")
    for number, line in enumerate(project.by_hand, start=1):
        click.echo(f"  {number}. {line}")
