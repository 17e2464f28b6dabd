"""Take back what died: leases that ran out, and batches that failed too often; ringing for them again is left to `db.dispatch`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from db.among import among
from db.forming import form
from db.settling import Unanalyzable, settle
from db.tables import Batch
from pipelines.records import Lane

CRASHED = "crashed_worker: its worker died or hung, and the lease ran out"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How many batches were queued again, how many split in two, and how many records quarantined."""

    n_requeued: int = 0
    n_bisected: int = 0
    n_quarantined: int = 0


def sweep(session: Session, *, max_attempts: int) -> Swept:
    """Queue batches whose lease ran out, due at once; split those that failed `max_attempts` times, all in this transaction.

    A half starts with fresh attempts; a record that fails alone goes to quarantine with the reason of its last failure. At
    most 500 batches a call, the oldest first; two sweeps at once never take the same batch and never wait for each other.
    """
    taken = _take(session, max_attempts)
    crashed = [one.id for one in taken if one.state == "leased"]
    if crashed:
        _change(session, crashed, error=CRASHED)
    spent = [one for one in taken if one.attempts >= max_attempts]
    alone = [one for one in spent if len(one.record_ids) < 2]  # noqa: PLR2004  # halves of one make no sense
    wide = [one for one in spent if len(one.record_ids) > 1]
    again = [one.id for one in taken if one.attempts < max_attempts]
    _change(session, again, state="queued", due_at=func.now(), published_at=None)
    for one in wide:
        _halve(session, one)
    _change(session, [one.id for one in wide], state="split", finished_at=func.now())
    _change(session, [one.id for one in alone], state="done", finished_at=func.now())
    n_quarantined = settle(session, done=(), failed=[_verdict(one, record_id) for one in alone for record_id in one.record_ids])
    return Swept(len(again), len(wide), n_quarantined)


def _take(session: Session, max_attempts: int) -> Sequence[Batch]:
    is_dead = and_(Batch.state == "leased", Batch.leased_until < func.now())
    is_spent = and_(Batch.state == "queued", Batch.attempts >= max_attempts)
    dead_or_spent = select(Batch).where(or_(is_dead, is_spent)).order_by(Batch.created_at).limit(_AT_ONCE).with_for_update(skip_locked=True)
    return session.scalars(dead_or_spent.execution_options(populate_existing=True)).all()


def _change(session: Session, batch_ids: Sequence[object], **values: object) -> None:
    if batch_ids:
        change = update(Batch).where(among(Batch.id, batch_ids)).values(token=None, leased_until=None, **values)
        session.execute(change, execution_options={"synchronize_session": False})


def _halve(session: Session, one: Batch) -> None:
    """Queue the two halves of a batch that has two records or more."""
    n = len(one.record_ids)
    limits = {"max_records": (n + 1) // 2, "max_bytes": n}
    form(session, one.record_ids, sizes_bytes=[1] * n, lane=Lane(one.lane), device=one.device, parent_id=one.id, **limits)


def _verdict(one: Batch, record_id: int) -> Unanalyzable:
    error = CRASHED if one.state == "leased" else one.error or ""
    name, _, detail = error.partition(": ")
    reason = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    reason = reason if re.fullmatch(r"[a-z][a-z0-9_]*", reason) else "failed"
    return Unanalyzable(record_id, reason, detail or error or "failed without saying why", attempts=one.attempts)
