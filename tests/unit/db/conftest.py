from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from db import batches, jobs, records, results, sources
from db.batches import Claim
from db.engine import transaction
from db.records import Outcome, Stored
from pipelines.records import Analysis, Failure, Kind, Label, Lane, Mention, ModelRef, Record

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MODEL = ModelRef("default", "0123456789ab")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The steps that intake and a worker take, each in its own transaction, for tests that care about one of them."""

    engine: Engine

    def record(self, external_id: str, body: str = "Shares fell.", **fields: Any) -> Record:
        return Record(**{"source": "wire", "external_id": external_id, "kind": Kind.NEWS, "text": body, "published_at": NOON, **fields})

    def source(self, name: str = "wire") -> int:
        with transaction(self.engine) as session:
            return sources.ensure_source(session, name, kind=Kind.NEWS, taxonomy="finance-desk")

    def job(self, lane: Lane = Lane.LIVE, **fields: Any) -> UUID:
        with transaction(self.engine) as session:
            return jobs.open_job(session, lane=lane, **fields).id

    def save(self, given: Sequence[Record], *, job_id: UUID, lane: Lane = Lane.LIVE, batched: bool = True) -> list[Stored]:
        source_id = self.source()
        with transaction(self.engine) as session:
            stored = records.save_records(session, given, source_id=source_id, job_id=job_id, lane=lane, batched=batched)
            n_total = sum(one.outcome is not Outcome.DUPLICATE for one in stored)
            jobs.count_intake(session, job_id, n_total=n_total, n_duplicate=len(stored) - n_total, n_rejected=0)
        return stored

    def close(self, job_id: UUID) -> None:
        with transaction(self.engine) as session:
            jobs.close_job(session, job_id)

    def view(self, job_id: UUID) -> jobs.JobView:
        with transaction(self.engine) as session:
            found = jobs.read_job(session, job_id)
        assert found is not None
        return found

    def batch(self, record_ids: Sequence[int], *, lane: Lane = Lane.LIVE, max_records: int = 64, device: str | None = None) -> list[UUID]:
        with transaction(self.engine) as session:
            sizes = [10] * len(record_ids)
            return batches.form(
                session, record_ids, sizes_bytes=sizes, lane=lane, max_records=max_records, max_bytes=1 << 20, device=device
            )

    def submit(self, *bodies: str, prefix: str = "r", lane: Lane = Lane.LIVE, max_records: int = 64) -> tuple[UUID, list[UUID], list[int]]:
        """Take in one record a body, close the job and form batches; return job, batches and record ids."""
        job_id = self.job(lane)
        given = [self.record(f"{prefix}{n:04}", body) for n, body in enumerate(bodies)]
        ids = [one.record_id for one in self.save(given, job_id=job_id, lane=lane)]
        self.close(job_id)
        return job_id, self.batch(ids, lane=lane, max_records=max_records), ids

    def claim(self, batch_id: UUID, *, lease: timedelta = timedelta(minutes=2), worker: str = "worker-1") -> Claim | None:
        with transaction(self.engine) as session:
            return batches.claim(session, batch_id, lease=lease, worker=worker)

    def held(self, batch_id: UUID, *, lease: timedelta = timedelta(minutes=2)) -> Claim:
        claim = self.claim(batch_id, lease=lease)
        assert claim is not None
        return claim

    def save_results(self, claim: Claim, *, analyses: Sequence[Analysis] = (), failures: Sequence[Failure] = ()) -> None:
        with transaction(self.engine) as session:
            model_id = results.ensure_model(session, MODEL)
            results.save_results(session, claim, analyses=analyses, failures=failures, model_id=model_id)

    def sweep(self, *, max_attempts: int = 3) -> batches.Swept:
        with transaction(self.engine) as session:
            return batches.sweep(session, max_attempts=max_attempts)

    def crash(self, batch_id: UUID) -> None:
        """Claim a batch under a lease that has run out already, as if its worker had died."""
        assert self.claim(batch_id, lease=timedelta(seconds=-1)) is not None

    def rows(self, query: str, **values: Any) -> list[Any]:
        with transaction(self.engine) as session:
            return list(session.execute(text(query), values).all())

    def value(self, query: str, **values: Any) -> Any:
        return self.rows(query, **values)[0][0]

    def change(self, statement: str, **values: Any) -> None:
        with transaction(self.engine) as session:
            session.execute(text(statement), values)

    def wait_until_blocked(self, n: int = 1) -> None:
        """Return once `n` other connections to this database wait for a lock."""
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        for _ in count():  # each turn is a round trip; the test's own time limit ends it
            if self.value(waiting) >= n:
                return


def analysis(document_id: int, *mentions: Mention, sentiment: str = "negative") -> Analysis:
    scores = {"negative": 0.7, "neutral": 0.2, "positive": 0.1}
    topics = (Label("earnings", 0.8), Label("mergers", 0.1))
    label = Label(sentiment, 0.7)
    return Analysis(document_id, MODEL, label, scores, "finance-desk", topics[0], topics, mentions, "en", n_tokens=7, n_windows=1)


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


@pytest.fixture
def analyze() -> Callable[..., Analysis]:
    return analysis


@pytest.fixture
def in_threads() -> Callable[..., list[Any]]:
    """Run callables at the same time and return their results in order; their errors are raised."""

    def run(*calls: Callable[[], Any]) -> list[Any]:
        with ThreadPoolExecutor(len(calls)) as pool:
            futures: list[Future[Any]] = [pool.submit(call) for call in calls]
            errors = [error for future in futures if (error := future.exception())]
            if errors:
                raise BaseExceptionGroup("threads failed", errors)
            return [future.result() for future in futures]

    return run
