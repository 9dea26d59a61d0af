"""Run the supervisor over small programs: `run_up.py [web|release EXIT_CODE]`.

Its environment is the configuration. The programs are this file again, under the names
of the processes that they stand for.
"""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from connector.config import Config
from connector.supervise import Commands, up


class Ready(BaseHTTPRequestHandler):
    """Answers every request with 200."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


def play(name: str, exit_code: str) -> int:
    """Be the process `name`; end at once if an exit code is given."""
    print(f"{name} has {os.environ['DATABASE_URL'].partition(':')[0]}")
    if exit_code:
        return int(exit_code)
    if name == "web":
        HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
    if name != "release":
        signal.pause()
    return 0


def main() -> int:
    """Supervise; the process that the arguments name ends with their exit code."""
    # Tests that run in the background are started with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ending, exit_code = [*sys.argv[1:], "", ""][:2]

    def command(name: str) -> tuple[str, ...]:
        return (
            sys.executable,
            __file__,
            "play",
            name,
            exit_code if name == ending else "",
        )

    return up(
        Config.load(os.environ),
        environ=os.environ,
        workers=2,
        commands=Commands(
            release=command("release"),
            web=command("web"),
            worker=command("worker"),
            clock=command("clock"),
            listen=command("listen"),
        ),
    )


if __name__ == "__main__":
    sys.exit(play(*sys.argv[2:]) if sys.argv[1:2] == ["play"] else main())
