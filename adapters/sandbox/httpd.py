"""A small threaded HTTP/1.1 server for a WSGI application.

Connections are kept alive, so that a request costs a millisecond instead of a
handshake, and an application may ask for a connection to be dropped without an answer
by setting `DROP` in its environment: that is how lost answers are made.
"""

import contextlib
import io
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import unquote

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

DROP = "sandbox.drop"
_IDLE_SECONDS = 120


class Server(ThreadingHTTPServer):
    """Serves `application` in one thread per connection until `stop`."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, application: Application) -> None:
        self.application = application
        self._open: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        super().__init__((host, port), _Handler)
        self._loop = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._loop.start()

    def stop(self) -> None:
        """Stop listening, close every connection and wait for their threads."""
        self.shutdown()
        self._loop.join()
        self.server_close()
        with self._guard:
            still_open = list(self._open.items())
        for thread, connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, remembered so that `stop` can end it."""
        thread = threading.current_thread()
        with self._guard:
            self._open[thread] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.pop(thread, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; print everything else."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS

    def _serve(self) -> None:
        body = self._read_body()
        environ = self._environ(body)
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _exc: Any = None
        ) -> None:
            started.append((status, headers))

        result = cast("Server", self.server).application(environ, start_response)
        try:
            payload = b"".join(result)
        finally:
            if (close := getattr(result, "close", None)) is not None:
                close()
        if environ.get(DROP):
            self.close_connection = True
            return
        self._answer(*started[-1], payload)

    def __getattr__(self, name: str) -> Any:
        """Serve every method: the base class asks for `do_GET` and the like."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _environ(self, body: bytes) -> Environ:
        path, _, query = self.path.partition("?")
        host, port = cast("Server", self.server).server_address[:2]
        environ: Environ = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
        }
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            if key not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}:
                environ[key] = value
        return environ

    def _answer(
        self, status: str, headers: list[tuple[str, str]], payload: bytes
    ) -> None:
        lines = [f"HTTP/1.1 {status}"]
        lines += [
            f"{name}: {value}"
            for name, value in headers
            if name.lower() != "content-length"
        ]
        code = int(status[:3])
        has_body = self.command != "HEAD" and code not in {204, 304}
        if code != 204:  # noqa: PLR2004 - 204 must not carry a length
            lines.append(f"Content-Length: {len(payload)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.wfile.write(head + payload if has_body else head)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet: the request log of the sandbox is the record."""
