"""Run a worker for the sample jobs: `run_worker.py`, with REDIS_URL."""

import os
import sys

from connector.config import LogFormat
from connector.log import set_up
from connector.queue import run_worker
from tests.platform.sample_jobs import JOBS

if __name__ == "__main__":
    set_up(LogFormat.JSON)
    sys.exit(run_worker(os.environ["REDIS_URL"], jobs=JOBS))
