"""Which batches are due to be rung for, a window of them at a time; the ringing is left to `workers.publish`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from db.tables import Batch, Record
from pipelines.records import Lane

_LOST_AFTER = timedelta(seconds=2)
"""A queue found empty holds no message; one sent so long ago has been lost, not just overtaken by the question."""

_IS_OPEN = text("batch.state IN ('queued', 'leased')")
"""Spelt as the index of open batches spells it: each submission asks for the backlog, among millions of batches that are done."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Records that wait for analysis or are in it: in all, by lane, and since when the oldest of each lane does."""

    n_records: int
    n_by_lane: Mapping[Lane, int]
    oldest_at: Mapping[Lane, datetime | None]


def take_due(
    session: Session,
    *,
    lane: Lane,
    window: int,
    republish_after: timedelta,
    queue_length: int,
    device: str | None = None,
) -> list[UUID]:
    """Mark the batches of `lane` to ring for as published, and return them, oldest first; commit, then ring.

    At most `window` batches of a lane are published and not yet claimed at any time. A message that nobody claimed within
    `republish_after` is sent again, and within 2 s if the queue is empty, since then it was lost. Batches pinned to a
    `device` have a window of their own. Two callers at once take turns and never take the same batch.
    """
    session.execute(select(func.pg_advisory_xact_lock(_lock_number(lane, device))))
    patience = min(republish_after, _LOST_AFTER) if queue_length == 0 else republish_after
    is_ours = and_(Batch.state == "queued", Batch.lane == lane, Batch.device.is_not_distinct_from(device))
    in_flight = select(func.count()).where(is_ours, Batch.published_at > func.now() - patience)
    room = window - session.execute(in_flight).scalar_one()
    if room <= 0:
        return []
    return _publish(session, and_(is_ours, or_(Batch.published_at.is_(None), Batch.published_at <= func.now() - patience)), room)


def pinned_devices(session: Session) -> list[str]:
    """Return the devices to which queued batches are pinned; each needs its own `take_due`."""
    pinned = select(Batch.device).where(Batch.state == "queued", Batch.device.is_not(None)).distinct()
    return [device for device in session.scalars(pinned) if device is not None]


def backlog(session: Session) -> Backlog:
    """Count what waits: records of queued and leased batches, and those that wait for company."""
    batched = session.execute(
        select(Batch.lane, func.sum(func.cardinality(Batch.record_ids)), func.min(Batch.created_at)).where(_IS_OPEN).group_by(Batch.lane)
    )
    lingering = session.execute(
        select(Record.lane, func.count(), func.min(Record.received_at)).where(Record.batched_at.is_(None)).group_by(Record.lane)
    )
    counts: dict[Lane, int] = dict.fromkeys(Lane, 0)
    oldest: dict[Lane, datetime | None] = dict.fromkeys(Lane)
    for name, count, since in [*batched, *lingering]:
        lane = Lane(name)
        before = oldest[lane]
        counts[lane] += int(count)
        oldest[lane] = since if before is None else min(before, since)
    return Backlog(sum(counts.values()), counts, oldest)


def _publish(session: Session, is_due: ColumnElement[bool], room: int) -> list[UUID]:
    due = (
        select(Batch.id)
        .where(is_due, Batch.due_at <= func.now())
        .order_by(Batch.created_at, Batch.id)
        .limit(room)
        .with_for_update(skip_locked=True)
    )
    marked = session.execute(update(Batch).where(Batch.id.in_(due)).values(published_at=func.now()).returning(Batch.created_at, Batch.id))
    return [batch_id for _, batch_id in sorted(marked)]


def _lock_number(lane: Lane, device: str | None) -> int:
    digest = hashlib.sha256(f"bellwether publish {lane} {device or ''}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
