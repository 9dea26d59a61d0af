"""What can go wrong inside, as texts for who runs Slagboom, and how a command ends."""

from enum import IntEnum


class Ending(IntEnum):
    """The exit codes that scripts rely on."""

    DONE = 0
    FOUND = 1
    WRONG_USE = 2
    OUTSIDE = 3


class SlagboomError(Exception):
    """An error whose text says what happened, what it means and what to do."""


class ConfigError(SlagboomError):
    """A setting is missing or wrong; the text names the variable and the remedy."""


class StoreDown(SlagboomError):
    """The database cannot be reached. Nothing was stored; try again."""

    def __init__(self) -> None:
        """Say what could not be done, and what to do now."""
        super().__init__(
            "The database cannot be reached, so nothing was stored. Check that the"
            " server of DATABASE_URL runs and accepts connections; what was asked"
            " can then be tried again."
        )


class Unstorable(SlagboomError):
    """The database cannot hold this, however often it is tried."""

    def __init__(self) -> None:
        """Say what it may be; the values themselves are a customer's."""
        super().__init__(
            "The database cannot hold this: there is a character in it that is none"
            " (NUL, or a byte that is no UTF-8), or it is too long. Nothing was stored."
        )


class KeyMissing(SlagboomError):
    """A stored secret cannot be opened with the keys at hand."""


class EmbeddedError(SlagboomError):
    """An embedded server cannot be started, reached or stopped."""


class AlreadyRunning(EmbeddedError):
    """Another process runs the embedded servers of this data folder: `pid`."""

    def __init__(self, message: str, *, pid: int | None) -> None:
        """Keep the process id of the one that runs, if it is known."""
        super().__init__(message)
        self.pid = pid
