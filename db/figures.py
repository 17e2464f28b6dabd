"""How the whole system stands, in one round trip; metrics, health and progress show it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.tables import Batch, Incident, Job, Notification, Quarantine, Record, RollupTouched


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and times at `now`, the database's clock."""

    now: datetime
    n_batches_queued: int
    n_batches_leased: int
    n_records_unbatched: int
    oldest_queued_at: datetime | None
    last_claimed_at: datetime | None
    n_jobs_open: int
    n_records_accepted: int
    n_records_done: int
    n_records_failed: int
    n_duplicates: int
    n_rejected: int
    n_quarantined: int
    n_incidents_open: int
    n_notifications_due: int
    n_rollups_due: int
    n_notifications_given_up: int


def read_figures(session: Session) -> Figures:
    """Return the counts; those of records come from the jobs' counters, which only grow until jobs are pruned."""
    waiting = select(func.count(), func.min(Batch.created_at)).where(Batch.state == "queued").subquery()
    leased = select(func.count()).where(Batch.state == "leased").scalar_subquery()
    claimed = select(func.max(Batch.claimed_at)).scalar_subquery()
    unbatched = select(func.count()).where(Record.batched_at.is_(None), Record.state == "pending").scalar_subquery()
    totals = [func.coalesce(func.sum(column), 0) for column in (Job.n_total, Job.n_done, Job.n_failed, Job.n_duplicate, Job.n_rejected)]
    jobs = select(func.count().filter(Job.finished_at.is_(None)), *totals).subquery()
    kept = select(func.count()).where(Quarantine.released_at.is_(None)).scalar_subquery()
    incidents = select(func.count()).where(Incident.state != "resolved").scalar_subquery()
    due = select(func.count()).where(Notification.sent_at.is_(None), Notification.given_up_at.is_(None)).scalar_subquery()
    touched = select(func.count()).select_from(RollupTouched).scalar_subquery()
    given_up = select(func.count()).where(Notification.given_up_at.is_not(None)).scalar_subquery()
    both = waiting.join(jobs, true())
    row = session.execute(
        select(func.clock_timestamp(), waiting, leased, claimed, unbatched, jobs, kept, incidents, due, touched, given_up).select_from(both)
    ).one()
    now, n_queued, oldest, n_leased, last, n_unbatched, n_open, n_total, n_done, n_failed, n_duplicate, n_rejected, *rest = row
    counts = [int(value) for value in (n_open, n_total, n_done, n_failed, n_duplicate, n_rejected, *rest)]
    return Figures(now, n_queued, n_leased, n_unbatched, oldest, last, *counts)


def read_clock(session: Session) -> datetime:
    """Return the database's clock, in UTC."""
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now
