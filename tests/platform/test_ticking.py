"""The clock hints what the database says is due, and shrugs off what is away."""

import pytest

from connector.errors import StoreDown
from connector.queue import Queue, open_redis
from connector.queue.ticking import Ticking
from tests.platform import sample_jobs


def due_two():
    return [("write", ("acme",)), ("write", ("beta",))]


def store_down():
    raise StoreDown


@pytest.fixture
def queue(redis):
    return Queue(redis, jobs=sample_jobs.JOBS)


def test_a_tick_hints_everything_that_is_due(queue):
    assert Ticking(queue, due_two).tick() == 2
    assert queue.count_waiting() == 2


def test_two_clocks_hint_no_more_than_one(queue):
    Ticking(queue, due_two).tick()
    Ticking(queue, due_two).tick()
    assert queue.count_waiting() == 2


def test_a_tick_without_database_hints_nothing_and_goes_on(queue):
    assert Ticking(queue, store_down).tick() == 0


def test_a_tick_without_redis_hints_nothing_and_goes_on():
    with open_redis("redis://127.0.0.1:1/0") as redis:
        queue = Queue(redis, jobs=sample_jobs.JOBS)
        assert Ticking(queue, due_two).tick() == 0
