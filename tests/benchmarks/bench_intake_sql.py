"""Measure the ledger against the same rows through plain ORM inserts: records a second and their ratio; asserts nothing.

python tests/benchmarks/bench_intake_sql.py [--records 5000] [--rounds 3] [--url postgresql://...]   (without: a server of its own)
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import batches, jobs, migrate, records, results, sources, tables
from db.embedded import start_postgres
from db.engine import connect, transaction
from db.incoming import content_hash
from pipelines.records import Analysis, Kind, Label, Lane, Mention, ModelRef, Record

CHUNK = 1_000
MODEL = ModelRef("benchmark", "000000000000")
BODY = "Shares of Acme Corp fell 3% on Monday after the company cut its outlook for the year, citing weak demand. " * 2


def main() -> None:
    """Run both ways in turn, so that both meet the same neighbours, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--url", help="an empty database to fill")
    chosen = parser.parse_args()
    steps: dict[str, Callable[[Engine, int, str], float]] = {
        "intake": intake,
        "intake, ORM": intake_orm,
        "intake again": intake,
        "intake again, ORM": intake_orm,
        "results": analyse,
        "results, ORM": analyse_orm,
    }
    rates: dict[str, list[float]] = {name: [] for name in steps}
    with database(chosen.url) as engine:
        for number in range(chosen.rounds):
            for name, step in steps.items():
                seconds = step(engine, chosen.records, f"{'orm' if 'ORM' in name else 'fast'}-{number}")
                rates[name].append(chosen.records / seconds)
    for name in ("intake", "intake again", "results"):
        fast, plain = median(rates[name]), median(rates[f"{name}, ORM"])
        print(f"{name:<14} {fast:>9,.0f} records/s   plain ORM {plain:>9,.0f} records/s   ratio {fast / plain:.1f}")


@contextmanager
def database(url: str | None) -> Iterator[Engine]:
    """Yield an engine of a migrated database, on a server of its own unless `url` names one."""
    with tempfile.TemporaryDirectory() as folder:
        server = None if url else start_postgres(Path(folder) / "pg")
        engine = connect(url or server.url)  # type: ignore[union-attr]  # one of the two is there
        migrate.upgrade(engine.url.render_as_string(hide_password=False))
        yield engine
        engine.dispose()
        if server:
            server.stop()


def given(n: int, source: str) -> list[Record]:
    """Return `n` records as intake makes them."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return [
        Record(source, f"id-{i}", Kind.NEWS, f"{BODY} {i}", at + timedelta(seconds=i), author="desk", attributes={"nth": i})
        for i in range(n)
    ]


def opened(engine: Engine, source: str) -> tuple[int, UUID]:
    """Return the ids of the source and of a new job."""
    with transaction(engine) as session:
        return sources.ensure_source(session, source, kind=Kind.NEWS, taxonomy="t"), jobs.open_job(session, lane=Lane.LIVE).id


def intake(engine: Engine, n: int, source: str) -> float:
    """Save records, form batches and count, a transaction a chunk; return seconds."""
    source_id, job_id = opened(engine, source)
    every = given(n, source)
    started = time.perf_counter()
    for i in range(0, n, CHUNK):
        with transaction(engine) as session:
            chunk = every[i : i + CHUNK]
            stored = records.save_records(session, chunk, source_id=source_id, job_id=job_id, lane=Lane.LIVE, batched=True)
            ids = [one.record_id for one in stored if one.outcome is not records.Outcome.DUPLICATE]
            batches.form(session, ids, sizes_bytes=[len(BODY)] * len(ids), lane=Lane.LIVE, max_records=64, max_bytes=65_536)
            jobs.count_intake(session, job_id, n_total=len(ids), n_duplicate=len(chunk) - len(ids), n_rejected=0)
    return time.perf_counter() - started


def intake_orm(engine: Engine, n: int, source: str) -> float:
    """Save the same rows as objects, after one look for those that are there, a transaction a chunk; return seconds."""
    source_id, job_id = opened(engine, source)
    every = given(n, source)
    started = time.perf_counter()
    for i in range(0, n, CHUNK):
        with transaction(engine) as session:
            chunk = every[i : i + CHUNK]
            ids = [one.external_id for one in chunk]
            there = select(tables.Record).where(tables.Record.source_id == source_id, tables.Record.external_id.in_(ids))
            known = {row.external_id for row in session.scalars(there)}
            session.add_all(row_of(one, source_id, job_id) for one in chunk if one.external_id not in known)
    return time.perf_counter() - started


def row_of(one: Record, source_id: int, job_id: UUID) -> tables.Record:
    """Return the record as an ORM object."""
    fields = {"external_id": one.external_id, "kind": one.kind, "text": one.text, "author": one.author, "published_at": one.published_at}
    digest = content_hash(one.kind, one.title, one.text)
    return tables.Record(
        **fields,
        source_id=source_id,
        job_id=job_id,
        lane=Lane.LIVE,
        content_hash=digest,
        attributes=dict(one.attributes),
        batched_at=datetime.now(UTC),
    )


def said(document_id: int) -> Analysis:
    """Return an analysis with three mentions."""
    mentions = tuple(Mention("ORG", "Acme Corp", start, start + 9, 0.9, "acme corp") for start in (10, 30, 50))
    scores = {"negative": 0.8, "neutral": 0.1, "positive": 0.1}
    topics = tuple(Label(f"topic {n}", 0.3) for n in range(3))
    return Analysis(document_id, MODEL, Label("negative", 0.8), scores, "t", topics[0], topics, mentions, "en", 40, 1)


def analyse(engine: Engine, n: int, source: str) -> float:
    """Claim every queued batch and save its results, as workers do, two transactions a batch; return seconds."""
    with transaction(engine) as session:
        model_id = results.ensure_model(session, MODEL)
        queued = session.scalars(select(tables.Batch.id).where(tables.Batch.state == "queued")).all()
    started = time.perf_counter()
    for batch_id in queued:
        with transaction(engine) as session:
            claim = batches.claim(session, batch_id, lease=timedelta(minutes=2), worker="benchmark")
        assert claim is not None
        with transaction(engine) as session:
            analyses = [said(one) for one in claim.record_ids]
            results.save_results(session, claim, analyses=analyses, failures=[], model_id=model_id)
    return time.perf_counter() - started


def analyse_orm(engine: Engine, n: int, source: str) -> float:
    """Write the same results as objects, 64 records a transaction, without lease, counters or fence; return seconds."""
    with transaction(engine) as session:
        model_id = results.ensure_model(session, MODEL)
        chosen = select(tables.Record.id).join(tables.Source, tables.Source.id == tables.Record.source_id)
        ids = session.scalars(chosen.where(tables.Source.name == source)).all()
    started = time.perf_counter()
    for i in range(0, len(ids), 64):
        with transaction(engine) as session:
            save_orm(session, [said(one) for one in ids[i : i + 64]], model_id)
    return time.perf_counter() - started


def save_orm(session: Session, analyses: Sequence[Analysis], model_id: int) -> None:
    """Add analyses and mentions, and mark their records done, object by object."""
    for one in analyses:
        scores = {f"p_{name}": score for name, score in one.sentiment_scores.items()}
        topics = [{"label": label.label, "score": label.score} for label in one.topics]
        row = tables.Analysis(record_id=one.document_id, model_id=model_id, sentiment=one.sentiment.label, sentiment_score=0.8, **scores)
        row.taxonomy, row.topic, row.topic_score, row.topics = one.taxonomy, "topic 0", 0.3, topics
        row.language, row.n_tokens, row.n_windows = one.language, one.n_tokens, one.n_windows
        session.add(row)
        for it in one.mentions:
            span = {"start_offset": it.start, "end_offset": it.end, "entity_group": it.entity_group, "word": it.word, "entity": it.entity}
            session.add(tables.Mention(record_id=one.document_id, model_id=model_id, score=it.score, **span))
        session.get_one(tables.Record, one.document_id).state = "done"


if __name__ == "__main__":
    main()
