"""`slagboom policy`."""

import click

from connector.cli.policy.differing import diff
from connector.cli.policy.history import log, show, versions
from connector.cli.policy.publishing import publish, rollback, withdraw
from connector.cli.policy.starting import start, starters
from connector.cli.policy.trying import check, schema_, test


@click.group()
def policy() -> None:
    """Check, test and publish policies."""


for _command in (
    starters,
    start,
    check,
    test,
    diff,
    publish,
    versions,
    log,
    show,
    rollback,
    withdraw,
):
    policy.add_command(_command)
policy.add_command(schema_)
