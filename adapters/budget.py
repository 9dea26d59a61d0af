"""How many requests an account allows, shared by every process that spends them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from redis.exceptions import RedisError

from adapters.errors import Exhausted, Transient

if TYPE_CHECKING:
    from redis import Redis

Sleep = Callable[[float], None]
Monotonic = Callable[[], float]

LIMIT = 100
WINDOW = timedelta(seconds=10)
"""What the smallest accounts allow; `learn` corrects it."""
PATIENCE = timedelta(seconds=60)
_LONG_S = 300.0
"""A longer wait is not for a rate that was exceeded: the account is used up."""
_OFFLINE_S = 15.0
"""For so long Redis is left alone after it failed."""
_SHORTEST_NAP_S = 0.005
_RETOLD_S = 60.0
"""So often a process repeats what it learned: Redis may have been emptied."""
_REMEMBERED = timedelta(days=1)


class Budget(Protocol):
    """The requests that one account allows. Safe to use from several threads."""

    def spend(self) -> None:
        """Wait until one request may go out; Transient if that would take too long.

        Exhausted if it would take very long.
        """
        ...

    def learn(self, *, limit: int, window: timedelta) -> None:
        """Take over what the vendor says it allows."""
        ...

    def hold(self, wait: timedelta) -> None:
        """Let nobody send for so long: the vendor has had enough."""
        ...

    def part(self, name: str, *, limit: int, window: timedelta) -> "Budget":
        """Return a budget of its own for requests that the vendor counts apart."""
        ...


class LocalBudget:
    """A budget within this process: for tests, and while Redis is away."""

    def __init__(
        self,
        *,
        limit: int = LIMIT,
        window: timedelta = WINDOW,
        patience: timedelta = PATIENCE,
        sleep: Sleep = time.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Allow `limit` requests in any `window`."""
        self._limit = limit
        self._window_s = window.total_seconds()
        self._patience = patience
        self._sleep = sleep
        self._monotonic = monotonic
        self._spent: deque[float] = deque()
        self._held_until = 0.0
        self._lock = threading.Lock()
        self._parts: dict[str, LocalBudget] = {}

    def spend(self) -> None:
        """Wait until one request may go out; Transient if that would take too long."""
        _wait(self._take, patience=self._patience, sleep=self._sleep)

    def learn(self, *, limit: int, window: timedelta) -> None:
        """Take over what the vendor says it allows."""
        with self._lock:
            self._limit = max(1, limit)
            self._window_s = window.total_seconds()

    def hold(self, wait: timedelta) -> None:
        """Let nobody send for so long."""
        with self._lock:
            until = self._monotonic() + wait.total_seconds()
            self._held_until = max(self._held_until, until)

    def part(self, name: str, *, limit: int, window: timedelta) -> "LocalBudget":
        """Return a budget of its own, the same one for the same name."""
        with self._lock:
            if name not in self._parts:
                self._parts[name] = LocalBudget(
                    limit=limit,
                    window=window,
                    patience=self._patience,
                    sleep=self._sleep,
                    monotonic=self._monotonic,
                )
            return self._parts[name]

    def _take(self) -> float:
        """Take one request and return 0, or return the seconds until one is free."""
        with self._lock:
            now = self._monotonic()
            if now < self._held_until:
                return self._held_until - now
            while self._spent and self._spent[0] <= now - self._window_s:
                self._spent.popleft()
            if len(self._spent) < self._limit:
                self._spent.append(now)
                return 0.0
            return self._spent[-self._limit] + self._window_s - now


# Redis' own clock counts, since the clocks of several machines never agree.
_TAKE = """
local at = redis.call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)
local held = redis.call('PTTL', KEYS[3])
if held > 0 then return held end
local limit = tonumber(redis.call('HGET', KEYS[2], 'limit') or ARGV[1])
local window = tonumber(redis.call('HGET', KEYS[2], 'window') or ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local spent = redis.call('ZCARD', KEYS[1])
if spent < limit then
  local turn = redis.call('INCR', KEYS[4])
  redis.call('ZADD', KEYS[1], now, turn)
  redis.call('PEXPIRE', KEYS[1], window)
  redis.call('PEXPIRE', KEYS[4], window)
  return 0
end
local first = redis.call('ZRANGE', KEYS[1], spent - limit, spent - limit, 'WITHSCORES')
return math.max(1, tonumber(first[2]) + window - now)
"""


class RedisBudget:
    """A budget that all processes share through Redis.

    While Redis is away each process keeps a budget of its own: a budget is a courtesy
    to the vendor, never a reason to stop.
    """

    def __init__(
        self,
        redis: "Redis",
        account: str,
        *,
        limit: int = LIMIT,
        window: timedelta = WINDOW,
        patience: timedelta = PATIENCE,
        sleep: Sleep = time.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Allow `account` so many requests in any `window`, until it is learned."""
        self._redis = redis
        self._account = account
        self._limit = limit
        self._window = window
        self._patience = patience
        self._sleep = sleep
        self._monotonic = monotonic
        self._take_script: Any = redis.register_script(_TAKE)
        self._keys = [
            f"budget:{account}:{name}" for name in ("spent", "rule", "held", "turn")
        ]
        self._told: tuple[int, timedelta] | None = None
        self._told_until = 0.0
        self._offline_until = 0.0
        self._local = LocalBudget(
            limit=limit,
            window=window,
            patience=patience,
            sleep=sleep,
            monotonic=monotonic,
        )

    def spend(self) -> None:
        """Wait until one request may go out; Transient if that would take too long."""
        _wait(self._take, patience=self._patience, sleep=self._sleep)

    def learn(self, *, limit: int, window: timedelta) -> None:
        """Take over what the vendor says it allows, for every process."""
        now = self._monotonic()
        if self._told == (limit, window) and now < self._told_until:
            return
        self._local.learn(limit=limit, window=window)
        rule: dict[Any, Any] = {"limit": max(1, limit), "window": _to_ms(window)}

        def tell() -> None:
            with self._redis.pipeline() as pipeline:
                pipeline.hset(self._keys[1], mapping=rule)
                pipeline.expire(self._keys[1], _REMEMBERED)
                pipeline.execute()

        if self._try(tell):
            self._told, self._told_until = (limit, window), now + _RETOLD_S

    def hold(self, wait: timedelta) -> None:
        """Let nobody send for so long, in any process."""
        self._local.hold(wait)
        held, ms = self._keys[2], _to_ms(wait)

        def tell() -> None:
            with self._redis.pipeline() as pipeline:
                pipeline.set(held, "1", px=ms, nx=True)
                # Where somebody holds already, the longer hold counts.
                pipeline.pexpire(held, ms, gt=True)
                pipeline.execute()

        self._try(tell)

    def part(self, name: str, *, limit: int, window: timedelta) -> "RedisBudget":
        """Return a budget of its own for requests that are counted apart."""
        return RedisBudget(
            self._redis,
            f"{self._account}:{name}",
            limit=limit,
            window=window,
            patience=self._patience,
            sleep=self._sleep,
            monotonic=self._monotonic,
        )

    def _take(self) -> float:
        taken: list[float] = []

        def take() -> None:
            defaults = [self._limit, _to_ms(self._window)]
            ms = self._take_script(keys=self._keys, args=defaults)
            taken.append(int(ms) / 1000)

        if self._try(take):
            return taken[0]
        return self._local._take()  # noqa: SLF001 - the same module

    def _try(self, call: Callable[[], Any]) -> bool:
        """Return whether Redis did it; after a failure it is left alone for a while."""
        if self._monotonic() < self._offline_until:
            return False
        try:
            call()
        except (RedisError, OSError):
            self._offline_until = self._monotonic() + _OFFLINE_S
            self._told = None
            return False
        return True


def _wait(take: Callable[[], float], *, patience: timedelta, sleep: Sleep) -> None:
    waited = 0.0
    while (wait_s := take()) > 0:
        if waited + wait_s > patience.total_seconds():
            kind = Exhausted if wait_s > _LONG_S else Transient
            raise kind(
                "The account's request limit is used up. Slagboom goes on by itself.",
                code="BUDGET",
                retry_after=max(patience, timedelta(seconds=wait_s)),
            )
        nap = max(wait_s, _SHORTEST_NAP_S)
        sleep(nap)
        waited += nap


def _to_ms(length: timedelta) -> int:
    return max(1, int(length.total_seconds() * 1000))
