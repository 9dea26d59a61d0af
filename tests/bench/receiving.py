"""An installation whose web process takes deliveries, for measuring."""

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.clock import SystemClock
from connector.crypto import Vault
from connector.embedded import Embedded
from connector.store import open_store
from connector.store.migrate import migrate
from tests.bench.senders import SENDERS, Sender

ROOT = Path(__file__).resolve().parents[2]
KEY = "c2xhZ2Jvb20tYmVuY2gtb25seS1hLWZha2Uta2V5ISE="
WEB = (sys.executable, "-m", "connector.wsgi", "--bind", "{address}")


@dataclass(frozen=True, slots=True)
class Installation:
    """Running servers with one connected account, and the settings of a process."""

    env: Mapping[str, str]
    database_url: str
    port: int
    sender: Sender

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    @contextmanager
    def web(self, command: Sequence[str] = WEB) -> Iterator[int]:
        """Run a web process that is ready; gives its process id."""
        words = [word.format(address=f"127.0.0.1:{self.port}") for word in command]
        process = subprocess.Popen(
            words, env=dict(self.env), cwd=ROOT, stderr=subprocess.DEVNULL
        )
        try:
            _wait_until_ready(self.address)
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def installed(vendor: str = "hubspot") -> Iterator[Installation]:
    """Start PostgreSQL (every commit on disk) and Valkey, and connect an account."""
    sender = SENDERS[vendor]
    home = Path(tempfile.mkdtemp(prefix="slagboom-"))
    home.chmod(0o711)
    try:
        with Embedded(home) as embedded, socket.create_server(("127.0.0.1", 0)) as at:
            port = at.getsockname()[1]
            at.close()
            migrate(embedded.urls.database_url)
            store = open_store(embedded.urls.database_url)
            with store.begin() as tx:
                tx.connections.save(
                    "bench",
                    vendor=sender.vendor,
                    settings=sender.settings,
                    secrets=Vault([KEY]).seal(sender.secrets),
                    now=SystemClock().now(),
                )
            store.close()
            env = {
                **os.environ,
                "DATABASE_URL": embedded.urls.database_url,
                "REDIS_URL": embedded.urls.redis_url,
                "SLAGBOOM_KEYS": KEY,
                "PUBLIC_URL": f"http://127.0.0.1:{port}",
                "PORT": str(port),
            }
            yield Installation(env, embedded.urls.database_url, port, sender)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def deliveries(installation: Installation, count: int = 64) -> list[bytes]:
    """Return whole requests, signed a moment ago where the CRM signs."""
    sender = installation.sender
    url = installation.env["PUBLIC_URL"] + sender.path
    requests = []
    for seed in range(count):
        body = sender.body(seed)
        head = [
            f"POST {sender.path} HTTP/1.1",
            f"Host: 127.0.0.1:{installation.port}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {one}" for name, one in sender.headers(url, body).items()),
        ]
        requests.append("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    return requests


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process, or a child of it, has taken at once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max(_peak(one) for one in (str(pid), *children))


def _peak(pid: str) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _wait_until_ready(address: tuple[str, int]) -> None:
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        connection = http.client.HTTPConnection(*address, timeout=2)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise TimeoutError("The web process does not get ready.")
