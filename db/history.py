"""From when to when each source has rollups, as a replay needs to know; reading them is left to `db.counted`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables import Rollup, Source


@dataclass(frozen=True, slots=True)
class History:
    """A source with rollups: the start of its first bucket, and the end of the last that is complete."""

    source_id: int
    source: str
    first_at: datetime
    until: datetime


def read_histories(session: Session, *, bucket: timedelta, now: datetime, source: str | None = None) -> list[History]:
    """Return the sources that have rollups, by name, or only this one; a live one's history ends where the scan has come, if not `now`."""
    first, last = func.min(Rollup.bucket_at), func.max(Rollup.bucket_at)
    query = (
        select(Source.id, Source.name, first, func.least(last + bucket, func.coalesce(Source.scanned_until, last + bucket)))
        .join(Rollup, Rollup.source_id == Source.id)
        .where(Rollup.dimension == "source", Rollup.key == "", Rollup.bucket_at <= now)
        .group_by(Source.id)
        .order_by(Source.name)
    )
    found = session.execute(query if source is None else query.where(Source.name == source))
    return [History(*row) for row in found]
