"""`python -m adapters.sandbox --port N --smtp-port M`: serve until a signal ends it."""

import argparse
import signal
import sys
import threading

from adapters.sandbox.server import start


def main() -> None:
    """Start, print `ready <url>`, and stop on SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m adapters.sandbox")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--smtp-port", type=int, default=0)
    chosen = parser.parse_args()
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    sandbox = start(chosen.host, chosen.port, chosen.smtp_port)
    sys.stdout.write(f"ready {sandbox.url}\n")
    sys.stdout.flush()
    ended.wait()
    sandbox.stop()


if __name__ == "__main__":
    main()
