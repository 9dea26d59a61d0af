import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3

Json = dict[str, Any]
REP = "rep@example.com"
MANAGER = "manager@example.com"


class Control:
    """The control paths, as a test uses them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.PoolManager()

    def post(self, path: str, /, **body: Any) -> Json:
        answer = self._pool.request("POST", f"{self._url}/_sandbox/{path}", json=body)
        found = answer.json()
        assert answer.status == 200, found
        return found

    def get(self, path: str, /, **query: str) -> Json:
        answer = self._pool.request("GET", f"{self._url}/_sandbox/{path}", fields=query)
        assert answer.status == 200, answer.data
        return answer.json()

    def ask(
        self, method: str, path: str, body: Any = None, token: str = ""
    ) -> tuple[int, Json, Any]:
        """Ask a vendor's path without a vendor's client."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._pool.request(
            method, self._url + path, json=body, headers=headers, retries=False
        )
        return answer.status, answer.json() if answer.data else {}, answer.headers

    def close(self) -> None:
        self._pool.clear()


class Receiver:
    """A webhook receiver that keeps what it gets and answers as it is told.

    What it takes is answered with `thanks`.
    """

    def __init__(self, thanks: bytes = b"") -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((dict(self.headers.items()), body))
                status = outer.answers.pop(0) if outer.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", str(len(thanks)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(thanks)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/hubspot/x"

    def events(self) -> list[Json]:
        return [event for _, body in self.posts for event in json.loads(body)]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def seed_deal(control: Control, **properties: Any) -> str:
    """Have a deal in the account that nobody is told of; return its id."""
    made = control.post(
        "hubspot/seed",
        records=[
            {
                "key": "one",
                "object": "deals",
                "at": "-3d",
                "properties": {
                    "dealname": "Acme",
                    "dealstage": "appointmentscheduled",
                    **properties,
                },
            }
        ],
    )
    return str(made["ids"]["one"])
