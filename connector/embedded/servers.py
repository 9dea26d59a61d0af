"""Both embedded servers of one data folder, which one process at a time may run."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from connector.config import Config, Urls
from connector.embedded import postgres, valkey
from connector.embedded.account import (
    Account,
    demand_reachable,
    find_account,
    make_folder,
)
from connector.embedded.child import read_number
from connector.embedded.server import Server
from connector.errors import AlreadyRunning, EmbeddedError

# In the order of the addresses that may be given in their place.
_KINDS: tuple[type[Server], ...] = (postgres.Postgres, valkey.Valkey)
# Linux allows 107 bytes for the whole path of a socket.
_LONGEST_SOCKET = 107
_LONGEST_NAME = ".s.PGSQL.5432.lock"


class Embedded:
    """PostgreSQL and Valkey, private to this installation."""

    def __init__(
        self,
        home: Path,
        *,
        database_url: str | None = None,
        redis_url: str | None = None,
        durable: bool = True,
    ) -> None:
        """Keep everything in `home`; no server is run in place of a given address.

        Without `durable` data may be lost when the machine stops: for tests only.
        """
        self._home = home.absolute()
        self._given = (database_url, redis_url)
        self._durable = durable
        self._lock: IO[str] | None = None
        self._servers: list[Server] = []

    @classmethod
    def for_config(cls, config: Config) -> Self:
        """Return the servers that `config` asks for."""
        return cls(
            config.home,
            database_url=config.database_url,
            redis_url=config.redis_url,
        )

    @property
    def urls(self) -> Urls:
        """Where the servers are (or will be) and what was given instead of them."""
        database_url, redis_url = self._given
        sockets = find_sockets(self._home)
        return Urls(
            database_url or postgres.to_url(sockets),
            redis_url or valkey.to_url(sockets),
        )

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the servers that run, by name."""
        return {
            server.name: server.pid
            for server in self._servers
            if server.pid is not None and server.is_alive()
        }

    def start(self) -> Urls:
        """Start what is needed and return where everything is.

        Raises AlreadyRunning if another process runs the servers of this folder, and
        EmbeddedError if a server cannot be started.
        """
        self._make_home()
        self._lock = _take_lock(self._home)
        try:
            self._start_servers()
        except BaseException:
            self.stop()
            raise
        return self.urls

    def stop(self) -> None:
        """Stop what was started, and let go of the folder."""
        for server in self._servers:
            server.stop()
        self._servers = []
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def revive(self) -> tuple[str, ...]:
        """Start the servers that have died; return their names.

        Raises EmbeddedError if one does not start.
        """
        dead = [server for server in self._servers if not server.is_alive()]
        for server in dead:
            server.start()
        return tuple(server.name for server in dead)

    def __enter__(self) -> Self:
        """Start what is needed."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop what was started."""
        self.stop()

    def _make_home(self) -> None:
        try:
            self._home.mkdir(mode=0o711, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {self._home} cannot be made ({error.strerror})."
                " Name one that this user may write to with SLAGBOOM_HOME."
            ) from None

    def _start_servers(self) -> None:
        account = find_account()
        demand_reachable(self._home, account)
        sockets = find_sockets(self._home)
        if sockets.parent != self._home:
            _demand_own(sockets, account)
        make_folder(sockets, account)
        for given, kind in zip(self._given, _KINDS, strict=True):
            if given is not None:
                continue
            server = kind(
                self._home, sockets=sockets, account=account, durable=self._durable
            )
            self._servers.append(server)
            server.start()


@contextmanager
def borrow(config: Config) -> Iterator[Urls]:
    """Give a command the servers, whether `slagboom up` runs on this folder or not.

    If it does, its servers are used; else they are started, and stopped at the end.
    Raises EmbeddedError if that fails.
    """
    if not config.is_embedded:
        yield config.urls()
        return
    servers = Embedded.for_config(config)
    try:
        urls = servers.start()
    except AlreadyRunning:
        yield servers.urls
        return
    try:
        yield urls
    finally:
        servers.stop()


def find_sockets(home: Path) -> Path:
    """Return the folder of the sockets: in `home`, unless its path is too long."""
    near = home / "run"
    if len(os.fsencode(near / _LONGEST_NAME)) <= _LONGEST_SOCKET:
        return near
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"slagboom-{mark}"


def _demand_own(sockets: Path, account: Account | None) -> None:
    """Raise EmbeddedError if somebody else has made our folder in the shared one."""
    try:
        owner = sockets.lstat().st_uid
    except FileNotFoundError:
        return
    if sockets.is_symlink() or owner != (account.uid if account else os.geteuid()):
        raise EmbeddedError(
            f"{sockets}, where the embedded servers would listen, belongs to another"
            " user. Remove it, or name a data folder with a shorter path with"
            " SLAGBOOM_HOME."
        )


def _take_lock(home: Path) -> IO[str]:
    """Return the open lock file, which the kernel frees when this process ends."""
    path = home / "lock"
    try:
        lock = path.open("a+")
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {home} cannot be used ({error.strerror}). It belongs to"
            " another user, perhaps after a start as root; name another one with"
            " SLAGBOOM_HOME, or start Slagboom as its owner."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        pid = read_number(path)
        raise AlreadyRunning(
            f"Slagboom already runs on the data folder {home}"
            f" (process {pid if pid is not None else 'unknown'}). Stop that one first,"
            " or give this one a folder of its own with SLAGBOOM_HOME.",
            pid=pid,
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock
