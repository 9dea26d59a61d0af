"""Putting hints into the queue: at most one of a kind waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import rq
from redis import Redis
from redis.exceptions import RedisError, WatchError
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer

# The only one: a worker that is killed between taking a job from one of several queues
# and starting it loses that job for good.
QUEUE = "slagboom"

# A hint that was taken and lost with its worker keeps others of its kind out for so
# long. Under a backlog it lets one more of a kind in, which does no harm.
_WAITING_SECONDS = 10
_FAILURE_SECONDS = 3600

Argument = int | str


@dataclass(frozen=True, slots=True)
class Jobs:
    """The functions that a worker may run, and nothing else: an allow-list."""

    module: str
    limits: Mapping[str, timedelta]
    """The name of each function, and the time after which it is broken off."""

    def to_function(self, job: str) -> str:
        """Return the dotted name; raises ValueError for a job that is not listed."""
        if job not in self.limits:
            raise ValueError(f"{job!r} is no job; the jobs are {sorted(self.limits)}.")
        return f"{self.module}.{job}"

    def find_name(self, function: object) -> str | None:
        """Return the name of the job with this dotted name, None if none is listed."""
        if not isinstance(function, str):
            return None
        module, _, name = function.rpartition(".")
        return name if module == self.module and name in self.limits else None


JOBS = Jobs(
    "connector.jobs",
    MappingProxyType(
        {
            "look": timedelta(minutes=5),
            "follow_up": timedelta(minutes=5),
            "daily": timedelta(hours=1),
            "notify": timedelta(minutes=5),
            "sweep": timedelta(hours=1),
            "take_effect": timedelta(hours=1),
        }
    ),
)


class HintJob(rq.job.Job):
    """A job as RQ stores it, read back without anything that could run other code.

    Whoever can write to Redis could else name callbacks, webhooks or repetitions.
    """

    def restore(self, raw_data: Any) -> Any:
        """Read the stored hash; raises NoSuchJobError if it is malformed."""
        try:
            super().restore(raw_data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise NoSuchJobError(f"Job {self.id} is malformed.") from error
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []
        self.repeats_left = None
        self.retries_left = None
        self._dependency_ids = []


class Queue:
    """Takes hints. It never raises because Redis is away."""

    def __init__(self, redis: Redis, *, jobs: Jobs = JOBS) -> None:
        """Put hints for `jobs` into `redis`."""
        self._redis = redis
        self._jobs = jobs
        self._rq = open_queue(redis)

    def hint(self, job: str, *args: Argument) -> bool:
        """See to it that `job` runs soon with `args`, at least once from now on.

        If the same hint waits already, that is enough. Returns False if Redis cannot be
        reached; the clock will then find what is due. Raises ValueError for a job that
        is not listed, or an argument that is neither an id nor a name.
        """
        function = self._jobs.to_function(job)
        if not are_ids(args):
            raise ValueError(f"A hint for {job!r} carries ids only.")
        try:
            self._enqueue(job, function, args)
        except RedisError:
            return False
        return True

    def _enqueue(self, job: str, function: str, args: tuple[Argument, ...]) -> None:
        waiting = to_waiting_key(job, args)
        with self._redis.pipeline() as pipeline:
            pipeline.watch(waiting)  # type: ignore[no-untyped-call]
            if pipeline.exists(waiting):
                return
            pipeline.multi()
            pipeline.set(waiting, 1, ex=_WAITING_SECONDS)
            self._rq.enqueue_job(
                HintJob.create(
                    function,
                    args=list(args),
                    connection=self._redis,
                    serializer=JSONSerializer,
                    timeout=int(self._jobs.limits[job].total_seconds()),
                    result_ttl=0,
                    failure_ttl=_FAILURE_SECONDS,
                    description=job,
                ),
                pipeline=pipeline,
            )
            try:
                pipeline.execute()
            except WatchError:
                # Another process was quicker with the same hint, which is as good.
                return

    def count_waiting(self) -> int | None:
        """Return how many hints wait; None if Redis cannot be reached."""
        try:
            return int(self._redis.llen(self._rq.key))
        except RedisError:
            return None

    def count_workers(self) -> int | None:
        """Return how many workers are alive; None if Redis cannot be reached."""
        try:
            return int(rq.Worker.count(queue=self._rq))
        except RedisError:
            return None

    def answers(self) -> bool:
        """Say whether Redis can be reached."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False


def open_queue(redis: Redis) -> rq.Queue:
    """Return the one queue as RQ knows it: JSON only, our own reading of jobs."""
    return rq.Queue(
        QUEUE, connection=redis, serializer=JSONSerializer, job_class=HintJob
    )


def to_waiting_key(job: str, args: tuple[Argument, ...]) -> str:
    """Return the key that stands in Redis while such a hint waits."""
    return ":".join(("slagboom", "waiting", job, *map(str, args)))


def are_ids(args: object) -> bool:
    """Say whether `args` is a sequence of plain numbers and texts."""
    return isinstance(args, list | tuple) and all(
        isinstance(arg, int | str) and not isinstance(arg, bool) for arg in args
    )
