"""Memory: what a burst took is given back when it is over.

Glibc keeps what was freed for later, in a pool for each thread that ever asked: after a
burst a worker would stay as large as it was at its height.
https://sourceware.org/glibc/manual/latest/html_node/Malloc-Tunable-Parameters.html
"""

import ctypes
import sys
from functools import cache
from typing import Any

_M_ARENA_MAX = -8


def keep_small() -> None:
    """Have all threads share one pool, where the C library is glibc."""
    if (libc := _glibc()) is not None:
        libc.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give what is free back to the system, where the C library is glibc."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


@cache
def _glibc() -> Any:
    """Return the C library of this process, None if it is another than glibc."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None
