"""Baselines as fitted, kept so that a scan need not read weeks of rollups; what is in them is left to `workers.fits`."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.tables import Baseline


def read_baselines(session: Session, *, source_id: int, rule_hash: str, since: datetime, until: datetime) -> dict[datetime, bytes]:
    """Return what one rule's baselines of one source were in [`since`, `until`), by when they were fitted."""
    kept = (Baseline.source_id == source_id, Baseline.rule_hash == rule_hash)
    query = select(Baseline.fitted_at, Baseline.payload).where(*kept, Baseline.fitted_at >= since, Baseline.fitted_at < until)
    return {row.fitted_at: row.payload for row in session.execute(query)}


def save_baselines(session: Session, fitted: Mapping[datetime, bytes], *, source_id: int, rule_hash: str) -> None:
    """Keep baselines; what was fitted at the same time before is replaced."""
    for fitted_at, payload in sorted(fitted.items()):
        row = insert(Baseline).values(source_id=source_id, rule_hash=rule_hash, fitted_at=fitted_at, payload=payload)
        primary = ["source_id", "rule_hash", "fitted_at"]
        session.execute(row.on_conflict_do_update(index_elements=primary, set_={"payload": row.excluded.payload}))


def drop_baselines(session: Session, *, source_id: int, after: datetime | None = None, before: datetime | None = None) -> None:
    """Forget a source's baselines fitted later than `after`, whose past has changed, and earlier than `before`, which nobody needs."""
    of_source = delete(Baseline).where(Baseline.source_id == source_id)
    if after is not None:
        session.execute(of_source.where(Baseline.fitted_at > after))
    if before is not None:
        session.execute(of_source.where(Baseline.fitted_at < before))
