"""Child processes that are kept running, and whose output goes through us."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from connector.embedded.child import kill_group, start_child
from connector.log import get_logger

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_SETTLED_SECONDS = 10.0
_CHUNK = 65536

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be kept running, under a name that its log lines carry."""

    name: str
    command: tuple[str, ...]


class Child:
    """One program: its process while it runs, and when to start it again."""

    def __init__(self, program: Program) -> None:
        """Start it at the next look."""
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.exit_code: int | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._early_ends = 0
        self._rest = b""

    def is_due(self) -> bool:
        """Say whether it does not run and its pause is over."""
        return self.process is None and time.monotonic() >= self._start_again_at

    def start(self, env: Mapping[str, str]) -> IO[bytes]:
        """Start it; return its output."""
        self.process = start_child(
            self.program.command,
            env=env,
            output=subprocess.PIPE,
            on_death=signal.SIGTERM,
        )
        self._started_at = time.monotonic()
        assert self.process.stdout is not None
        return self.process.stdout

    def notice_end(self) -> bool:
        """Say whether it has ended since the last look, and plan its next start.

        One that ends soon after its start waits longer each time.
        """
        if self.process is None or self.process.poll() is None:
            return False
        now = time.monotonic()
        lived_long = now - self._started_at > _SETTLED_SECONDS
        self._early_ends = 0 if lived_long else self._early_ends + 1
        pause = min(_FIRST_PAUSE * 2 ** max(0, self._early_ends - 1), _LONGEST_PAUSE)
        self._start_again_at = now + pause
        self.exit_code = self.process.returncode
        self.process = None
        return True

    def take_lines(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes; an empty one completes the last."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if not chunk and self._rest:
            lines.append(self._rest)
            self._rest = b""
        return lines


class Children:
    """All programs. Use it from the main thread only."""

    def __init__(
        self, programs: Sequence[Program], *, env: Mapping[str, str], prefixed: bool
    ) -> None:
        """Run `programs` with the environment `env`.

        Their lines go to standard error, `prefixed` with their names or as they are.
        """
        self._env = env
        self._prefixed = prefixed
        self._width = max((len(program.name) for program in programs), default=0)
        self._children = [Child(program) for program in programs]
        self._selector = selectors.DefaultSelector()

    def look(self, seconds: float) -> list[tuple[str, int]]:
        """Start what is due and pass output on for so many seconds.

        Returns the names and exit codes of the programs that have ended meanwhile.
        """
        for child in self._children:
            if child.is_due():
                output = child.start(self._env)
                self._selector.register(output, selectors.EVENT_READ, child)
        self._pass_output(seconds)
        ended = []
        for child in self._children:
            if child.notice_end():
                assert child.exit_code is not None
                ended.append((child.program.name, child.exit_code))
        return ended

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the programs that run, by name."""
        return {
            child.program.name: child.process.pid
            for child in self._children
            if child.process is not None
        }

    def stop(self, seconds: float) -> None:
        """Ask all to end, and kill those that have not ended after so many seconds."""
        give_up_at = time.monotonic() + seconds
        for pid in self.pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        while self._any_runs() and time.monotonic() < give_up_at:
            self._pass_output(0.05)
        for name, pid in self.pids.items():
            if self._runs(pid):
                log.warning("process.killed", process=name, after_seconds=seconds)
            kill_group(pid)
        for child in self._children:
            if child.process is not None:
                child.process.wait()
        self._pass_output(0)
        for key in list(self._selector.get_map().values()):
            self._let_go(key.fileobj)  # type: ignore[arg-type]
        self._selector.close()

    def _any_runs(self) -> bool:
        return any(self._runs(pid) for pid in self.pids.values())

    def _runs(self, pid: int) -> bool:
        return any(
            child.process is not None
            and child.process.pid == pid
            and child.process.poll() is None
            for child in self._children
        )

    def _pass_output(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            output: IO[bytes] = key.fileobj  # type: ignore[assignment]
            # It has something, so this does not wait; it takes no more than there is.
            chunk = os.read(output.fileno(), _CHUNK)
            for line in child.take_lines(chunk):
                self._write(child.program.name, line)
            if not chunk:
                self._let_go(output)

    def _let_go(self, output: IO[bytes]) -> None:
        self._selector.unregister(output)
        output.close()

    def _write(self, name: str, line: bytes) -> None:
        prefix = f"{name:{self._width}} | " if self._prefixed else ""
        # Nobody may be reading any more; that is no reason to stop.
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{prefix}{line.decode(errors='replace')}\n")
            sys.stderr.flush()
