"""What all tests share: real servers from the wheels, closed sockets, a frozen clock.

Each process of pytest-xdist runs its own PostgreSQL and its own Valkey, on sockets in a
folder of its own; no root, no port and no installed server is needed.
"""

import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from redis import Redis

from connector.config import Urls
from connector.embedded import Embedded
from tests.emptying import DISCONNECT, EMPTY
from tests.fakes.clock import FrozenClock

# How long an example takes is no law: machines differ, and are busy.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", ""})  # noqa: S104


class SocketClosed(BaseException):
    """A test spoke to the world outside. Not an Exception, so that nothing hides it."""


def _refuse_the_world(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name not in LOOPBACK and not name.startswith("127."):
        raise SocketClosed(f"A test reached for {name!r}; only this machine is open.")


sys.addaudithook(_refuse_the_world)


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands still at noon on Tuesday 1 December 2026, UTC."""
    return FrozenClock()


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, which afterwards is as before, whatever was set up."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = before
    root.setLevel(level)


def _make_home() -> Path:
    # pytest's own folders are closed to other users, and under root PostgreSQL runs as
    # one; the short path also leaves room for sockets.
    home = Path(tempfile.mkdtemp(prefix="slagboom-"))
    home.chmod(0o711)
    return home


@pytest.fixture
def home() -> Iterator[Path]:
    """A fresh data folder for embedded servers, removed afterwards."""
    home = _make_home()
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Urls]:
    """The addresses of this process' own PostgreSQL and Valkey."""
    home = _make_home()
    with Embedded(home, durable=False) as embedded:
        yield embedded.urls
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def _server(servers: Urls) -> Iterator[psycopg.Connection]:
    """A connection to the default database, which stays empty."""
    with psycopg.connect(to_libpq(servers.database_url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def empty_database_url(servers: Urls, _server: psycopg.Connection) -> Iterator[str]:
    """A database without any table, in SQLAlchemy's form."""
    yield _create(servers, _server, "empty")
    _drop(_server, "empty")


@pytest.fixture(scope="session")
def _migrated(servers: Urls, _server: psycopg.Connection) -> str:
    """The address of a database in which the migrations have been run."""
    # Here, so that tests without a database need not load the store.
    from connector.store.migrate import migrate  # noqa: PLC0415

    url = _create(servers, _server, "migrated")
    migrate(url)
    return url


@pytest.fixture
def database_url(_migrated: str) -> str:
    """A database with every table and no row, in SQLAlchemy's form.

    It is the same one for all tests, whose tables are to stay as they are.
    """
    with psycopg.connect(to_libpq(_migrated), autocommit=True) as connection:
        connection.execute(DISCONNECT)
        connection.execute(EMPTY)
    return _migrated


@pytest.fixture
def redis_url(servers: Urls) -> str:
    """An empty Redis."""
    with Redis.from_url(servers.redis_url) as redis:
        redis.flushall()
    return servers.redis_url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of an empty Redis."""
    with Redis.from_url(redis_url) as redis:
        yield redis


def to_libpq(url: str) -> str:
    """Return an address of SQLAlchemy's form as psycopg takes it."""
    return url.replace("+psycopg", "", 1)


def _create(servers: Urls, server: psycopg.Connection, name: str) -> str:
    _drop(server, name)
    server.execute(f'CREATE DATABASE "{name}"'.encode())
    return servers.database_url.replace("@/slagboom?", f"@/{name}?", 1)


def _drop(server: psycopg.Connection, name: str) -> None:
    # With force: a test may have left a pool behind.
    server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
