"""The life of a batch: formed, claimed under a lease, renewed, finished once; what its records mean is left to others."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Update, and_, func, update
from sqlalchemy.orm import Session

from db.cleaning import clean
from db.dispatch import Backlog, backlog, pinned_devices, take_due
from db.forming import form, form_lingering
from db.sweeping import Swept, sweep
from db.tables import Batch
from pipelines.records import Lane

__all__ = [
    "Backlog",
    "Claim",
    "LeaseLost",
    "Swept",
    "backlog",
    "claim",
    "fail",
    "finish",
    "form",
    "form_lingering",
    "pinned_devices",
    "renew",
    "sweep",
    "take_due",
]


class LeaseLost(Exception):
    """The lease ran out and the batch belongs to another worker; drop this result."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch held under a lease; `token` fences off whoever held it before, `attempts` counts this one.

    `waited` is how long the batch was there before this attempt.
    """

    batch_id: UUID
    token: UUID
    record_ids: list[int]
    attempts: int
    lane: Lane
    waited: timedelta = timedelta(0)


def claim(session: Session, batch_id: UUID, *, lease: timedelta, worker: str) -> Claim | None:
    """Lease a queued batch that is due and count the attempt; None if it is done, not due, or held by somebody else.

    Commit before the model is touched: an attempt that ends in a crash must stay counted.
    """
    row = session.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == "queued", Batch.due_at <= func.now())
        .values(
            state="leased",
            attempts=Batch.attempts + 1,
            token=uuid4(),
            leased_until=func.now() + lease,
            claimed_at=func.now(),
            worker=clean(worker),
        )
        .returning(Batch.token, Batch.record_ids, Batch.attempts, Batch.lane, (func.now() - Batch.created_at).label("waited"))
    ).one_or_none()
    return row and Claim(batch_id, row.token, list(row.record_ids), row.attempts, Lane(row.lane), row.waited)


def renew(session: Session, held: Claim, *, lease: timedelta) -> None:
    """Extend the lease to `lease` from now; raise LeaseLost if it was taken over."""
    _change(session, held, leased_until=func.now() + lease)


def finish(session: Session, held: Claim, *, model_id: int) -> None:
    """Mark the batch done; raise LeaseLost if it was fenced off.

    `db.results.save_results` calls this first, in the one transaction that holds the results too: nobody else needs to.
    """
    _change(session, held, state="done", model_id=model_id, token=None, leased_until=None, finished_at=func.now(), error=None)


def fail(session: Session, held: Claim, *, error: str, retry_in: timedelta) -> None:
    """Give the batch back, due in `retry_in`; the attempt stays counted. Raise LeaseLost if it was fenced off.

    `error` starts with the error's name (`DeviceExhausted: ...` or `device_exhausted`), which becomes the reason in quarantine
    if the sweep ends there.
    """
    values = {"due_at": func.now() + retry_in, "published_at": None, "error": clean(error)}
    _change(session, held, state="queued", token=None, leased_until=None, **values)


def _change(session: Session, held: Claim, **values: Any) -> None:
    changed = session.execute(_held(held).values(**values).returning(Batch.id))
    if changed.one_or_none() is None:
        raise LeaseLost(held.batch_id)


def _held(held: Claim) -> Update:
    is_ours: ColumnElement[bool] = and_(Batch.id == held.batch_id, Batch.token == held.token, Batch.state == "leased")
    return update(Batch).where(is_ours)
