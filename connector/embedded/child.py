"""Child processes that end when this process ends, however it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from connector.embedded.account import Account

_LONGEST_LOG = 1_000_000
_LAST_LINES = 5
_TIED = str(Path(__file__).with_name("tied.py"))


def start_child(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    output: IO[bytes] | int,
    on_death: signal.Signals,
    account: Account | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `command`, named by its path, in a session of its own: Ctrl-C is for us.

    On Linux the child gets the signal `on_death` when this process ends, even by
    kill -9; call this from the main thread, whose end is what the kernel looks at.
    Standard output and error go to `output`.
    """
    return subprocess.Popen(  # noqa: S603 - our own commands
        tied(command, on_death=on_death, account=account),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def tied(
    command: Sequence[str | Path], *, on_death: signal.Signals, account: Account | None
) -> list[str]:
    """Return what to run for `command` to run as `account`, tied to this process."""
    user = f"{account.uid}:{account.gid}" if account else "-"
    # Without what an environment or a virtual environment adds, it starts at once.
    python = [sys.executable, "-I", "-S", _TIED]
    parent = [str(os.getpid()), str(int(on_death))]
    return [*python, *parent, user, *map(str, command)]


def stop_child(
    child: "subprocess.Popen[bytes]", steps: Sequence[tuple[signal.Signals, float]]
) -> None:
    """Send one signal after the other, each with its seconds to wait, then kill."""
    for number, seconds in steps:
        if child.poll() is not None:
            return
        child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    if child.poll() is None:
        kill_group(child.pid)
        child.wait()


def kill_group(pid: int) -> None:
    """Kill a child together with its own children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_orphan(pid: int, *, word: str, seconds: float, signal_: signal.Signals) -> None:
    """Wait until process `pid` is gone, if its command line still contains `word`.

    It is one that an earlier, killed Slagboom has left and that is about to end; after
    half of `seconds` it gets `signal_`, at the end it is killed.
    """
    begun = time.monotonic()
    told = False
    while is_running(pid, word):
        waited = time.monotonic() - begun
        if waited > seconds:
            os.kill(pid, signal.SIGKILL)
        elif waited > seconds / 2 and not told:
            os.kill(pid, signal_)
            told = True
        time.sleep(0.05)


def is_running(pid: int, word: str) -> bool:
    """Say whether `pid` is a living process whose command line contains `word`."""
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return False


def read_number(path: Path) -> int | None:
    """Return the number on the first line of a pid file, None if there is none."""
    try:
        first = path.read_text().split("\n", 1)[0].strip()
    except OSError:
        return None
    return int(first) if first.isdigit() else None


def tail(path: Path) -> str:
    """Return the last lines of a log, for an error text."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4000))
            found = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(found[-_LAST_LINES:])


def open_log(path: Path) -> IO[bytes]:
    """Open a log to append to; a long one is put aside first."""
    with contextlib.suppress(OSError):
        if path.stat().st_size > _LONGEST_LOG:
            path.rename(path.with_suffix(".old.log"))
    return path.open("ab")
