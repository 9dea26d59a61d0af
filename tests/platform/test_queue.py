"""Hints: one of a kind waits, only listed jobs run, and Redis may be away."""

import pickle
import signal
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from rq.serializers import JSONSerializer

from connector.metrics import Counter, Metrics
from connector.queue import Queue, open_redis
from connector.queue.hints import QUEUE, HintJob, open_queue
from connector.queue.worker import HintWorker
from tests.platform import sample_jobs

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def queue(redis: Redis) -> Queue:
    return Queue(redis, jobs=sample_jobs.JOBS)


@pytest.fixture
def work(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """Run a worker in this process until nothing waits any more."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    }

    def run() -> None:
        with open_redis(redis_url) as own, open_redis(redis_url) as counting:
            worker = HintWorker(own, jobs=sample_jobs.JOBS, metrics=Metrics(counting))
            worker.work(burst=True, logging_level="WARNING")

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def written(redis: Redis) -> list[str]:
    return [text.decode() for text in redis.lrange("written", 0, -1)]


def outcomes(redis: Redis) -> dict[tuple[str, ...], int]:
    return Metrics(redis).counts().get(Counter.JOBS, {})


def test_a_hint_runs_its_job_with_its_ids(queue, redis, work):
    assert queue.hint("write", "acme")
    work()
    assert written(redis) == ["acme"]
    assert outcomes(redis) == {("write", "done"): 1}


def test_equal_hints_wait_once_and_different_ones_each(queue, redis, work):
    for _ in range(5):
        assert queue.hint("write", "acme")
    queue.hint("write", "beta")
    assert queue.count_waiting() == 2
    work()
    assert written(redis) == ["acme", "beta"]


def test_a_hint_after_the_start_of_the_job_starts_it_again(queue, redis, work):
    queue.hint("write", "acme")
    work()
    queue.hint("write", "acme")
    work()
    assert written(redis) == ["acme", "acme"]


def test_a_finished_job_leaves_nothing_behind(queue, redis, work):
    queue.hint("write", "acme")
    work()
    assert list(redis.scan_iter("rq:job:*")) == []
    assert list(redis.scan_iter("rq:results:*")) == []
    assert list(redis.scan_iter("slagboom:waiting:*")) == []


def test_a_failing_job_is_counted_and_blocks_neither_others_nor_itself(
    queue, redis, work
):
    queue.hint("fail", "deal")
    queue.hint("write", "acme")
    work()
    assert queue.hint("fail", "deal")
    work()
    assert written(redis) == ["acme"]
    assert outcomes(redis) == {("write", "done"): 1, ("fail", "failed"): 2}


def test_failures_are_forgotten_within_an_hour(queue, redis, work):
    queue.hint("fail", "deal")
    work()
    (kept,) = redis.scan_iter("rq:job:*")
    assert 0 < redis.ttl(kept) <= 3600


@pytest.mark.parametrize(
    "function",
    [
        "os.system",
        "tests.platform.sample_jobs.unlisted",
        "tests.platform.sample_jobs.JOBS.to_function",
        "sample_jobs.write",
    ],
)
def test_a_function_that_is_not_listed_does_not_run(redis, queue, work, function):
    open_queue(redis).enqueue(function, "x")
    queue.hint("write", "after")
    work()
    assert written(redis) == ["after"]
    assert outcomes(redis) == {("unknown", "refused"): 1, ("write", "done"): 1}
    assert list(redis.scan_iter("rq:job:*")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("tests.platform.sample_jobs.write", None, [{"a": 1}], {}),
        ("tests.platform.sample_jobs.write", None, ["x"], {"more": 1}),
        ("tests.platform.sample_jobs.write", {"an": "object"}, ["x"], {}),
    ],
    ids=["a nested argument", "a named argument", "a method of an object"],
)
def test_a_listed_job_runs_with_ids_only(redis, work, arguments):
    job = HintJob.create(
        "tests.platform.sample_jobs.write",
        connection=redis,
        serializer=JSONSerializer,
    )
    job.data = JSONSerializer.dumps(arguments)
    open_queue(redis).enqueue_job(job)
    work()
    assert written(redis) == []
    assert outcomes(redis) == {("unknown", "refused"): 1}


class Poison:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return sample_jobs.unlisted, ("by pickle",)


def test_a_pickle_in_redis_is_not_opened(redis, work):
    job = open_queue(redis).enqueue("tests.platform.sample_jobs.write", "x")
    redis.hset(job.key, "data", pickle.dumps(("f", None, (Poison(),), {})))
    work()
    assert written(redis) == []
    assert outcomes(redis) == {("unknown", "refused"): 1}


@pytest.mark.parametrize("field", ["success_callback_name", "failure_callback_name"])
@pytest.mark.parametrize("job", ["write", "fail"])
def test_a_callback_that_somebody_wrote_into_redis_does_not_run(
    redis, work, field, job
):
    made = open_queue(redis).enqueue(f"tests.platform.sample_jobs.{job}", "x")
    redis.hset(made.key, field, "tests.platform.sample_jobs.unlisted")
    work()
    assert not any("unlisted" in text for text in written(redis))
    assert sum(outcomes(redis).values()) == 1


def test_a_malformed_job_is_dropped_and_the_next_one_runs(redis, queue, work):
    job = open_queue(redis).enqueue("tests.platform.sample_jobs.write", "x")
    redis.hset(job.key, "result_ttl", "soon")
    queue.hint("write", "after")
    work()
    assert written(redis) == ["after"]


def test_without_redis_a_hint_says_so_and_does_not_raise():
    with open_redis(NOWHERE) as redis:
        queue = Queue(redis, jobs=sample_jobs.JOBS)
        assert queue.hint("write", "acme") is False
        assert queue.count_waiting() is None
        assert queue.count_workers() is None
        assert queue.answers() is False


@pytest.mark.parametrize("job", ["unlisted", "os.system", ""])
def test_a_hint_for_no_job_of_ours_is_a_mistake(queue, job):
    with pytest.raises(ValueError, match="is no job"):
        queue.hint(job, 1)


def test_a_hint_with_anything_but_ids_is_a_mistake(queue):
    with pytest.raises(ValueError, match="ids only"):
        queue.hint("write", {"name": "Acme"})


def test_the_queue_is_the_only_one(queue, redis):
    queue.hint("write", "acme")
    assert redis.smembers("rq:queues") == {f"rq:queue:{QUEUE}".encode()}
