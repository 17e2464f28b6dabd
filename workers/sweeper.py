"""What must come true even if every message and every timer was lost; each function is harmless twice, and at once."""

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from pipelines.records import Lane
from workers import publish, queues
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

_log = structlog.get_logger("bellwether.sweep")
_SILENT_FOR = timedelta(hours=1)  # after which an open job has no sender any more
_ROLLUP_ROWS = 2_000  # touched buckets a transaction


def sweep_once(engine: "Engine") -> None:
    """Take back leases that ran out, close jobs whose sender died, batch records that lingered, and ring what is due, live first."""
    from db import batches, jobs
    from db.engine import transaction

    chosen = settings()
    with transaction(engine) as session:
        swept = batches.sweep(session, max_attempts=chosen.ledger.max_attempts)
    if swept.n_requeued or swept.n_bisected or swept.n_quarantined:
        _log.warning("swept", n_requeued=swept.n_requeued, n_bisected=swept.n_bisected, n_quarantined=swept.n_quarantined)
    with transaction(engine) as session:
        intake = chosen.intake
        batches.form_lingering(session, older_than=intake.linger, max_records=intake.batch_records, max_bytes=intake.batch_bytes)
        n_closed = jobs.close_abandoned(session, silent_for=_SILENT_FOR)
        devices = batches.pinned_devices(session)
    if n_closed:
        _log.warning("closed jobs whose sender is gone", n_jobs=n_closed)
    for lane in Lane:
        for device in (None, *devices):
            ring_due(engine, lane, device=device)


def ring_due(engine: "Engine", lane: Lane, *, device: str | None = None) -> int:
    """Ring the lane's due batches, no more than the window in Redis at a time; return how many."""
    from db import batches
    from db.engine import transaction

    ledger = settings().ledger
    waiting = publish.queue_length(queues.device_queue(device) if device else queues.lane_queue(lane))
    with transaction(engine) as session:
        due = batches.take_due(
            session, lane=lane, window=ledger.publish_window, republish_after=ledger.republish_after, queue_length=waiting, device=device
        )
    return publish.ring(due, lane=lane, device=device) if due else 0


def refresh_rollups_once(engine: "Engine") -> int:
    """Recompute every touched bucket, some thousands a transaction; return how many."""
    from db import rollups
    from db.engine import transaction

    total = 0
    while True:
        with transaction(engine) as session:
            n_refreshed = rollups.refresh(session, bucket=settings().rollups.bucket, limit=_ROLLUP_ROWS)
        total += n_refreshed
        if not n_refreshed:  # several notes may name one bucket, so fewer buckets than notes say nothing
            return total


def prune_once(engine: "Engine") -> None:
    """Delete what is older than its retention, a limited number of rows a transaction."""
    from datetime import UTC, datetime

    from db import retention
    from db.engine import transaction

    kept, now = settings().retention, datetime.now(UTC)
    pruned = None
    while pruned != retention.NOTHING_PRUNED:
        with transaction(engine) as session:
            pruned = retention.prune(session, now=now, records=kept.records, quarantine=kept.quarantine, batches=kept.batches)
