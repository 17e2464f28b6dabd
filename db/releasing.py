"""Give back what a dead worker held, before its leases run out; that it is dead is for the caller to know.

A mistake does no harm: whoever still works on such a batch is fenced off by its token when it finishes.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.orm import Session

from db.tables import Batch


def release(session: Session, *, batch_id: UUID, error: str, retry_in: timedelta) -> int:
    """Queue the batch again if it is leased; the attempt stays counted. Return how many batches that were."""
    return _release(session, Batch.id == batch_id, error=error, retry_in=retry_in)


def release_worker(session: Session, *, worker: str, error: str) -> int:
    """Queue everything again that `worker` (a node name) holds; the attempts stay counted. Return how many batches that were."""
    return _release(session, Batch.worker == worker, error=error, retry_in=timedelta(0))


def _release(session: Session, whose: ColumnElement[bool], *, error: str, retry_in: timedelta) -> int:
    values = {"state": "queued", "token": None, "leased_until": None, "published_at": None, "error": error}
    released = session.execute(
        update(Batch).where(Batch.state == "leased", whose).values(due_at=func.now() + retry_in, **values).returning(Batch.id)
    )
    return len(released.all())
