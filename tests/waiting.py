"""Waiting for what another process does."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], what: str, *, seconds: float = 60.0) -> Found:
    """Look again and again; return the first thing found that is true.

    Fails, naming `what` was waited for, after so many seconds: many, since machines
    are busy, and who finds what they wait for loses none.
    """
    pause = threading.Event()
    give_up_at = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > give_up_at:
            raise AssertionError(f"Waited {seconds:.0f} s in vain for {what}.")
        pause.wait(0.02)
    return found


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
