"""Delete what has been kept long enough, and a person who asks for it; how long is left to the settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from db.among import among
from db.rollups import touch
from db.settling import lock_records, settle
from db.tables import Batch, Quarantine, Record, Source

_UNSYNCHRONIZED = {"synchronize_session": False}
_FORGET_EXAMPLES = text("""
    UPDATE incident SET evidence = jsonb_set(evidence, '{examples}', (
        SELECT coalesce(jsonb_agg(example ORDER BY nth), '[]')
        FROM jsonb_array_elements(evidence -> 'examples') WITH ORDINALITY AS all_of (example, nth)
        WHERE (example ->> 'record_id')::bigint <> ALL(:ids)
    ))
    WHERE jsonb_typeof(evidence -> 'examples') = 'array' AND EXISTS (
        SELECT FROM jsonb_array_elements(evidence -> 'examples') AS example WHERE (example ->> 'record_id')::bigint = ANY(:ids)
    )
""")


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows went."""

    n_records: int
    n_quarantined: int
    n_batches: int


NOTHING_PRUNED = Pruned(0, 0, 0)


def prune(
    session: Session, *, now: datetime, records: timedelta | None, quarantine: timedelta, batches: timedelta, limit: int = 20_000
) -> Pruned:
    """Delete what is older than its retention, at most `limit` rows of each sort; call again until nothing was.

    Records count from their arrival, superseded versions from when they were superseded, `records=None` keeps all; one that waits
    for analysis stays. Their analyses and mentions go along; rollups and incidents, with their examples, stay. A quarantined record
    keeps its reason as long as it is kept itself; refused lines and released rows go. Jobs stay: they are small, and hold no text.
    """
    n_records = 0
    if records is not None:
        n_records += _delete_records(session, _outdated(now - records), limit)
        n_records += _delete_records(session, _expired(now - records), limit - n_records)
    n_quarantined = _delete_quarantined(session, now - quarantine, limit)
    return Pruned(n_records, n_quarantined, _delete_batches(session, now - batches, limit))


def erase_record(session: Session, source: str, external_id: str) -> int:
    """Erase every version of one record, with all that was said of it; return how many versions there were."""
    source_id = select(Source.id).where(Source.name == source).scalar_subquery()
    n_erased = _erase(session, [Record.source_id == source_id, Record.external_id == external_id])
    refused = (Quarantine.source == source, Quarantine.external_id == external_id)
    session.execute(delete(Quarantine).where(*refused), execution_options=_UNSYNCHRONIZED)
    return n_erased


def erase_author(session: Session, author: str) -> int:
    """Erase every record by `author`, all versions, with all that was said of them; return how many rows there were.

    Lines that intake refused have no author yet: they go with the quarantine's retention.
    """
    theirs = aliased(Record)
    same = (theirs.source_id == Record.source_id, theirs.external_id == Record.external_id, theirs.author == author)
    return _erase(session, [exists().where(*same)])


def _erase(session: Session, which: Sequence[ColumnElement[bool]]) -> int:
    """Settle what still waits, so that its job can finish, have the rollups recomputed, drop incidents' examples, and delete.

    While this waits for a record that an intake is changing, that intake commits the next version: so look until nothing is left.
    """
    n_erased = 0
    while ids := [row.id for row in lock_records(session, list(session.scalars(select(Record.id).where(*which))))]:
        touch(session, ids, rejudged=False)
        session.execute(_FORGET_EXAMPLES, {"ids": ids})
        settle(session, done=ids, failed=())
        session.execute(delete(Record).where(among(Record.id, ids)), execution_options=_UNSYNCHRONIZED)
        n_erased += len(ids)
    return n_erased


def _outdated(before: datetime) -> list[ColumnElement[bool]]:
    return [Record.superseded_at < before, Record.state != "pending"]


def _expired(before: datetime) -> list[ColumnElement[bool]]:
    """Tell current records that arrived too long ago; while an older version is there, the id stays taken, and so does this one."""
    other = aliased(Record)
    has_versions = exists().where(other.source_id == Record.source_id, other.external_id == Record.external_id, other.id != Record.id)
    return [Record.received_at < before, Record.superseded_at.is_(None), Record.state != "pending", ~has_versions]


def _delete_records(session: Session, which: Sequence[ColumnElement[bool]], limit: int) -> int:
    chosen = select(Record.id).where(*which).order_by(Record.id).limit(max(limit, 0)).with_for_update(skip_locked=True)
    ids = list(session.scalars(chosen))
    session.execute(delete(Record).where(among(Record.id, ids)), execution_options=_UNSYNCHRONIZED)
    return len(ids)


def _delete_quarantined(session: Session, before: datetime, limit: int) -> int:
    is_over = or_(Quarantine.record_id.is_(None), Quarantine.released_at.is_not(None))
    old = select(Quarantine.id).where(Quarantine.quarantined_at < before, is_over).order_by(Quarantine.id).limit(limit)
    return _delete(session, delete(Quarantine).where(Quarantine.id.in_(old.with_for_update(skip_locked=True))).returning(Quarantine.id))


def _delete_batches(session: Session, before: datetime, limit: int) -> int:
    is_over = (Batch.state.in_(("done", "split")), Batch.finished_at < before)
    ids = list(session.scalars(select(Batch.id).where(*is_over).limit(limit).with_for_update(skip_locked=True)))
    session.execute(update(Batch).where(among(Batch.parent_id, ids)).values(parent_id=None), execution_options=_UNSYNCHRONIZED)
    return _delete(session, delete(Batch).where(among(Batch.id, ids)).returning(Batch.id))


def _delete(session: Session, statement: Any) -> int:
    return len(session.execute(statement, execution_options=_UNSYNCHRONIZED).all())
