"""`slagboom up`: everything runs, comes back when killed, and ends together."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.embedded.child import read_number
from tests.waiting import is_running, wait_for

RUN = Path(__file__).with_name("run_up.py")
NAMES = ["web", "worker", "worker", "clock", "listen"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Up:
    """A supervisor in a process of its own, with its output in files."""

    def __init__(self, home: Path, *arguments: str, **environ: str) -> None:
        self.home = home
        self.out, self.err = home / "out", home / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, str(RUN), *arguments],
                stdout=out,
                stderr=err,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(Path.cwd()),
                    "SLAGBOOM_HOME": str(home),
                    "PORT": "0",
                    **environ,
                },
            )

    def wait_until_ready(self) -> str:
        def ready() -> str:
            assert self.process.poll() is None, self.err.read_text()
            return self.out.read_text()

        return wait_for(ready, "the ready line").strip()

    def children(self) -> dict[int, str]:
        """Return the running programs, by process id."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_text().split("\0")
                environ = (folder / "environ").read_bytes()
                if (
                    words[1:3] == [str(RUN), "play"]
                    and os.fsencode(f"SLAGBOOM_HOME={self.home}\0") in environ + b"\0"
                ):
                    found[int(folder.name)] = words[3]
        return {pid: name for pid, name in found.items() if is_running(pid)}

    def servers(self) -> list[int]:
        """Return the process ids of the running embedded servers."""
        pids = [
            read_number(self.home / "postgresql" / "postmaster.pid"),
            read_number(self.home / "valkey.pid"),
        ]
        return [pid for pid in pids if pid is not None and is_running(pid)]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=40)


@pytest.fixture
def start(home: Path) -> Iterator[object]:
    started: list[Up] = []

    def run(*arguments: str, **environ: str) -> Up:
        started.append(Up(home, *arguments, **environ))
        return started[-1]

    yield run
    for one in started:
        one.process.terminate()
        one.process.wait(timeout=40)


def is_answering(address: str) -> bool:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name
)
def test_it_says_ready_once_and_ends_with_everything_when_asked(start, number):
    up = start()
    word, address = up.wait_until_ready().split()
    assert word == "ready"
    assert is_answering(address)
    assert sorted(up.children().values()) == sorted(NAMES)
    assert len(up.servers()) == 2
    servers, children = up.servers(), up.children()
    assert up.end(number) == 0
    assert [pid for pid in (*children, *servers) if is_running(pid)] == []
    assert up.out.read_text() == f"ready {address}\n"


def test_what_processes_write_carries_their_names(start):
    up = start()
    up.wait_until_ready()

    def found() -> bool:
        lines = up.err.read_text().splitlines()
        return {
            "web      | web has postgresql+psycopg",
            "worker.1 | worker has postgresql+psycopg",
            "worker.2 | worker has postgresql+psycopg",
            "clock    | clock has postgresql+psycopg",
        } <= set(lines)

    wait_for(found, "a line of every process")


def test_lines_of_json_stay_as_they_are(start):
    up = start(LOG_FORMAT="json")
    up.wait_until_ready()
    wait_for(lambda: "\nclock has " in up.err.read_text(), "a line of the clock")


def test_a_process_that_was_killed_is_started_again(start):
    up = start()
    up.wait_until_ready()
    before = up.children()
    for pid in before:
        os.kill(pid, signal.SIGKILL)

    def are_new() -> bool:
        now = up.children()
        return sorted(now.values()) == sorted(NAMES) and not now.keys() & before.keys()

    wait_for(are_new, "all of them")
    assert up.process.poll() is None


def test_servers_that_were_killed_are_started_again(start):
    up = start()
    up.wait_until_ready()
    before = up.servers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)

    def are_new() -> bool:
        return len(up.servers()) == 2 and not set(before) & set(up.servers())

    wait_for(are_new, "both servers")
    assert sorted(up.children().values()) == sorted(NAMES)


def test_everything_ends_when_it_is_killed_itself(start):
    up = start()
    up.wait_until_ready()
    children, servers = up.children(), up.servers()
    up.end(signal.SIGKILL)
    for pid in (*children, *servers):
        wait_for(lambda pid=pid: not is_running(pid), f"the end of {pid}")


def test_after_it_was_killed_it_starts_again_at_once(start):
    up = start()
    up.wait_until_ready()
    up.end(signal.SIGKILL)
    again = start()
    again.wait_until_ready()
    assert again.end() == 0


def test_a_second_one_on_the_same_folder_is_refused(start):
    up = start()
    up.wait_until_ready()
    refused = subprocess.run(
        [sys.executable, str(RUN)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "SLAGBOOM_HOME": str(up.home)}
        | {"PORT": "0"},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert refused.returncode == 2
    assert f"(process {up.process.pid})" in refused.stderr
    assert refused.stdout == ""


def test_a_port_that_is_taken_is_explained(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = start(PORT=str(port))
        assert up.process.wait(timeout=40) == 2
    assert f"cannot listen on 127.0.0.1:{port} (address already in use)" in (
        up.err.read_text()
    )


@pytest.mark.parametrize(("code", "expected"), [("2", 2), ("3", 3), ("1", 1)])
def test_when_the_database_cannot_be_prepared_nothing_is_started(start, code, expected):
    up = start("release", code)
    assert up.process.wait(timeout=40) == expected
    assert "nothing was started" in up.err.read_text()
    assert up.servers() == []


def test_a_process_that_refuses_its_configuration_ends_the_start(start):
    up = start("clock", "2")
    assert up.process.wait(timeout=40) == 2
    assert "clock refuses its configuration" in up.err.read_text()
    assert up.children() == {}
