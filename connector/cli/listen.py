"""`slagboom listen`."""

import logging
import signal
import threading

import click

from connector.cli.session import opened
from connector.errors import ConfigError


@click.command()
@click.argument("name", required=False)
def listen(name: str | None) -> None:
    """Hear of changes as they happen, of NAME or of all accounts that tell of them.

    Runs until it is stopped. An account that is connected meanwhile is noticed. Any
    number of these may run: one of them listens, and another goes on when it ends.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with opened(level=logging.INFO) as app:
        if name is not None and app.stream_for(app.accounts.find(name)) is None:
            raise ConfigError(
                f"{name} does not tell of changes as they happen: it was connected"
                " without, or its CRM cannot. `slagboom connect --help` leads to what"
                " can be asked for."
            )
        app.listen.run(stopped, name=name)
