"""Children are started whatever threads there are, and end when they should."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connector.embedded.child import start_child
from tests.waiting import is_running, wait_for

FORKS: list[int] = []
# For as long as this process lives: there is no way to take it back.
os.register_at_fork(before=lambda: FORKS.append(os.getpid()))

ANCESTOR = """
import signal, subprocess, sys
from connector.embedded.child import start_child
child = start_child(
    [sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()"],
    env={}, output=subprocess.PIPE, on_death=signal.SIGTERM,
)
child.stdout.readline()
print(child.pid, flush=True)
signal.pause()
"""


def start(code: str, **more) -> "subprocess.Popen[bytes]":
    return start_child(
        [sys.executable, "-c", code],
        env={"GREETING": "hello"},
        output=subprocess.PIPE,
        on_death=signal.SIGTERM,
        **more,
    )


def test_nothing_of_ours_runs_between_fork_and_exec(tmp_path: Path):
    before = len(FORKS)
    child = start("import os; print(os.getcwd(), os.environ['GREETING'])", cwd=tmp_path)
    said, _ = child.communicate()
    assert (child.returncode, said.decode()) == (0, f"{tmp_path} hello\n")
    assert len(FORKS) == before
    with subprocess.Popen(["/bin/true"], preexec_fn=os.getpid):  # noqa: PLW1509
        assert len(FORKS) > before


def test_a_child_minds_a_broken_pipe_as_any_program_does():
    # Python sets this for itself anew, so something else has to look.
    child = start_child(
        ["/bin/grep", "SigIgn", "/proc/self/status"],
        env={},
        output=subprocess.PIPE,
        on_death=signal.SIGTERM,
    )
    said, _ = child.communicate()
    ignored = int(said.split()[1], 16)
    assert ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children")
def test_a_child_ends_with_the_process_that_started_it():
    with subprocess.Popen(
        [sys.executable, "-c", ANCESTOR],
        stdout=subprocess.PIPE,
        text=True,
    ) as ancestor:
        assert ancestor.stdout is not None
        pid = int(ancestor.stdout.readline())
        assert is_running(pid)
        ancestor.kill()
    wait_for(lambda: not is_running(pid), "the end of the child")
