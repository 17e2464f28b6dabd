"""A batch in a worker's hands: held, finished, given back, fenced off."""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy import table as table_named

from db import batches, jobs, records, sources
from db.engine import transaction
from db.releasing import release, release_worker
from pipelines.errors import DeviceExhausted, InvalidRecord
from pipelines.mentions import LONGEST_ENTITY
from pipelines.records import Analysis, Document, Failure, Kind, Label, Lane, Mention, ModelRef, Record
from workers import ledger, standby
from workers.children import Child
from workers.nodes import own_names
from workers.queues import ANALYZE_LIVE
from workers.settings import settings
from workers.supervisor import supervise
from workers.sweeper import refresh_rollups_once
from workers.trust import ENOUGH, Trust

MODEL = ModelRef("test", "0123456789ab")
NODE = "analyze-cpu@here"


def analysis_of(document: Document) -> Analysis:
    scores = {"negative": 0.8, "neutral": 0.1, "positive": 0.1}
    return Analysis(document.id, MODEL, Label("negative", 0.8), scores, document.taxonomy, None, (), (), "en", 4, 1)


@pytest.fixture
def queued(engine: Engine) -> Callable[[int], UUID]:
    """Take in so many records as one batch and return it."""

    def made(n_records: int) -> UUID:
        with transaction(engine) as session:
            source_id = sources.ensure_source(session, "desk", kind=Kind.NEWS, taxonomy="finance-desk")
            job = jobs.open_job(session, lane=Lane.LIVE)
            rows = [
                Record("desk", str(uuid4()), Kind.NEWS, f"profit falls {i}", datetime(2026, 1, 1, tzinfo=UTC)) for i in range(n_records)
            ]
            stored = records.save_records(session, rows, source_id=source_id, job_id=job.id, lane=Lane.LIVE, batched=True)
            ids = [one.record_id for one in stored]
            jobs.count_intake(session, job.id, n_total=n_records, n_duplicate=0, n_rejected=0)
            jobs.close_job(session, job.id)
            return batches.form(session, ids, sizes_bytes=[10] * n_records, lane=Lane.LIVE, max_records=100, max_bytes=10_000)[0]

    return made


@pytest.fixture
def row(engine: Engine) -> Callable[[UUID], Any]:
    """Read a batch's row."""

    def of(batch_id: UUID) -> Any:
        with engine.connect() as connection:
            return connection.execute(text("SELECT * FROM batch WHERE id = :id"), {"id": batch_id}).one()

    return of


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table_named(table))).scalar_one())


def test_held_batch_is_finished_once_with_its_results(engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any]) -> None:
    batch_id = queued(3)

    for _ in range(2):
        with ledger.held(batch_id, engine=engine, worker=NODE) as batch:
            if batch:
                first, *others = batch.documents()
                failure = Failure(first.id, InvalidRecord("nothing to read"))
                batch.finish([failure, *map(analysis_of, others)], model=MODEL, device="cpu")

    assert (row(batch_id).state, row(batch_id).attempts, row(batch_id).worker) == ("done", 1, NODE)
    assert (count(engine, "analysis"), count(engine, "quarantine")) == (2, 1)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (DeviceExhausted("no memory for 1 window"), "DeviceExhausted: no memory for 1 window"),
        (ValueError("profit falls 0: a secret of the text"), "ValueError"),
    ],
)
def test_held_gives_the_batch_back_with_the_error_and_never_with_text(
    engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any], raised: Exception, told: str
) -> None:
    batch_id = queued(2)

    with ledger.held(batch_id, engine=engine, worker=NODE) as batch:
        assert batch
        raise raised

    found = row(batch_id)
    assert (found.state, found.attempts, found.error, found.published_at) == ("queued", 1, told, None)
    assert found.due_at > datetime.now(UTC)


def test_held_lets_a_process_end_that_fails_batch_after_batch_with_the_batch_in_its_hands(
    engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    distrusted = Trust()
    distrusted.leave = sys.exit
    monkeypatch.setattr(ledger, "trust", distrusted)
    *failing, last = [queued(1) for _ in range(ENOUGH)]

    for batch_id in failing:
        with ledger.held(batch_id, engine=engine, worker=NODE):
            raise RuntimeError("device-side assert")
    with pytest.raises(SystemExit), ledger.held(last, engine=engine, worker=NODE):
        raise RuntimeError("device-side assert")

    assert [row(one).state for one in failing] == ["queued"] * len(failing)
    assert row(last).state == "leased"


def test_finish_stores_the_longest_entity_that_the_analyzer_lets_through(
    engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any]
) -> None:
    entity = "".join(chr(0x10400 + one * 7919 % 65_000) for one in range(LONGEST_ENTITY))  # four bytes each, and no run to compress
    batch_id = queued(1)

    with ledger.held(batch_id, engine=engine, worker=NODE) as batch:
        assert batch
        found = [replace(analysis_of(one), mentions=(Mention("ORG", "profit", 0, 6, 0.9, entity),)) for one in batch.documents()]
        batch.finish(found, model=MODEL, device="cpu")
    refresh_rollups_once(engine)

    assert row(batch_id).state == "done"
    assert count(engine, "mention") == 1


def test_held_drops_quietly_what_was_fenced_off(engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any]) -> None:
    batch_id = queued(1)

    with ledger.held(batch_id, engine=engine, worker=NODE) as batch:
        assert batch
        found = [analysis_of(one) for one in batch.documents()]
        with transaction(engine) as session:
            assert release(session, batch_id=batch_id, error="crashed_worker: it seemed", retry_in=timedelta(0)) == 1
        batch.finish(found, model=MODEL, device="cpu")

    assert row(batch_id).state == "queued"
    assert count(engine, "analysis") == 0


def test_held_renews_its_lease_meanwhile(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any]
) -> None:
    for name, value in {"LEASE": "PT0.9S", "TASK_TIME_LIMIT": "PT0.5S", "SWEEP_EVERY": "PT0.1S"}.items():
        monkeypatch.setenv(f"BELLWETHER_LEDGER__{name}", value)
    settings.cache_clear()
    batch_id = queued(1)

    with ledger.held(batch_id, engine=engine, worker=NODE) as batch:
        assert batch
        first = row(batch_id).leased_until
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        while row(batch_id).leased_until == first and datetime.now(UTC) < deadline:
            pass
        assert row(batch_id).leased_until > first
        batch.finish([analysis_of(one) for one in batch.documents()], model=MODEL, device="cpu")

    assert row(batch_id).state == "done"


def test_release_worker_gives_back_what_a_dead_node_held_and_nothing_else(
    engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any]
) -> None:
    dead, alive = queued(1), queued(1)
    with transaction(engine) as session:
        batches.claim(session, dead, lease=timedelta(minutes=1), worker=NODE)
        batches.claim(session, alive, lease=timedelta(minutes=1), worker="analyze-cpu@elsewhere")

    with transaction(engine) as session:
        assert release_worker(session, worker=NODE, error="crashed_worker: it died") == 1

    assert (row(dead).state, row(dead).attempts, row(dead).token) == ("queued", 1, None)
    assert row(alive).state == "leased"


@pytest.mark.usefixtures("configured")
def test_give_back_batch_frees_what_a_crashed_child_held(engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any]) -> None:
    from billiard.exceptions import WorkerLostError

    from workers.lifecycle import give_back_batch
    from workers.tasks import analyze

    batch_id = queued(2)
    with transaction(engine) as session:
        batches.claim(session, batch_id, lease=timedelta(minutes=1), worker=NODE)

    assert give_back_batch(sender=analyze, args=[str(batch_id)], exception=ValueError("handled elsewhere")) is None
    assert row(batch_id).state == "leased"
    thread = give_back_batch(sender=analyze, args=[str(batch_id)], exception=WorkerLostError("signal 11"))
    assert thread
    thread.join()

    assert (row(batch_id).state, row(batch_id).error) == ("queued", "crashed_worker: the process that analysed it died")


@pytest.mark.usefixtures("configured")
def test_give_back_batch_never_makes_the_parent_wait_for_a_child_that_hangs_while_it_saves(
    engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any]
) -> None:
    from billiard.exceptions import TimeLimitExceeded

    from workers.lifecycle import give_back_batch
    from workers.tasks import analyze

    batch_id = queued(1)
    with transaction(engine) as session:
        batches.claim(session, batch_id, lease=timedelta(minutes=1), worker=NODE)

    with engine.connect() as hung:  # as the child's own transaction does
        hung.execute(text("SELECT id FROM batch WHERE id = :id FOR UPDATE"), {"id": batch_id})
        thread = give_back_batch(sender=analyze, args=[str(batch_id)], exception=TimeLimitExceeded(6.0))
        assert thread
        assert row(batch_id).state == "leased"  # the parent goes on, and kills it: the connection ends
    thread.join()

    assert row(batch_id).state == "queued"


@pytest.mark.usefixtures("configured")
def test_sweep_once_rings_for_what_lost_its_message(queued: Callable[[int], UUID], row: Callable[[UUID], Any]) -> None:
    from workers import endpoints, publish
    from workers.sweeper import sweep_once

    batch_id = queued(2)

    sweep_once(endpoints.engine())
    sweep_once(endpoints.engine())

    assert publish.queue_length(ANALYZE_LIVE) == 1
    assert row(batch_id).published_at is not None


@pytest.mark.usefixtures("configured")
def test_supervise_gives_back_at_its_start_what_its_worker_held_when_both_died(
    engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any], tmp_path: Path
) -> None:
    batch_id = queued(1)
    with transaction(engine) as session:
        batches.claim(session, batch_id, lease=timedelta(hours=1), worker=NODE)
    # The worker asks its supervisor to stop, and ends as asked: only the supervisor's start can have given the batch back.
    stop = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); os.kill(os.getppid(), signal.SIGTERM); signal.pause()"
    code = f"import os, signal, sys; {stop}"

    supervise([Child(NODE, [sys.executable, "-c", code], os.environ, tmp_path / "log")])

    assert (row(batch_id).state, row(batch_id).attempts) == ("queued", 1)


@pytest.mark.usefixtures("configured")
def test_standby_sweep_rings_without_beat_and_outlives_an_error(
    queued: Callable[[int], UUID], row: Callable[[UUID], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers import publish

    batch_id = queued(2)
    real, n_calls, swept = standby._sweep, 0, threading.Event()

    def second_time_lucky() -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 1:
            raise ConnectionError("away")
        real()
        swept.set()

    monkeypatch.setattr(standby, "_sweep", second_time_lucky)
    with standby.standby_sweep(every=timedelta(seconds=0.05)):
        assert swept.wait(20)

    assert row(batch_id).published_at is not None
    assert publish.queue_length(ANALYZE_LIVE) == 1


@pytest.mark.usefixtures("configured")
def test_supervise_takes_nothing_from_another_supervisor_of_its_name(
    engine: Engine, queued: Callable[[int], UUID], row: Callable[[UUID], Any], tmp_path: Path
) -> None:
    stop = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); os.kill(os.getppid(), signal.SIGTERM); signal.pause()"
    second = Child(NODE, [sys.executable, "-c", f"import os, signal, sys; {stop}"], os.environ, tmp_path / "log")
    batch_id = queued(1)

    with own_names([Child(NODE, [], {})], folder=settings().home / "nodes"):
        with transaction(engine) as session:
            batches.claim(session, batch_id, lease=timedelta(hours=1), worker=NODE)
        supervise([second])

    assert second.name == "analyze-cpu-2@here"
    assert row(batch_id).state == "leased"
