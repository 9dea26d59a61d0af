"""Becomes a command that ends when the process ends that asked for it.

Run by its path: `tied.py PARENT SIGNAL UID:GID COMMAND...`, with `-` for the present
user. It does what else would be done between fork and exec, where a process that has
threads may not: what the threads hold stays held there, and libraries that start theirs
again (gRPC) bring the child down.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> None:
    """Become the command, or end with 1 if the parent is gone already."""
    parent, on_death, account, *command = arguments
    if account != "-":
        uid, gid = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After the change of user, which undoes it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(on_death), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
    # Python ignores them, and what is ignored stays so.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606 - our own commands, and no shell


if __name__ == "__main__":
    main(sys.argv[1:])
