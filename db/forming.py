"""Cut records into batches; the life of a batch after that is left to `db.batches`."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from uuid import UUID, uuid4

from sqlalchemy import Interval, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from db.among import among
from db.tables import Batch, Record
from pipelines.records import Lane

_LINGERING_AT_ONCE = 10_000

SIZE_BYTES = func.octet_length(Record.text) + func.octet_length(func.coalesce(Record.title, ""))
"""What a stored record weighs in a batch."""


def cut(sizes_bytes: Sequence[int], *, max_records: int, max_bytes: int) -> Iterator[slice]:
    """Yield the slices of `sizes_bytes` that share a batch: in order, each index once, within both limits.

    A record longer than `max_bytes` travels alone.
    """
    start, total = 0, 0
    for index, size in enumerate(sizes_bytes):
        if index > start and (index - start >= max_records or total + size > max_bytes):
            yield slice(start, index)
            start, total = index, 0
        total += size
    if start < len(sizes_bytes):
        yield slice(start, len(sizes_bytes))


def form(
    session: Session,
    record_ids: Sequence[int],
    *,
    sizes_bytes: Sequence[int],
    lane: Lane,
    device: str | None = None,
    max_records: int,
    max_bytes: int,
    parent_id: UUID | None = None,
) -> list[UUID]:
    """Queue `record_ids` in batches and return their ids, both in order; `sizes_bytes` holds one size a record."""
    slices = list(cut(sizes_bytes, max_records=max_records, max_bytes=max_bytes))
    rows = [
        {
            "id": uuid4(),
            "lane": lane,
            "device": device,
            "parent_id": parent_id,
            "record_ids": list(record_ids[one]),
            "nth": timedelta(microseconds=n),
        }
        for n, one in enumerate(slices)
    ]
    if rows:  # a microsecond apart, so that the oldest goes first within one submission too
        session.execute(insert(Batch).values(created_at=func.now() + bindparam("nth", type_=Interval())), rows)
    return [row["id"] for row in rows]  # type: ignore[misc]  # a dict of mixed values


def form_lingering(session: Session, *, older_than: timedelta, max_records: int, max_bytes: int) -> list[tuple[UUID, Lane]]:
    """Batch the records that wait for company since `older_than` or longer; at most 10,000 at a call, the oldest of each lane first.

    Two callers at once never take the same record.
    """
    waiting = session.execute(
        select(Record.id, Record.lane, SIZE_BYTES)
        .where(Record.batched_at.is_(None), Record.received_at <= func.now() - older_than)
        .order_by(Record.lane.desc(), Record.id)  # "live" sorts after "backfill"
        .limit(_LINGERING_AT_ONCE)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    formed: list[tuple[UUID, Lane]] = []
    for name, group in groupby(waiting, key=lambda row: row.lane):
        rows, lane = list(group), Lane(name)
        ids, sizes = [row[0] for row in rows], [row[2] for row in rows]
        made = form(session, ids, sizes_bytes=sizes, lane=lane, max_records=max_records, max_bytes=max_bytes)
        session.execute(
            update(Record).where(among(Record.id, ids)).values(batched_at=func.now()).execution_options(synchronize_session=False)
        )
        formed += [(batch_id, lane) for batch_id in made]
    return formed
