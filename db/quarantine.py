"""What could not be read or analysed, kept with its reason until it is released; putting records there is left to `db.settling`."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.orm import Session

from db.among import among
from db.cleaning import clean, clean_or_none
from db.forming import SIZE_BYTES, form
from db.jobs import Progress, advance_jobs
from db.tables import Quarantine, Record
from pipelines.records import Lane


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no record: `line` counts from 1 in the file or request, `payload` is the line as it came."""

    line: int | None
    reason: str
    detail: str
    payload: bytes | None
    external_id: str | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row of the quarantine; `text` and `title` are there where it is a stored record, `payload` where intake refused it."""

    id: int
    record_id: int | None
    job_id: UUID | None
    source: str | None
    line: int | None
    external_id: str | None
    reason: str
    detail: str
    payload: bytes | None
    attempts: int
    quarantined_at: datetime
    released_at: datetime | None
    title: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Released:
    """The batches that released records travel in; `n_skipped` rows hold no record, were released before or are unknown."""

    batches: tuple[tuple[UUID, Lane], ...]
    n_records: int
    n_skipped: int


def keep_rejects(session: Session, rejects: Sequence[Reject], *, job_id: UUID | None, source: str | None) -> None:
    """Keep lines that intake refused; counting them in the job is the caller's."""
    rows = [
        {
            "job_id": job_id,
            "source": clean_or_none(source),
            "line": one.line,
            "external_id": clean_or_none(one.external_id),
            "reason": one.reason,
            "detail": clean(one.detail),
            "payload": one.payload,
        }
        for one in rejects
    ]
    if rows:
        session.execute(insert(Quarantine), rows)


def list_quarantined(
    session: Session, *, limit: int, reason: str | None = None, source: str | None = None, job_id: UUID | None = None
) -> list[Quarantined]:
    """Return the latest rows that were not released, newest first."""
    chosen = _rows(reason=reason, source=source, job_id=job_id).order_by(Quarantine.id.desc()).limit(limit)
    return [Quarantined(*row) for row in session.execute(chosen)]


def export_quarantined(
    session: Session, *, reason: str | None = None, source: str | None = None, job_id: UUID | None = None
) -> Iterator[Quarantined]:
    """Yield every row that was not released, oldest first, without holding them all in memory."""
    chosen = _rows(reason=reason, source=source, job_id=job_id).order_by(Quarantine.id)
    for row in session.execute(chosen, execution_options={"yield_per": 50}):
        yield Quarantined(*row)


def count_by_reason(session: Session) -> dict[str, int]:
    """Return how many rows that were not released each reason has, the commonest first."""
    counted = select(Quarantine.reason, func.count()).where(Quarantine.released_at.is_(None)).group_by(Quarantine.reason)
    return dict(session.execute(counted.order_by(func.count().desc(), Quarantine.reason)).all())


def release(session: Session, ids: Collection[int], *, max_records: int, max_bytes: int) -> Released:
    """Queue the records of these quarantine rows for another try, in batches of their own; their jobs wait for them again.

    Lines that intake refused hold no record: export them, mend them and send them again.
    """
    mine = select(Quarantine.record_id).where(among(Quarantine.id, ids), Quarantine.released_at.is_(None))
    rows = session.execute(
        select(Record.id, Record.lane, Record.job_id, SIZE_BYTES.label("n_bytes"))
        .where(Record.id.in_(mine), Record.state == "quarantined", Record.superseded_at.is_(None))
        .order_by(Record.id)
        .with_for_update(key_share=True)
    ).all()
    record_ids = [row.id for row in rows]
    _reopen(session, record_ids)
    taken_back = Counter(row.job_id for row in rows)
    advance_jobs(session, {job_id: Progress(n_failed=-n) for job_id, n in taken_back.items()})
    batches: list[tuple[UUID, Lane]] = []
    for lane in Lane:
        of_lane = [row for row in rows if row.lane == lane]
        sizes = [row.n_bytes for row in of_lane]
        made = form(session, [row.id for row in of_lane], sizes_bytes=sizes, lane=lane, max_records=max_records, max_bytes=max_bytes)
        batches += [(batch_id, lane) for batch_id in made]
    return Released(tuple(batches), len(rows), len(set(ids)) - len(rows))


def _reopen(session: Session, record_ids: Sequence[int]) -> None:
    if record_ids:
        unsynchronized = {"synchronize_session": False}
        pending = update(Record).where(among(Record.id, record_ids)).values(state="pending")
        session.execute(pending, execution_options=unsynchronized)
        of_them = (among(Quarantine.record_id, record_ids), Quarantine.released_at.is_(None))
        session.execute(update(Quarantine).where(*of_them).values(released_at=func.now()), execution_options=unsynchronized)


def _rows(*, reason: str | None, source: str | None, job_id: UUID | None) -> Select[*tuple[Any, ...]]:
    wanted: list[ColumnElement[bool]] = [Quarantine.released_at.is_(None)]
    wanted += [column == value for column, value in _filters(reason, source, job_id) if value is not None]
    columns: list[Any] = [
        Quarantine.id,
        Quarantine.record_id,
        Quarantine.job_id,
        Quarantine.source,
        Quarantine.line,
        Quarantine.external_id,
        Quarantine.reason,
        Quarantine.detail,
        Quarantine.payload,
        Quarantine.attempts,
        Quarantine.quarantined_at,
        Quarantine.released_at,
        Record.title,
        Record.text,
    ]
    return select(*columns).outerjoin(Record, Record.id == Quarantine.record_id).where(*wanted)


def _filters(reason: str | None, source: str | None, job_id: UUID | None) -> list[tuple[Any, Any]]:
    return [(Quarantine.reason, reason), (Quarantine.source, source), (Quarantine.job_id, job_id)]
