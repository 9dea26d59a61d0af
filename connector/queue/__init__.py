"""Hints that something is due, carried by Redis from whoever knows to a worker.

A hint holds ids only and may be lost, doubled or late: what is due stands in the
database, and the clock finds it again.
"""

from connector.queue.connect import open_redis
from connector.queue.hints import JOBS, Jobs, Queue
from connector.queue.ticking import run_clock
from connector.queue.worker import run_worker

__all__ = ["JOBS", "Jobs", "Queue", "open_redis", "run_clock", "run_worker"]
