"""What both embedded servers have in common."""

import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from connector.embedded.account import Account
from connector.embedded.child import stop_child


class Server(ABC):
    """A server that runs as our child, with its data in one folder."""

    name: ClassVar[str]
    stop_steps: ClassVar[Sequence[tuple[signal.Signals, float]]]
    """Signals that stop it, each with the seconds it is given."""

    _child: subprocess.Popen[bytes] | None = None

    def __init__(
        self, home: Path, *, sockets: Path, account: Account | None, durable: bool
    ) -> None:
        """Keep data below `home` and listen in the folder `sockets`.

        Without `durable` data may be lost when the machine stops: for tests only.
        """
        self._home = home
        self._data = home / self.name
        self._log = home / f"{self.name}.log"
        self._sockets = sockets
        self._account = account
        self._durable = durable

    @property
    def pid(self) -> int | None:
        """The process id of the server that was started."""
        return self._child.pid if self._child else None

    def is_alive(self) -> bool:
        """Say whether the server that was started still runs."""
        return self._child is not None and self._child.poll() is None

    @abstractmethod
    def start(self) -> None:
        """Start it and wait until it is ready; raises EmbeddedError."""

    def stop(self) -> None:
        """Stop it; everything is on disk."""
        if self._child is not None:
            stop_child(self._child, self.stop_steps)
            self._child = None
