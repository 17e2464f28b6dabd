"""What a caller submitted and how far it is; which records it holds is left to `db.records`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, case, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.tables import Job, Record
from pipelines.records import Lane


class IdempotencyConflict(Exception):
    """The idempotency key was used before, for another request; send a new key with a new request."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it stands; `existed` tells that `open_job` found it by its idempotency key."""

    id: UUID
    lane: Lane
    submitted_by: str | None
    idempotency_key: str | None
    n_total: int
    n_duplicate: int
    n_rejected: int
    n_done: int
    n_failed: int
    created_at: datetime
    closed_at: datetime | None
    finished_at: datetime | None
    existed: bool = field(default=False, compare=False)

    @property
    def state(self) -> str:
        """`open` while records may be added, `running` until each is settled, then `done`, or `partial` if any was refused or failed."""
        if self.closed_at is None:
            return "open"
        if self.finished_at is None:
            return "running"
        return "partial" if self.n_failed or self.n_rejected else "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """Records of one job that were settled; negative where they were taken back."""

    n_done: int = 0
    n_failed: int = 0


def open_job(
    session: Session,
    *,
    lane: Lane,
    submitted_by: str | None = None,
    idempotency_key: str | None = None,
    request_hash: bytes | None = None,
) -> JobView:
    """Open a job, or return the one that this key opened before; raise IdempotencyConflict if that was for another request.

    Of two callers with one key at once, the second waits for the first to commit and gets its job.
    """
    made = insert(Job).values(id=uuid4(), lane=lane, submitted_by=submitted_by, idempotency_key=idempotency_key, request_hash=request_hash)
    opened = session.execute(made.on_conflict_do_nothing(index_elements=["idempotency_key"]).returning(Job)).scalar_one_or_none()
    if opened is not None:
        return _view(opened)
    first = session.execute(select(Job).where(Job.idempotency_key == idempotency_key)).scalar_one()
    if first.request_hash != request_hash:
        raise IdempotencyConflict(f"{IdempotencyConflict.__doc__} Key: {idempotency_key}")
    return _view(first, existed=True)


def count_intake(session: Session, job_id: UUID, *, n_total: int, n_duplicate: int, n_rejected: int) -> None:
    """Add what one transaction of intake took in; call it in that transaction, or a batch could finish uncounted records.

    Records for a job that was closed as abandoned open it again: its sender was only slow.
    """
    counts: dict[str, Any] = {
        "n_total": Job.n_total + n_total,
        "n_duplicate": Job.n_duplicate + n_duplicate,
        "n_rejected": Job.n_rejected + n_rejected,
    }
    if n_total:
        counts |= {"closed_at": None, "finished_at": None}
    session.execute(update(Job).where(Job.id == job_id).values(**counts))


def close_job(session: Session, job_id: UUID) -> None:
    """Say that no more records will be added; a job whose records are all settled is finished with that. Twice is harmless."""
    is_settled = Job.n_done + Job.n_failed >= Job.n_total
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            closed_at=func.coalesce(Job.closed_at, func.now()),
            finished_at=case((is_settled, func.coalesce(Job.finished_at, func.now())), else_=Job.finished_at),
        )
    )


def close_abandoned(session: Session, *, silent_for: timedelta) -> int:
    """Close jobs whose sender died: open, without a key to be resumed by, and nothing new for so long. Return how many."""
    since = func.now() - silent_for
    is_alive = exists().where(Record.job_id == Job.id, Record.received_at > since)
    open_ones = select(Job.id).where(Job.closed_at.is_(None), Job.idempotency_key.is_(None), Job.created_at < since, ~is_alive)
    abandoned = session.scalars(open_ones.order_by(Job.id).with_for_update(skip_locked=True)).all()
    for job_id in abandoned:
        close_job(session, job_id)
    return len(abandoned)


def advance_jobs(session: Session, progress: Mapping[UUID, Progress]) -> None:
    """Add `progress` to each job and finish those with nothing left, or reopen those that were taken back.

    Jobs are locked in the order of their ids, after any batch and any record, so that two who advance them never wait in a ring.
    """
    for job_id in sorted(progress):
        n_done = Job.n_done + progress[job_id].n_done
        n_failed = Job.n_failed + progress[job_id].n_failed
        finished_at = _finished_at((Job.closed_at.is_not(None)) & (n_done + n_failed >= Job.n_total))
        session.execute(update(Job).where(Job.id == job_id).values(n_done=n_done, n_failed=n_failed, finished_at=finished_at))


def read_job(session: Session, job_id: UUID) -> JobView | None:
    """Return the job as it stands; None if there is none."""
    row = session.execute(select(Job).where(Job.id == job_id).execution_options(populate_existing=True)).scalar_one_or_none()
    return _view(row) if row else None


def list_jobs(session: Session, *, limit: int) -> list[JobView]:
    """Return the latest `limit` jobs, newest first."""
    newest = select(Job).order_by(Job.created_at.desc(), Job.id).limit(limit).execution_options(populate_existing=True)
    return [_view(row) for row in session.scalars(newest)]


def _finished_at(is_settled: ColumnElement[bool]) -> Any:
    return case((is_settled, func.coalesce(Job.finished_at, func.now())), else_=None)


def _view(row: Job, *, existed: bool = False) -> JobView:
    return JobView(
        id=row.id,
        lane=Lane(row.lane),
        submitted_by=row.submitted_by,
        idempotency_key=row.idempotency_key,
        n_total=row.n_total,
        n_duplicate=row.n_duplicate,
        n_rejected=row.n_rejected,
        n_done=row.n_done,
        n_failed=row.n_failed,
        created_at=row.created_at,
        closed_at=row.closed_at,
        finished_at=row.finished_at,
        existed=existed,
    )
