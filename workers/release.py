"""Lets quarantined records be analysed again, noted in the audit; which ones deserve it is for people to say."""

from collections.abc import Sequence
from uuid import UUID

from db import audit, quarantine
from db.engine import transaction
from db.quarantine import Released
from workers import endpoints
from workers.doorbell import ring_due
from workers.settings import settings

_AT_ONCE = 10_000


def rows_to_release(*, job_id: UUID | None, reason: str | None, source: str | None) -> list[int]:
    """Return the numbers of the quarantine rows that match and hold a stored record."""
    with transaction(endpoints.engine()) as session:
        found = quarantine.export_quarantined(session, reason=reason, source=source, job_id=job_id)
        return [one.id for one in found if one.record_id is not None]


def release_rows(ids: Sequence[int], *, who: str) -> Released:
    """Queue the records of these rows again and ring for them, some thousands a transaction; return what was released."""
    limits = settings().intake
    total = Released((), 0, 0)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        with transaction(endpoints.engine()) as session:
            released = quarantine.release(session, some, max_records=limits.batch_records, max_bytes=limits.batch_bytes)
            audit.write_audit(session, "quarantine.released", who=who, n_records=released.n_records)
        for lane in sorted({lane for _, lane in released.batches}, reverse=True):  # live before backfill
            ring_due(endpoints.engine(), lane=lane)
        total = Released(total.batches + released.batches, total.n_records + released.n_records, total.n_skipped + released.n_skipped)
    return total
