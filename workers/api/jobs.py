"""GET /v1/jobs and /v1/jobs/{id}: what was submitted and how far it is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from db.engine import transaction
from db.jobs import list_jobs
from workers import endpoints
from workers.api.responses import documented
from workers.api.schemas import JobOut, JobsOut
from workers.waiting import job_or_fail

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", responses=documented())
def get_jobs(*, limit: Annotated[int, Query(ge=1, le=1_000)] = 50) -> JobsOut:
    """Return the latest jobs, newest first."""
    with transaction(endpoints.engine()) as session:
        return JobsOut(jobs=[JobOut.of(job) for job in list_jobs(session, limit=limit)])


@router.get("/{job_id}", responses=documented(404))
def get_job(job_id: UUID) -> JobOut:
    """Return a job: it is finished once `finished_at` is set, `partial` if any of its records is in quarantine."""
    return JobOut.of(job_or_fail(endpoints.engine(), job_id))
