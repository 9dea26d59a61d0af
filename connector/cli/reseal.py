"""`slagboom reseal`."""

import click

from connector.cli.output import say
from connector.cli.session import find_author, opened


@click.command()
def reseal() -> None:
    """Seal every stored secret with the first key of SLAGBOOM_KEYS.

    Afterwards the other keys may be taken away. Every process must have been started
    with the new key before.
    """
    with opened() as app:
        count = app.resealing.run(author=find_author())
    if count:
        say(f"The secrets of {count} accounts and channels have the newest key now.")
    else:
        say("Every stored secret has the newest key already.")
    say("Older keys may be taken out of SLAGBOOM_KEYS.")
