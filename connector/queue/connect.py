"""Connections to Redis."""

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

_CONNECT_SECONDS = 1.0
_ANSWER_SECONDS = 2.0
_PAUSE_SECONDS = 0.02


def open_redis(redis_url: str) -> Redis:
    """Return a client of the Redis at `redis_url`; nothing is connected yet.

    It gives up early, since nothing that a person or a CRM waits for depends on Redis.
    One retry replaces the connections that a restarted server has dropped.
    """
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(ConstantBackoff(_PAUSE_SECONDS), 1),
        retry_on_timeout=False,
    )
