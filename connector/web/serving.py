"""The web server: waitress, told when to stop and what to do then.

It reads requests and sends answers in one thread and calls the application in others,
so that slow and stalled clients cost a socket and no thread: a CRM's delivery is
answered however many of them there are.
"""

import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import (  # type: ignore[import-untyped]
    ErrorTask,
    ThreadedTaskDispatcher,
)

from connector.log import get_logger
from connector.web.body import LARGEST

THREADS = 6
"""Requests answered at once. More of them only get into each other's way: Python runs
one at a time, and those that store something share a commit."""

CONNECTIONS = 900
"""Below the 1024 files that a process may usually have open."""

_IDLE_SECONDS = 60
_LOOK_SECONDS = 0.5
_FINISH_SECONDS = 10.0
_BACKLOG = 1024
_CHUNK = 64 * 1024
_LARGEST_HEAD = 64 * 1024

log = get_logger(__name__)

Application = Callable[..., Any]


class OnRefusal(Protocol):
    """Hears of requests that never reach the application, by their status."""

    def __call__(self, status: int) -> None:
        """Take note of a refusal; must not fail."""
        ...


class Server:
    """Listens from the moment it is made; answers while it runs."""

    def __init__(
        self,
        application: Application,
        listening: socket.socket,
        *,
        on_refusal: OnRefusal,
    ) -> None:
        """Answer what comes in on `listening` with a WSGI application."""
        adjustments = Adjustments(
            sockets=[listening],
            threads=THREADS,
            ident=None,
            connection_limit=CONNECTIONS,
            channel_timeout=_IDLE_SECONDS,
            recv_bytes=_CHUNK,
            max_request_body_size=LARGEST,
            max_request_header_size=_LARGEST_HEAD,
            inbuf_overflow=LARGEST,
            # select() cannot watch as many connections as we take.
            asyncore_use_poll=True,
            # They are not believed; that they are there tells of a proxy.
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
        )
        self._sockets: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(THREADS)
        self._server = TcpWSGIServer(
            application,
            self._sockets,
            _sock=listening,
            dispatcher=self._dispatcher,
            adj=adjustments,
            sockinfo=(
                listening.family,
                listening.type,
                listening.proto,
                listening.getsockname(),
            ),
            bind_socket=False,
        )
        self._server.channel_class = _channel(on_refusal)
        self._is_stopping = False
        self.has_closed_its_door = False

    def stop(self) -> None:
        """Stop soon; may be called from a signal handler and from other threads."""
        self._is_stopping = True
        self._server.pull_trigger()

    def run(self) -> None:
        """Answer until stopped; then finish what has come in, and no more."""
        while not self._is_stopping:
            self._turn()
        self._server.del_channel(self._sockets)
        self._server.socket.close()
        self.has_closed_its_door = True
        give_up_at = time.monotonic() + _FINISH_SECONDS
        while self._is_busy() and time.monotonic() < give_up_at:
            self._turn(0.05)
        self._dispatcher.shutdown()
        wasyncore.close_all(self._sockets, ignore_all=True)

    def _turn(self, seconds: float = _LOOK_SECONDS) -> None:
        wasyncore.loop(timeout=seconds, map=self._sockets, use_poll=True, count=1)

    def _is_busy(self) -> bool:
        return any(
            channel.requests or channel.total_outbufs_len
            for channel in list(self._server.active_channels.values())
        )


def serve(
    application: Application,
    *,
    host: str,
    port: int,
    on_refusal: OnRefusal,
    at_end: Callable[[], object],
) -> None:
    """Answer on `host`:`port` until SIGTERM or SIGINT, then call `at_end`.

    Raises OSError if the address cannot be listened on.
    """
    # A line for each request that waits for a thread would cost more than the request.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=_BACKLOG) as at:
        server = Server(application, at, on_refusal=on_refusal)

        def stop(_number: int, _frame: FrameType | None) -> None:
            server.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        log.info("web.started", host=host, port=at.getsockname()[1])
        server.run()
    at_end()


def _channel(on_refusal: OnRefusal) -> type[HTTPChannel]:
    """Return waitress' connection, with refusals that are counted."""

    class CountedErrorTask(ErrorTask):  # type: ignore[misc]
        def execute(self) -> None:
            with contextlib.suppress(AttributeError):
                on_refusal(self.request.error.code)
            super().execute()

    class Channel(HTTPChannel):  # type: ignore[misc]
        error_task_class = CountedErrorTask

    return Channel
