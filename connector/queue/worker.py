"""The worker: takes hints from the queue and runs the jobs that they name.

Jobs run in the worker's own process, one after the other. A process for each job would
cost a fork and new connections to the database and the CRM every time; what it would
protect from, a job that takes its process down, the supervisor and the database's
leases heal here: the worker is started again and finds what is due.
"""

from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import SimpleWorker, worker_registration
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.queue import Queue as RqQueue
from rq.serializers import JSONSerializer

from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.queue.connect import open_redis
from connector.queue.hints import (
    JOBS,
    HintJob,
    Jobs,
    are_ids,
    open_queue,
    to_waiting_key,
)

# A job whose worker was killed is found after 66 to 91 s with these; RQ's own defaults
# let it take seven minutes.
_WORKER_SECONDS = 20
_MAINTENANCE_SECONDS = 5

log = get_logger(__name__)


class HintWorker(SimpleWorker):
    """Runs the jobs of an allow-list, and refuses everything else."""

    log_result_lifespan = False
    # RQ would wait up to a minute before it looks whether Redis is back.
    max_connection_wait_time = 4.0

    def __init__(self, redis: Redis, *, jobs: Jobs, metrics: Metrics) -> None:
        """Take hints from `redis` for functions of `jobs`."""
        super().__init__(
            [open_queue(redis)],
            connection=redis,
            job_class=HintJob,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_SECONDS,
            maintenance_interval=_MAINTENANCE_SECONDS,
            log_job_description=False,
        )
        self._jobs = jobs
        self._metrics = metrics

    @property
    def was_stopped(self) -> bool:
        """Whether it was asked to stop, rather than failed."""
        return self._shutdown_requested_date is not None

    def heartbeat(
        self, timeout: int | None = None, pipeline: Pipeline | None = None
    ) -> None:
        """Show that it lives; if Redis was emptied, enter it into the list again."""
        if pipeline is None:
            workers = self.redis_workers_keys
            if not self.connection.sismember(workers, self.key):
                with self.connection.pipeline() as again:
                    again.hset(self.key, mapping=self.serialize())
                    worker_registration.register(self, again)
                    again.execute()
        super().heartbeat(timeout, pipeline)

    def execute_job(self, job: Job, queue: RqQueue) -> None:
        """Run a listed job with ids as arguments; throw anything else away."""
        if (name := self._find_listed(job)) is None:
            self._refuse(job, queue)
            return
        # From here on a new hint must start the job again: what it speaks of may come
        # after this run has looked.
        self.connection.delete(to_waiting_key(name, tuple(job.args)))
        super().execute_job(job, queue)

    def perform_job(self, job: Job, queue: RqQueue, execution: Any) -> bool:
        """Run the job and count it; returns whether it ended well."""
        is_done = super().perform_job(job, queue, execution)
        if is_done:
            self._metrics.count(Counter.JOBS, job=_to_name(job), outcome="done")
        return is_done

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log why a job failed: once, in our own form."""
        self._metrics.count(Counter.JOBS, job=_to_name(job), outcome="failed")
        log.error("job.failed", job=_to_name(job), args=job.args, exc_info=exc_info)

    def _find_listed(self, job: Job) -> str | None:
        try:
            if job.instance is not None or job.kwargs or not are_ids(job.args):
                return None
            return self._jobs.find_name(job.func_name)
        except DeserializationError:
            return None

    def _refuse(self, job: Job, queue: RqQueue) -> None:
        self._metrics.count(Counter.JOBS, job="unknown", outcome="refused")
        log.error(
            "job.refused",
            job_id=job.id,
            why="It is none of our jobs. Something else writes to this Redis.",
        )
        with self.connection.pipeline() as pipeline:
            pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            pipeline.delete(job.key)
            pipeline.execute()


def _to_name(job: Job) -> str:
    return str(job.func_name).rpartition(".")[2]


def run_worker(redis_url: str, *, jobs: Jobs = JOBS) -> int:
    """Run jobs until SIGTERM or SIGINT; return the exit code.

    0 after being asked to stop, when the running job was finished first; 3 if Redis
    cannot be reached or has gone away, so that the supervisor starts a new worker.
    """
    redis = open_redis(redis_url)
    try:
        worker = HintWorker(redis, jobs=jobs, metrics=Metrics(open_redis(redis_url)))
        worker.work(logging_level="WARNING")
    except RedisError as error:
        log.warning("worker.lost_redis", why=str(error))
        return 3
    return 0 if worker.was_stopped else 3
