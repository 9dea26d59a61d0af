"""`slagboom demo`."""

import click


@click.command()
@click.option(
    "--once", "is_once", is_flag=True, help="Play the script once, and sum it up."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Where the page is; 0 takes a free port.",
)
def demo(*, is_once: bool, port: int) -> int:
    """Show what Slagboom does, on CRMs of its own.

    Local CRMs, a Slack and a mail server are started, and a sales team that works
    carelessly; nothing of yours is touched and nothing stays behind. Ctrl-C ends it.
    With --once it ends by itself, with 0 only if everything happened that must.
    """
    from connector.demo import play  # noqa: PLC0415

    return play(is_once=is_once, port=port)
