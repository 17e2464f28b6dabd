"""Bring pending records to their end, done or quarantined, and advance their jobs; who decides which is left to the callers."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from db.among import among
from db.cleaning import clean
from db.jobs import Progress, advance_jobs
from db.tables import Quarantine, Record, Source


@dataclass(frozen=True, slots=True)
class Unanalyzable:
    """A record that cannot be analysed: `reason` is a stable code, `detail` a sentence, `attempts` how often it was tried."""

    record_id: int
    reason: str
    detail: str
    attempts: int


def settle(session: Session, *, done: Collection[int], failed: Sequence[Unanalyzable]) -> int:
    """Mark pending records done or quarantined, each counted once in its job; return how many were quarantined.

    Records that are not pending (any more) are left as they are, so that a repetition counts nothing twice. A record locked
    in the order of ids, then its job: everyone who settles goes that way.
    """
    lock_records(session, [*done, *(one.record_id for one in failed)])
    n_done = Counter(row.job_id for row in _end(session, done, state="done"))
    ended = _end(session, [one.record_id for one in failed], state="quarantined")
    _keep(session, ended, {one.record_id: one for one in failed})
    n_failed = Counter(row.job_id for row in ended)
    advance_jobs(session, {job_id: Progress(n_done[job_id], n_failed[job_id]) for job_id in {*n_done, *n_failed}})
    return len(ended)


def lock_records(session: Session, record_ids: Collection[int]) -> Sequence[Record]:
    """Lock the records that still exist, in the order of their ids, and return id, state, times and source as they now are."""
    columns = (Record.id, Record.state, Record.superseded_at, Record.source_id, Record.published_at)
    rows = session.execute(select(*columns).where(among(Record.id, record_ids)).order_by(Record.id).with_for_update(key_share=True))
    return rows.all()  # type: ignore[return-value]  # rows with these columns of Record


def _end(session: Session, record_ids: Collection[int], *, state: str) -> Sequence[Row[int, UUID, str, int]]:
    if not record_ids:
        return []
    pending = update(Record).where(among(Record.id, record_ids), Record.state == "pending").values(state=state)
    returned = pending.returning(Record.id, Record.job_id, Record.external_id, Record.source_id)
    return session.execute(returned, execution_options={"synchronize_session": False}).all()


def _keep(session: Session, ended: Sequence[Row[int, UUID, str, int]], why: dict[int, Unanalyzable]) -> None:
    if not ended:
        return
    names = dict(session.execute(select(Source.id, Source.name).where(Source.id.in_({row.source_id for row in ended}))).all())
    rows = [
        {
            "record_id": row.id,
            "job_id": row.job_id,
            "source": names[row.source_id],
            "external_id": row.external_id,
            "reason": why[row.id].reason,
            "detail": clean(why[row.id].detail),
            "attempts": why[row.id].attempts,
        }
        for row in ended
    ]
    session.execute(insert(Quarantine), rows)
