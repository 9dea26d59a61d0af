"""A small load generator: requests made beforehand, over connections that are kept.

One process, no threads, little work for each request: it shares its machine with what
it measures.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Measured:
    """What came back: how long each answer took, in milliseconds, and its status."""

    seconds: float = 0.0
    took_ms: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0

    @property
    def rate(self) -> float:
        return len(self.took_ms) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.took_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def __str__(self) -> str:
        if not self.took_ms:
            return f"no answer at all ({self.broken} connections broke)"
        statuses = ", ".join(
            f"{count} x {status}" for status, count in sorted(self.statuses.items())
        )
        broken = f", {self.broken} broken connections" if self.broken else ""
        return (
            f"{self.rate:6.0f}/s   p50 {self.percentile(0.5):5.1f} ms"
            f"   p99 {self.percentile(0.99):5.1f} ms   ({statuses}{broken})"
        )


class _Client:
    """One connection, with at most one request on its way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(0)
        self.to_send = memoryview(b"")
        self.answer = b""
        self.sent_at = 0.0

    def begin(self, request: bytes) -> None:
        self.to_send = memoryview(request)
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.go_on()

    def go_on(self) -> None:
        while self.to_send:
            try:
                sent = self.socket.send(self.to_send)
            except BlockingIOError:
                return
            self.to_send = self.to_send[sent:]

    def status(self) -> int | None:
        """Return the status once the whole answer is there."""
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return None
        lowered = head.lower()
        _, found, rest = lowered.partition(b"content-length:")
        if found:
            if len(body) < int(rest.split(b"\r\n")[0]):
                return None
        elif b"chunked" in lowered and not body.endswith(b"0\r\n\r\n"):
            return None
        return int(head.split(b" ", 2)[1])


def run_load(
    address: tuple[str, int],
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
) -> Measured:
    """Send `requests` in turn, again and again, one at a time on each connection."""
    measured = Measured()
    coming = _forever(requests)
    selector = selectors.DefaultSelector()
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    begun_at = time.perf_counter()
    for _ in range(connections):
        _connect(selector, address, next(coming))
    while (now := time.perf_counter()) - begun_at < seconds:
        for key, events in selector.select(0.1):
            client: _Client = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    client.go_on()
                if events & selectors.EVENT_READ and not _read(client):
                    raise ConnectionResetError
            except OSError:
                measured.broken += 1
                selector.unregister(client.socket)
                client.socket.close()
                _connect(selector, address, next(coming))
                continue
            if (status := client.status()) is not None:
                measured.took_ms.append((time.perf_counter() - client.sent_at) * 1000)
                measured.statuses[status] += 1
                client.begin(next(coming))
            wanted = both if client.to_send else selectors.EVENT_READ
            if wanted != key.events:
                selector.modify(client.socket, wanted, client)
    measured.seconds = now - begun_at
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    return measured


def _connect(
    selector: selectors.BaseSelector, address: tuple[str, int], request: bytes
) -> None:
    client = _Client(address)
    selector.register(
        client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, client
    )
    client.begin(request)


def _read(client: _Client) -> bool:
    try:
        part = client.socket.recv(65536)
    except BlockingIOError:
        return True
    client.answer += part
    return bool(part)


def _forever(requests: Sequence[bytes]) -> Iterator[bytes]:
    while True:
        yield from requests
