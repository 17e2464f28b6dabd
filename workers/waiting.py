"""Waits for a job by looking at its counters; how the wait is shown is left to the callers."""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine

from db.engine import transaction
from db.jobs import JobView, read_job
from workers.errors import NotFound, TimedOut

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 1.0


def job_or_fail(engine: Engine, job_id: UUID) -> JobView:
    """Return the job; raise NotFound naming the command that lists those there are."""
    with transaction(engine) as session:
        job = read_job(session, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}; `bellwether jobs list` shows the latest.")
    return job


def watch_job(engine: Engine, job_id: UUID, *, timeout: timedelta | None = None) -> Iterator[JobView]:
    """Yield the job as it advances, the finished one last; raise TimedOut once `timeout` has passed, NotFound if there is none.

    Progress lives in SQL and nothing tells of its changes, so this looks again after growing pauses, a second at most.
    """
    deadline = time.monotonic() + timeout.total_seconds() if timeout else None
    pause = _FIRST_PAUSE_S
    while True:
        job = job_or_fail(engine, job_id)
        yield job
        if job.finished_at:
            return
        if deadline and time.monotonic() + pause > deadline:
            settled = f"{job.n_done + job.n_failed:,} of {job.n_total:,} records are analysed"
            raise TimedOut(f"Stopped waiting: {settled}. The job goes on; `bellwether jobs watch {job_id}` waits again.")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)
