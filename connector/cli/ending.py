"""How a command ends: one exit code for each kind of ending, one text for people."""

import click

from adapters.errors import OutsideError
from connector.cli.output import say
from connector.errors import EmbeddedError, Ending, SlagboomError, StoreDown

_INTERRUPTED = 130

_ENDINGS: tuple[tuple[type[Exception], Ending], ...] = (
    (StoreDown, Ending.OUTSIDE),
    (EmbeddedError, Ending.OUTSIDE),
    (OutsideError, Ending.OUTSIDE),
    (SlagboomError, Ending.WRONG_USE),
)
"""The first that fits says how a command ends whose error a person is to read."""


def run(command: click.Command, arguments: list[str]) -> int:
    """Run a command line, print what went wrong for a person, return the exit code."""
    try:
        code = command.main(arguments, prog_name="slagboom", standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return Ending.WRONG_USE
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except (SlagboomError, OutsideError) as error:
        say(str(error), err=True)
        return next(ending for kind, ending in _ENDINGS if isinstance(error, kind))
    return Ending.DONE if code is None else int(code)
