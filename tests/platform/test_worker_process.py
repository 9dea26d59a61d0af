"""A worker as a process: stopped, killed, and with a Redis that comes and goes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from connector.embedded import Embedded
from connector.metrics import Counter, Metrics
from connector.queue import Queue, open_redis
from tests.platform import sample_jobs
from tests.waiting import wait_for

RUN = Path(__file__).with_name("run_worker.py")


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen]]:
    started = []

    def run(redis_url: str) -> subprocess.Popen:
        environ = {"PYTHONPATH": str(Path.cwd()), "REDIS_URL": redis_url}
        process = subprocess.Popen(
            [sys.executable, str(RUN)],
            env={**os.environ, **environ},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def queue(redis: Redis) -> Queue:
    return Queue(redis, jobs=sample_jobs.JOBS)


def wait_for_text(redis: Redis, text: str) -> None:
    wait_for(lambda: text.encode() in redis.lrange("written", 0, -1), text)


def test_a_worker_that_is_asked_to_stop_finishes_its_job(
    start, queue, redis, redis_url
):
    worker = start(redis_url)
    queue.hint("linger", "acme")
    wait_for_text(redis, "begun acme")
    worker.send_signal(signal.SIGTERM)
    redis.rpush("go", 1)
    assert worker.wait(timeout=20) == 0
    wait_for_text(redis, "ended acme")


def test_an_idle_worker_stops_at_once(start, queue, redis, redis_url):
    worker = start(redis_url)
    queue.hint("write", "acme")
    wait_for_text(redis, "acme")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert queue.count_workers() == 0


def test_a_job_whose_worker_was_killed_can_be_hinted_again_at_once(
    start, queue, redis, redis_url
):
    worker = start(redis_url)
    queue.hint("linger", "acme")
    wait_for_text(redis, "begun acme")
    worker.kill()
    worker.wait()
    assert queue.hint("linger", "acme")
    redis.rpush("go", 1)
    start(redis_url)
    wait_for_text(redis, "ended acme")


def test_a_job_that_overruns_is_broken_off_and_the_next_one_runs(
    start, queue, redis, redis_url
):
    start(redis_url)
    queue.hint("overrun", "acme")
    queue.hint("write", "next")
    wait_for_text(redis, "next")
    counts = Metrics(redis).counts()[Counter.JOBS]
    assert counts["overrun", "failed"] == 1


def test_a_failure_is_one_line_of_the_log(start, queue, redis, redis_url):
    worker = start(redis_url)
    queue.hint("fail", "deal")
    queue.hint("write", "next")
    wait_for_text(redis, "next")
    worker.terminate()
    (line,) = worker.communicate(timeout=20)[1].splitlines()
    written = json.loads(line)
    assert (written["event"], written["job"]) == ("job.failed", "fail")
    assert "There is no deal" in written["exception"]


def test_after_redis_was_emptied_the_worker_works_and_is_listed(
    start, queue, redis, redis_url
):
    start(redis_url)
    wait_for(queue.count_workers, "the worker")
    redis.flushall()
    assert queue.hint("write", "acme")
    wait_for_text(redis, "acme")
    wait_for(queue.count_workers, "the worker in the list again")


def test_after_redis_was_killed_hints_run_again(start, home):
    with Embedded(home, database_url="elsewhere") as servers:
        url = servers.urls.redis_url
        workers = [start(url)]
        with open_redis(url) as redis:
            queue = Queue(redis, jobs=sample_jobs.JOBS)
            wait_for(queue.count_workers, "the worker")
            os.kill(servers.pids["valkey"], signal.SIGKILL)
            wait_for(lambda: not servers.pids, "the death of Redis")
            assert queue.hint("write", "lost") is False
            servers.revive()
            assert queue.hint("write", "acme")

            def is_written() -> bool:
                # Caught in the midst of something it ends, to be started again.
                if (exit_code := workers[-1].poll()) is not None:
                    assert exit_code == 3
                    workers.append(start(url))
                return b"acme" in redis.lrange("written", 0, -1)

            wait_for(is_written, "acme")


def test_without_redis_a_worker_ends_and_says_why(start):
    worker = start("redis://127.0.0.1:1/0")
    assert worker.wait(timeout=20) == 3
    assert "worker.lost_redis" in worker.stderr.read()
