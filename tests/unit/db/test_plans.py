import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from db import batches, counted, incidents, jobs, parts, rollups, watermarks
from pipelines.records import Lane

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUCKET = timedelta(minutes=15)
HOUR = timedelta(hours=1)


def _watermark(session: Session) -> None:
    held = watermarks.hold_source(session, 1)
    assert held
    watermarks.span_to_judge(session, held, bucket=BUCKET, lateness=BUCKET, idle=BUCKET, rejudges=HOUR, now=NOON + HOUR)


def _take_due(session: Session) -> None:
    batches.take_due(session, lane=Lane.LIVE, window=9, republish_after=HOUR, queue_length=0)


def _read_counted(session: Session) -> None:
    counted.read_counted(session, source_id=1, dimensions=["entity"], since=NOON, until=NOON + HOUR, bucket=BUCKET)


def _read_parts(session: Session) -> None:
    parts.read_parts(session, source_id=1, rule="negatives", since=NOON)


ASKED: dict[str, tuple[Callable[[Session], object], set[str]]] = {
    "watermark": (_watermark, {"ix_record_live", "ix_record_live_pending", "ix_job_open"}),
    "backlog": (batches.backlog, {"ix_batch_open", "ix_record_unbatched"}),
    "take_due": (_take_due, {"ix_batch_open"}),
    "sweep": (lambda session: batches.sweep(session, max_attempts=3), {"ix_batch_open"}),
    "refresh": (lambda session: rollups.refresh(session, bucket=BUCKET, limit=9), {"ix_record_source_published", "ix_rollup_bucket"}),
    "read_counted": (_read_counted, {"ix_rollup_bucket"}),
    "read_arrivals": (lambda session: watermarks.read_arrivals(session, 1, now=NOON), {"ix_record_live"}),
    "read_parts": (_read_parts, {"ix_incident_part_ended"}),
    "retire_parts": (lambda session: parts.retire_parts(session, rules=["negatives"]), {"uq_incident_part_open"}),
    "read_open": (incidents.read_open, {"ix_incident_open", "ix_incident_part_incident"}),
    "list_jobs": (lambda session: jobs.list_jobs(session, limit=9), {"ix_job_created"}),
}


# Most rows are old, done or backfilled, as they are after some months.
GROW = """
    INSERT INTO source (name, kind, taxonomy) VALUES ('wire', 'news', 'finance-desk');
    INSERT INTO model_revision (name, revision) VALUES ('default', '0123456789ab');
    INSERT INTO job (id, lane, created_at, closed_at, finished_at)
        SELECT gen_random_uuid(), 'live', noon - n * interval '1 minute', noon, noon FROM generate_series(1, 10000) AS n;
    INSERT INTO record (source_id, external_id, content_hash, kind, text, published_at, job_id, lane, state, batched_at)
        SELECT 1, 'r' || n, '', 'news', 'Shares fell.', noon - n * interval '1 minute', (SELECT id FROM job LIMIT 1),
            CASE WHEN n % 500 = 0 THEN 'live' ELSE 'backfill' END, CASE WHEN n % 2 = 0 THEN 'done' ELSE 'pending' END, noon
        FROM generate_series(1, 20000) AS n;
    INSERT INTO analysis (
        record_id, model_id, sentiment, sentiment_score, p_negative, p_neutral, p_positive, taxonomy, topics, n_tokens, n_windows
    ) SELECT id, 1, 'neutral', 1, 0, 1, 0, 'finance-desk', '[]', 5, 1 FROM record WHERE state = 'done';
    INSERT INTO batch (id, lane, record_ids, state, claimed_at, leased_until)
        SELECT gen_random_uuid(), 'live', '{1}', CASE n WHEN 1 THEN 'queued' WHEN 2 THEN 'leased' ELSE 'done' END, noon, noon
        FROM generate_series(1, 10000) AS n;
    INSERT INTO rollup (dimension, source_id, key, bucket_at, n, n_negative, n_neutral, n_positive)
        SELECT 'entity', 1, 'ORG:' || key, noon - n * interval '15 minutes', 1, 1, 0, 0
        FROM generate_series(1, 100) AS key, generate_series(0, 99) AS n;
    INSERT INTO rollup_touched (source_id, bucket_at) SELECT 1, noon - n * interval '40 hours' FROM generate_series(0, 3) AS n;
    INSERT INTO incident (
        fingerprint, rule, rule_hash, source_id, dimension, key, metric, state, opened_at, peak_at, last_judged_at, resolved_at,
        observed, expected, p_value, n, n_negative, why, evidence
    ) SELECT 'f' || n, 'negatives', 'h', 1, 'topic', 'earnings', 'negatives', CASE WHEN n > 5 THEN 'resolved' ELSE 'firing' END, at, at, at,
        CASE WHEN n > 5 THEN at END, 9, 1, 1e-9, 9, 9, '', '{}'
    FROM generate_series(1, 5000) AS n, LATERAL (SELECT noon - n * interval '1 hour') AS times (at);
    INSERT INTO incident_part (
        incident_id, fingerprint, rule, rule_hash, source_id, dimension, key, metric, opened_at, window_from, peak_at, last_judged_at,
        resolved_at, observed, expected, p_value, n, n_negative, peak
    ) SELECT id, fingerprint, rule, rule_hash, source_id, dimension, key, metric, opened_at, opened_at, opened_at, opened_at,
        resolved_at, observed, expected, p_value, n, n_negative, '{}' FROM incident;
    ANALYZE;
"""


def test_questions_asked_all_the_time_use_their_indexes(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(GROW.replace("noon", f"timestamptz '{NOON.isoformat()}'")))

    missed = {name: wanted - _indexes(engine, ask) for name, (ask, wanted) in ASKED.items()}

    assert {name: indexes for name, indexes in missed.items() if indexes} == {}


def _indexes(engine: Engine, ask: Callable[[Session], object]) -> set[str]:
    """Return the indexes that the statements of one question use; what it changes is rolled back."""
    with Session(engine) as session, _planned(session) as plans:
        ask(session)
        session.rollback()
    return set(re.findall(r"\b(?:ix|uq)_\w+", "\n".join(plans)))


@contextmanager
def _planned(session: Session) -> Iterator[list[str]]:
    """Have every statement of the session explained before it runs."""
    plans: list[str] = []
    connection = session.connection()

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plans.extend(row[0] for row in cursor.fetchall())

    event.listen(connection, "before_cursor_execute", explain)
    yield plans
    event.remove(connection, "before_cursor_execute", explain)
