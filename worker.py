"""Start a worker, or with the word `clock` the clock. Both end on SIGTERM."""

import os
import sys
from collections.abc import Sequence

# Loaded before the first job, not in it.
from connector import jobs
from connector.config import Config
from connector.errors import ConfigError
from connector.log import set_up
from connector.queue import run_clock, run_worker


def main(arguments: Sequence[str]) -> int:
    """Run until stopped; return the exit code (2: wrong use or configuration)."""
    try:
        config = Config.load(os.environ)
        urls = config.urls()
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    set_up(config.log_format)
    match arguments:
        case []:
            jobs.prepare()
            return run_worker(urls.redis_url)
        case ["clock"]:
            return run_clock(urls.redis_url, jobs.due)
        case _:
            print("Use: python worker.py [clock]", file=sys.stderr)  # noqa: T201
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
