"""The web server itself, on real sockets, and the process around it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.web.body import LARGEST
from connector.web.serving import THREADS, Server
from tests.fakes.source import SIGNATURE
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
DELIVERY = (
    b"POST /webhooks/hubspot/acme HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    + SIGNATURE.encode()
    + b": right\r\nContent-Length: 2\r\n\r\n[]"
)
STALLED = 40


@contextlib.contextmanager
def serving(application, refused=None) -> Iterator[tuple[str, int]]:
    refused = [] if refused is None else refused
    with socket.create_server(("127.0.0.1", 0)) as at:
        address = at.getsockname()
        server = Server(application, at, on_refusal=refused.append)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield address
        finally:
            server.stop()
            thread.join(20)
    assert not thread.is_alive()


def ask(address, request):
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(request)
        return int(client.recv(4096).split()[1])


@pytest.mark.parametrize(
    "start", [DELIVERY[:30], DELIVERY[:-1]], ids=["half a head", "half a body"]
)
def test_stalled_clients_keep_no_delivery_waiting(house, start):
    house.connect()
    with serving(house.app) as address, contextlib.ExitStack() as stack:
        for _ in range(STALLED):
            stalled = stack.enter_context(socket.create_connection(address))
            stalled.sendall(start)
        assert ask(address, DELIVERY) == 200


def test_a_body_that_says_it_is_too_large_is_refused_unread(house):
    refused: list[int] = []
    with serving(house.app, refused) as address:
        head = DELIVERY.replace(b"Length: 2", f"Length: {LARGEST + 1}".encode())
        assert ask(address, head[:-2]) == 413
        assert ask(address, DELIVERY.replace(b"Length: 2", b"Length: x")) == 400
    assert refused == [413, 400]


def test_a_body_of_unknown_length_is_refused_where_it_gets_too_large(house):
    refused: list[int] = []
    chunk = b"10000\r\n" + b"[" * 0x10000 + b"\r\n"
    head = DELIVERY.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")[:-2]
    with (
        serving(house.app, refused) as address,
        socket.create_connection(address, timeout=30) as client,
    ):
        # It may hang up before all of it is sent.
        with contextlib.suppress(ConnectionError):
            client.sendall(head)
            for _ in range(LARGEST // 0x10000 + 2):
                client.sendall(chunk)
            client.sendall(b"0\r\n\r\n")
        assert client.recv(4096).split()[1] == b"413"
    assert refused == [413]


def test_what_has_come_in_is_answered_before_it_stops():
    begun, may_end = threading.Event(), threading.Event()

    def slow(_environ, start_response):
        begun.set()
        may_end.wait(30)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    with socket.create_server(("127.0.0.1", 0)) as at:
        server = Server(slow, at, on_refusal=[].append)
        thread = threading.Thread(target=server.run)
        thread.start()
        with socket.create_connection(at.getsockname(), timeout=30) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert begun.wait(30)
            server.stop()
            wait_for(lambda: server.has_closed_its_door, "no more connections")
            may_end.set()
            with client.makefile("rb") as answer:
                assert answer.read().endswith(b"done")
        thread.join(20)
    assert not thread.is_alive()


def test_more_requests_than_threads_are_all_answered(house):
    house.connect()
    with serving(house.app) as address:
        clients = [socket.create_connection(address, timeout=30) for _ in range(40)]
        for client in clients:
            client.sendall(DELIVERY)
        answers = [client.recv(4096).split()[1] for client in clients]
        for client in clients:
            client.close()
    assert answers == [b"200"] * 40
    assert len(answers) > THREADS


@pytest.fixture
def environ(database_url, redis_url, tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SLAGBOOM_HOME": str(tmp_path),
        "SLAGBOOM_KEYS": "c2xhZ2Jvb20tYmVuY2gtb25seS1hLWZha2Uta2V5ISE=",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "LOG_FORMAT": "json",
    }


def test_the_process_starts_serves_and_ends_when_it_is_asked_to(environ):
    process = subprocess.Popen(
        [sys.executable, "-m", "connector.wsgi", "--bind", "127.0.0.1:0"],
        env=environ,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            started = process.stderr.readline()
            port = int(started.split('"port": ')[1].split(",")[0].rstrip("}"))
            request = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
            assert ask(("127.0.0.1", port), request) == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_a_wrong_setting_is_named_and_stops_the_process(environ):
    ended = subprocess.run(
        [sys.executable, "-m", "connector.wsgi"],
        env={**environ, "SLAGBOOM_PAGE_KEY": "short"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "SLAGBOOM_PAGE_KEY" in ended.stderr
    assert "short" not in ended.stderr


def test_a_taken_address_is_named(environ):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "connector.wsgi",
                "--bind",
                f"127.0.0.1:{taken.getsockname()[1]}",
            ],
            env=environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 3
    assert "cannot listen" in ended.stderr
