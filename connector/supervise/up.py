"""Start the embedded servers and every process of Slagboom, and watch them.

Everything runs as a child of this one process, which has no threads and does nothing
else, so that it does not fail itself. Should it be killed all the same, its children
end with it.
"""

import http.client
import importlib.util
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TextIO

from connector.config import KEYS_FILE, Config, LogFormat
from connector.embedded import Embedded
from connector.embedded.child import start_child, stop_child
from connector.errors import (
    AlreadyRunning,
    ConfigError,
    EmbeddedError,
    Ending,
    SlagboomError,
)
from connector.log import get_logger, set_up
from connector.supervise.children import Children, Program

_LOOK_SECONDS = 0.1
_READY_SECONDS = 120.0
_STOP_SECONDS = 15.0
_BIND_SECONDS = 5.0
_WEB = ("-m", "connector.wsgi")
_LISTEN = ("-m", "connector.cli", "listen")
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = get_logger(__name__)


class _Stopped(BaseException):
    """SIGTERM, SIGINT or SIGHUP came."""


class _Failed(Exception):
    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Commands:
    """How each process is started."""

    release: tuple[str, ...]
    """Run to its end before the others: the migrations."""
    web: tuple[str, ...]
    worker: tuple[str, ...]
    clock: tuple[str, ...]
    listen: tuple[str, ...]

    @classmethod
    def installed(cls, host: str, port: int) -> "Commands":
        """Return the commands of this installation; web listens on `host`:`port`."""
        spec = importlib.util.find_spec("worker")
        assert spec is not None
        assert spec.origin is not None
        python = (sys.executable,)
        return cls(
            release=(*python, "-m", "connector.store.migrate"),
            web=(*python, *_WEB, "--bind", _to_authority(host, port)),
            worker=(*python, spec.origin),
            clock=(*python, spec.origin, "clock"),
            listen=(*python, *_LISTEN),
        )


def up(
    config: Config,
    *,
    environ: Mapping[str, str],
    host: str = "127.0.0.1",
    port: int | None = None,
    workers: int = 1,
    commands: Commands | None = None,
    announce: TextIO | None = None,
) -> int:
    """Run everything until SIGTERM, SIGINT or SIGHUP; return the exit code.

    `environ` is handed to the children, completed by what is decided here. When
    `/readyz` answers, exactly one line `ready <address>` goes to `announce` (standard
    output); everything else goes to standard error. Port 0 takes a free one.

    0: stopped when asked to; 2: wrong use or configuration, e.g. a second one on the
    same data folder or a port that is taken; 3: a server or a process does not start.
    """
    set_up(config.log_format)
    try:
        with _stopping_on_signals():
            address = _take_address(host, config.port if port is None else port)
            with Embedded.for_config(config) as embedded:
                log.info("servers.started", **embedded.pids)
                env = _complete(environ, config, embedded, address)
                _run_everything(
                    commands or Commands.installed(*address),
                    workers=workers,
                    env=env,
                    embedded=embedded,
                    address=address,
                    prefixed=config.log_format is LogFormat.CONSOLE,
                    announce=announce or sys.stdout,
                )
    except _Stopped:
        return Ending.DONE
    except _Failed as failed:
        return failed.exit_code
    except (ConfigError, AlreadyRunning) as error:
        return _tell(error, Ending.WRONG_USE)
    except EmbeddedError as error:
        return _tell(error, Ending.OUTSIDE)
    raise AssertionError("Only a signal or an error ends the loop.")


def _tell(error: SlagboomError, exit_code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return exit_code


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    """Turn the first stopping signal into _Stopped, and ignore the later ones."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in _STOPPING:
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped

    before = {
        number: signal.signal(number, stop)
        for number in _STOPPING
        # As `nohup` leaves it.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _take_address(host: str, port: int) -> tuple[str, int]:
    """Return the address with its port filled in; raises ConfigError if it is taken.

    Processes of a Slagboom that was killed may hold it for some moments more.
    """
    give_up_at = time.monotonic() + _BIND_SECONDS
    while True:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.create_server((host, port), family=family) as free:
                return host, int(free.getsockname()[1])
        except OSError as error:
            if time.monotonic() > give_up_at:
                raise ConfigError(
                    f"The web process cannot listen on {host}:{port}"
                    f" ({os.strerror(error.errno or 0).lower()}). Stop what uses it,"
                    " or choose another one with --host, --port or PORT."
                ) from None
            time.sleep(0.2)


def _complete(
    environ: Mapping[str, str],
    config: Config,
    embedded: Embedded,
    address: tuple[str, int],
) -> dict[str, str]:
    """Return `environ` with everything that was decided here filled in."""
    env = {**environ, "PYTHONUNBUFFERED": "1", "SLAGBOOM_HOME": str(config.home)}
    env["PORT"] = str(address[1])
    if not env.get("PUBLIC_URL", "").strip():
        env["PUBLIC_URL"] = _to_url(address)
    if config.database_url is None:
        env["DATABASE_URL"] = embedded.urls.database_url
        if not env.get("SLAGBOOM_KEYS") and not env.get("SLAGBOOM_KEYS_FILE"):
            env["SLAGBOOM_KEYS_FILE"] = str(config.home / KEYS_FILE)
    if config.redis_url is None:
        env["REDIS_URL"] = embedded.urls.redis_url
    return env


def _to_authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _to_url(address: tuple[str, int]) -> str:
    host, port = address
    # What listens everywhere is reached on this machine.
    near = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104
    return f"http://{_to_authority(near.get(host, host), port)}"


def _run_everything(
    commands: Commands,
    *,
    workers: int,
    env: Mapping[str, str],
    embedded: Embedded,
    address: tuple[str, int],
    prefixed: bool,
    announce: TextIO,
) -> None:
    """Run until stopped; raises _Failed if what must work first does not."""
    _release(commands.release, env)
    programs = [
        Program("web", commands.web),
        *(Program(f"worker.{n}", commands.worker) for n in range(1, workers + 1)),
        Program("clock", commands.clock),
        # Always: an account that is connected later is then heard without a restart.
        Program("listen", commands.listen),
    ]
    children = Children(programs, env=env, prefixed=prefixed)
    try:
        _wait_until_ready(children, embedded, address)
        announce.write(f"ready {_to_url(address)}\n")
        announce.flush()
        while True:
            _watch(children, embedded)
    except _Stopped:
        log.info("up.stopping", **children.pids)
        raise
    finally:
        children.stop(_STOP_SECONDS)


def _release(command: tuple[str, ...], env: Mapping[str, str]) -> None:
    child = start_child(
        command, env=env, output=sys.stderr.fileno(), on_death=signal.SIGTERM
    )
    try:
        exit_code = child.wait()
    finally:
        stop_child(child, [(signal.SIGTERM, _STOP_SECONDS)])
    if exit_code:
        sys.stderr.write(
            "The database could not be brought up to date, so nothing was started.\n"
        )
        raise _Failed(exit_code if exit_code > 0 else Ending.OUTSIDE)


def _watch(children: Children, embedded: Embedded) -> None:
    """Keep everything running for a moment; raises _Failed if that is no use."""
    for name, exit_code in children.look(_LOOK_SECONDS):
        log.warning("process.ended", process=name, exit_code=exit_code)
        if exit_code == Ending.WRONG_USE:
            # It has said which setting is wrong; trying again will not mend that.
            sys.stderr.write(f"{name} refuses its configuration (see above).\n")
            raise _Failed(Ending.WRONG_USE)
    for name in embedded.revive():
        log.warning("server.restarted", server=name)


def _wait_until_ready(
    children: Children, embedded: Embedded, address: tuple[str, int]
) -> None:
    give_up_at = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up_at:
        _watch(children, embedded)
        if _is_ready(address):
            return
    sys.stderr.write(
        f"{_to_url(address)}/readyz has not answered for {_READY_SECONDS:.0f} seconds."
        " The lines above say what keeps failing.\n"
    )
    raise _Failed(Ending.OUTSIDE)


def _is_ready(address: tuple[str, int]) -> bool:
    authority = _to_url(address).removeprefix("http://")
    connection = http.client.HTTPConnection(authority, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
