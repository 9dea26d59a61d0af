from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.budget import Budget, LocalBudget, RedisBudget
from adapters.errors import Exhausted, Transient
from tests.hubspot.kit import Night

TEN_SECONDS = timedelta(seconds=10)


@pytest.fixture
def night() -> Night:
    return Night()


@pytest.fixture
def local(night: Night) -> LocalBudget:
    return LocalBudget(
        limit=3, window=TEN_SECONDS, sleep=night.sleep, monotonic=night.monotonic
    )


@pytest.fixture
def away() -> Iterator[Redis]:
    """A Redis that nobody serves."""
    with Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)) as redis:
        yield redis


def shared(redis: Redis, night: Night, **words: object) -> RedisBudget:
    return RedisBudget(
        redis,
        "acme",
        **{
            "limit": 3,
            "window": TEN_SECONDS,
            "sleep": night.sleep,
            "monotonic": night.monotonic,
            **words,
        },
    )


def spend(budget: Budget, times: int) -> None:
    for _ in range(times):
        budget.spend()


def test_within_the_limit_nobody_waits(local: LocalBudget, night: Night):
    spend(local, 3)
    assert night.naps == []


def test_beyond_the_limit_one_waits_until_the_window_has_moved_on(
    local: LocalBudget, night: Night
):
    spend(local, 4)
    assert night.naps == [10]
    spend(local, 2)
    assert night.naps == [10]


def test_a_learned_limit_counts_at_once(local: LocalBudget, night: Night):
    local.learn(limit=1, window=timedelta(seconds=2))
    spend(local, 2)
    assert night.naps == [2]


def test_a_hold_stops_everybody_for_so_long(local: LocalBudget, night: Night):
    local.hold(timedelta(seconds=7))
    local.hold(timedelta(seconds=1))
    spend(local, 1)
    assert night.naps == [7]


def test_too_long_a_wait_is_left_to_the_caller(local: LocalBudget, night: Night):
    local.hold(timedelta(hours=1))
    with pytest.raises(Transient) as spent:
        local.spend()
    assert spent.value.retry_after == timedelta(hours=1)
    assert night.naps == []


def test_what_is_counted_apart_does_not_use_up_the_rest(
    local: LocalBudget, night: Night
):
    searches = local.part("search", limit=1, window=timedelta(seconds=1))
    assert searches is local.part("search", limit=1, window=timedelta(seconds=1))
    spend(searches, 1)
    spend(local, 3)
    assert night.naps == []
    spend(searches, 1)
    assert night.naps == [1]


def test_processes_share_one_budget_through_redis(redis: Redis, night: Night):
    class Woken(Exception):
        pass

    def wake(seconds: float) -> None:
        night.sleep(seconds)
        raise Woken

    one, other = shared(redis, night), shared(redis, night, sleep=wake)
    spend(one, 2)
    spend(other, 1)
    with pytest.raises(Woken):
        other.spend()
    assert 9 < night.naps[0] <= 10


def test_what_one_process_learns_the_others_know(redis: Redis, night: Night):
    one, other = shared(redis, night), shared(redis, night)
    one.learn(limit=50, window=TEN_SECONDS)
    spend(other, 50)
    assert night.naps == []


def test_a_hold_is_shared_too(redis: Redis, night: Night):
    one, other = shared(redis, night), shared(redis, night)
    one.hold(timedelta(minutes=5))
    other.hold(timedelta(minutes=1))
    with pytest.raises(Transient) as held:
        other.spend()
    assert timedelta(minutes=4) < held.value.retry_after <= timedelta(minutes=5)


def test_a_hold_for_hours_says_that_the_account_is_used_up(redis: Redis, night: Night):
    budget = shared(redis, night)
    budget.hold(timedelta(hours=1))
    with pytest.raises(Exhausted) as held:
        budget.spend()
    assert held.value.retry_after > timedelta(minutes=59)


def test_accounts_and_parts_do_not_touch_each_other(redis: Redis, night: Night):
    one = shared(redis, night)
    spend(one, 3)
    spend(RedisBudget(redis, "other", limit=3, sleep=night.sleep), 3)
    spend(one.part("search", limit=2, window=TEN_SECONDS), 2)
    assert night.naps == []


def test_the_limit_holds_however_many_ask_at_once(redis: Redis):
    taken: list[float] = []

    def work() -> None:
        budget = RedisBudget(redis, "acme", limit=40, window=timedelta(minutes=5))
        for _ in range(10):
            taken.append(budget._take())  # noqa: PERF401 - threads share the list

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0 for wait in taken) == 40
    assert all(wait > 290 for wait in taken if wait)


def test_without_redis_the_process_keeps_its_own_budget(away: Redis, night: Night):
    budget = shared(away, night)
    budget.learn(limit=2, window=TEN_SECONDS)
    spend(budget, 3)
    assert night.naps == [10]
    budget.hold(timedelta(seconds=3))
    spend(budget, 1)
    assert night.naps == [10, 3]


def test_what_was_learned_is_told_again_after_redis_was_emptied(
    redis: Redis, night: Night
):
    one, other = shared(redis, night), shared(redis, night)
    one.learn(limit=50, window=TEN_SECONDS)
    redis.flushall()
    night.sleep(61)
    one.learn(limit=50, window=TEN_SECONDS)
    night.naps.clear()
    spend(other, 50)
    assert night.naps == []


def test_nothing_stays_in_redis_for_ever(redis: Redis, night: Night):
    budget = shared(redis, night)
    budget.learn(limit=3, window=TEN_SECONDS)
    spend(budget, 3)
    budget.hold(timedelta(minutes=1))
    assert {key for key in redis.scan_iter() if redis.ttl(key) == -1} == set()
