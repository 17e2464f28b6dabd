"""Rings for batches right after they were committed; should it fail, the sweep rings again, so nothing here is a promise."""

from datetime import timedelta

from sqlalchemy import Engine

from db.batches import form_lingering, take_due
from db.engine import transaction
from pipelines.records import Lane
from workers.publish import ring
from workers.settings import settings

_SOME_WAIT = 1
"""Only the sweep asks the broker how much waits, and so finds lost messages: a caller is not kept waiting for that."""


def ring_due(engine: Engine, *, lane: Lane, device: str | None = None) -> int:
    """Send a message for each due batch of the lane that the window has room for, and return how many; call after the commit."""
    ledger = settings().ledger
    with transaction(engine) as session:
        due = take_due(
            session,
            lane=lane,
            device=device,
            window=ledger.publish_window,
            republish_after=ledger.republish_after,
            queue_length=_SOME_WAIT,
        )
    return ring(due, lane=lane, device=device) if due else 0


def batch_lingering(engine: Engine, *, older_than: timedelta = timedelta(0)) -> int:
    """Form batches of the single records that wait for company, ring for them, and return how many they are."""
    limits = settings().intake
    with transaction(engine) as session:
        formed = form_lingering(session, older_than=older_than, max_records=limits.batch_records, max_bytes=limits.batch_bytes)
    for lane in sorted({lane for _, lane in formed}, reverse=True):  # live before backfill
        ring_due(engine, lane=lane)
    return len(formed)
