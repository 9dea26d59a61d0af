"""`slagboom up`."""

import os

import click

from connector.config import Config


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen here.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Listen on this port. [PORT, or 8000]"
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many worker processes.",
)
def up(host: str, port: int | None, workers: int) -> int:
    """Run it: web, worker, clock, listener and the servers they need.

    Without DATABASE_URL and REDIS_URL a private PostgreSQL and a private Valkey are run
    in SLAGBOOM_HOME. Prints "ready <address>" when all of it serves. Ctrl-C ends it.
    """
    from connector.supervise import up as run  # noqa: PLC0415

    return run(
        Config.load(os.environ),
        environ=os.environ,
        host=host,
        port=port,
        workers=workers,
    )
