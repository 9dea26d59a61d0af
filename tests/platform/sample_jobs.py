"""Jobs for tests of the queue: each leaves a trace in Redis."""

import os
from datetime import timedelta

from redis import Redis

from connector.queue import Jobs

JOBS = Jobs(
    "tests.platform.sample_jobs",
    {
        "write": timedelta(seconds=20),
        "fail": timedelta(seconds=20),
        "linger": timedelta(seconds=20),
        "overrun": timedelta(seconds=1),
    },
)


def _redis() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"])


def write(text: str) -> None:
    """Add `text` to the list `written`."""
    with _redis() as redis:
        redis.rpush("written", text)


def fail(text: str) -> None:
    """Fail, like a job with a mistake in it."""
    raise LookupError(f"There is no {text}.")


def linger(text: str) -> None:
    """Say that it has begun, and end when the list `go` gets an entry."""
    write(f"begun {text}")
    with _redis() as redis:
        redis.blpop(["go"], 15)
    write(f"ended {text}")


def overrun(text: str) -> None:
    """Take longer than is allowed."""
    linger(text)


def unlisted(text: str) -> None:
    """Do what no hint may ask for."""
    write(f"unlisted {text}")
