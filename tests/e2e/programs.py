"""The processes of an installation, each started, killed and started again alone."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import Popen  # noqa: TC003

from connector.embedded.child import start_child

ROOT = Path(__file__).parents[2]


class Program:
    """One process, and whether it is to run."""

    def __init__(
        self, name: str, arguments: tuple[str, ...], env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self._command = (sys.executable, *arguments)
        self._env = env
        self._log = log
        self._child: Popen[bytes] | None = None
        self._is_wanted = False

    @property
    def has_ended(self) -> bool:
        """Whether it does not run."""
        return self._child is None or self._child.poll() is not None

    def start(self) -> None:
        """Start it unless it runs."""
        self._is_wanted = True
        if not self.has_ended:
            return
        with self._log.open("ab") as log:
            self._child = start_child(
                self._command,
                env=self._env,
                output=log,
                on_death=signal.SIGKILL,
                cwd=ROOT,
            )

    def revive(self) -> None:
        """Start it again if it ended by itself, as a supervisor does."""
        if self._is_wanted and self.has_ended:
            self.start()

    def kill(self) -> None:
        """End it as the kernel does when memory is short; it stays away."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def said(self) -> str:
        """Return what it has logged."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _end(self, number: signal.Signals) -> None:
        self._is_wanted = False
        if self._child is not None:
            if self._child.poll() is None:
                os.kill(self._child.pid, number)
            self._child.wait(timeout=60)
            self._child = None
