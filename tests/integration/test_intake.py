from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db import batches, jobs
from db.engine import transaction
from pipelines.records import Kind, Lane
from workers import doorbell, submission
from workers.errors import Conflict, Overloaded, UsageError
from workers.intake import enqueue, rows_of, submit
from workers.receipt import Item
from workers.settings import settings

MANY = 2_500


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, Lane]]:
    """What was rung for, instead of a broker: none of these tests is about one."""
    heard: list[tuple[UUID, Lane]] = []

    def ring(batch_ids: list[UUID], *, lane: Lane, device: str | None = None) -> int:
        heard.extend((batch_id, lane) for batch_id in batch_ids)
        return len(batch_ids)

    monkeypatch.setattr(doorbell, "ring", ring)
    return heard


def texts(n: int, *, start: int = 0) -> list[dict[str, Any]]:
    return [{"external_id": f"id-{number}", "text": f"text number {number}"} for number in range(start, start + n)]


def rows(engine: Engine, query: str) -> list[Any]:
    with transaction(engine) as session:
        return list(session.execute(text(query)))


def test_enqueue_stores_records_forms_batches_and_closes_the_job(engine: Engine, rung: list[tuple[UUID, Lane]]) -> None:
    receipt = enqueue(texts(MANY), engine=engine, source="desk", kind=Kind.SUPPORT, lane=Lane.BACKFILL)

    assert (receipt.n_new, receipt.n_changed, receipt.n_duplicate, receipt.n_rejected) == (MANY, 0, 0, 0)
    with transaction(engine) as session:
        job = jobs.read_job(session, receipt.job_id)
    assert job is not None
    assert (job.n_total, job.state, job.lane) == (MANY, "running", Lane.BACKFILL)
    assert rows(engine, "SELECT count(*), sum(cardinality(record_ids)), max(cardinality(record_ids)) FROM batch") == [(40, MANY, 64)]
    assert rows(engine, "SELECT name, kind, taxonomy FROM source") == [("desk", "support", "banking77")]
    assert len(rung) == len(set(rung)) == 40
    assert {lane for _, lane in rung} == {Lane.BACKFILL}


def test_enqueue_saves_a_chunk_again_that_met_a_deadlock(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    real, deadlocks = batches.form, [psycopg.errors.DeadlockDetected()]

    def form(*arguments: Any, **how: Any) -> list[UUID]:
        formed = real(*arguments, **how)
        if deadlocks:
            raise DBAPIError("statement", {}, deadlocks.pop())
        return formed

    monkeypatch.setattr(batches, "form", form)

    receipt = enqueue([*texts(MANY), {"text": ""}], engine=engine, source="desk")

    assert (receipt.n_new, receipt.n_rejected) == (MANY, 1)
    assert rows(engine, "SELECT n_total, n_rejected, closed_at IS NULL FROM job") == [(MANY, 1, False)]
    assert rows(engine, "SELECT count(*) FROM record WHERE job_id IN (SELECT id FROM job)") == [(MANY,)]
    assert rows(engine, "SELECT sum(cardinality(record_ids)) FROM batch") == [(MANY,)]


def test_enqueue_again_stores_nothing_new_and_says_so(engine: Engine) -> None:
    enqueue(texts(MANY), engine=engine)

    receipt = enqueue(texts(MANY), engine=engine)

    assert receipt.n_duplicate == MANY
    assert receipt.sentence() == "nothing new: all 2,500 records were sent before"
    with transaction(engine) as session:
        job = jobs.read_job(session, receipt.job_id)
    assert job is not None
    assert job.state == "done"
    assert rows(engine, "SELECT count(*) FROM record") == [(MANY,)]


def test_enqueue_stores_a_changed_text_as_a_new_version(engine: Engine) -> None:
    enqueue(texts(3), engine=engine)

    receipt = enqueue([*texts(2), {"external_id": "id-2", "text": "changed"}], engine=engine)

    assert (receipt.n_changed, receipt.n_duplicate) == (1, 2)
    assert rows(engine, "SELECT version, text, superseded_at IS NULL FROM record WHERE external_id = 'id-2' ORDER BY version") == [
        (1, "text number 2", False),
        (2, "changed", True),
    ]


def test_enqueue_keeps_bad_rows_in_quarantine_and_goes_on(engine: Engine) -> None:
    receipt = enqueue(
        [{"text": "good"}, {"text": " "}, "no object", {"text": "late", "published_at": "yesterday"}, {"text": "good too"}], engine=engine
    )

    assert (receipt.n_new, receipt.n_rejected) == (2, 3)
    assert [(item.line, item.reason) for item in receipt.rejects] == [(2, "no_text"), (3, "not_an_object"), (4, "bad_time")]
    kept = rows(engine, "SELECT line, reason, job_id, payload FROM quarantine ORDER BY line")
    assert [(row.line, row.reason, row.job_id) for row in kept] == [
        (n, reason, receipt.job_id) for n, reason in ((2, "no_text"), (3, "not_an_object"), (4, "bad_time"))
    ]
    assert bytes(kept[2].payload) == b'{"text": "late", "published_at": "yesterday"}'


def test_enqueue_shows_only_the_first_rejects_but_keeps_all(engine: Engine) -> None:
    receipt = enqueue([{"text": ""}] * 30, engine=engine)

    assert receipt.n_rejected == 30
    assert len(receipt.rejects) == 20
    assert rows(engine, "SELECT count(*) FROM quarantine") == [(30,)]


def test_submit_tells_of_every_row_in_order(engine: Engine) -> None:
    told: list[Item] = []

    enqueue([*texts(2), {"text": ""}, *texts(1), {"text": "x", "source": "other"}], engine=engine, told=told.extend)

    assert [(item.line, item.status) for item in told] == [(1, "new"), (2, "new"), (3, "rejected"), (4, "duplicate"), (5, "new")]
    assert told[0].record_id == told[3].record_id


def test_submit_loses_nothing_in_a_crash_between_commit_and_ring(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crash(BaseException):
        pass

    def crash(*_: Any, **__: Any) -> int:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(submission, "ring_due", crash)
        with pytest.raises(Crash):
            enqueue(texts(100), engine=engine)

    with transaction(engine) as session:
        due = batches.take_due(session, lane=Lane.LIVE, window=10, republish_after=timedelta(minutes=10), queue_length=0)
    assert rows(engine, "SELECT count(*) FROM record") == [(100,)]
    assert len(due) == 2


def test_submit_rolls_a_chunk_back_whole_and_rings_for_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch, rung: list[Any]) -> None:
    monkeypatch.setattr(batches, "form", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        enqueue(texts(3), engine=engine)

    assert rows(engine, "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM job), (SELECT count(*) FROM batch)") == [(0, 0, 0)]
    assert rung == []


def test_submit_closes_the_job_of_a_reading_that_broke_off(engine: Engine) -> None:
    def breaking() -> Iterator[dict[str, Any]]:
        yield from texts(1_500)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        enqueue(breaking(), engine=engine)

    (job,) = rows(engine, "SELECT n_total, closed_at IS NOT NULL AS is_closed FROM job")
    assert job == (1_000, True)


def test_submit_with_a_key_answers_the_first_time_again(engine: Engine) -> None:
    first = enqueue([*texts(3), {"text": ""}], engine=engine, idempotency_key="k", request_hash=b"1")

    again = enqueue([*texts(3), {"text": ""}], engine=engine, idempotency_key="k", request_hash=b"1")

    assert again.replayed
    assert (again.job_id, again.n_new, again.n_rejected) == (first.job_id, 3, 1)
    assert rows(engine, "SELECT count(*) FROM quarantine") == [(1,)]
    with pytest.raises(Conflict, match="new key"):
        enqueue(texts(1), engine=engine, idempotency_key="k", request_hash=b"2")


def test_submit_with_a_key_resumes_what_broke_off(engine: Engine) -> None:
    def breaking() -> Iterator[dict[str, Any]]:
        yield from texts(1_500)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        enqueue(breaking(), engine=engine, idempotency_key="k")

    receipt = enqueue(texts(1_500), engine=engine, idempotency_key="k")

    assert (receipt.n_new, receipt.n_duplicate) == (500, 1_000)
    assert rows(engine, "SELECT n_total, closed_at IS NOT NULL FROM job") == [(1_500, True)]


def test_submit_refuses_more_than_the_backlog_allows_before_storing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue(texts(10), engine=engine)
    monkeypatch.setenv("BELLWETHER_INTAKE__MAX_BACKLOG_RECORDS", "10")
    settings.cache_clear()

    with pytest.raises(Overloaded, match="10 records wait") as refusal:
        enqueue(texts(1, start=10), engine=engine)

    assert refusal.value.retry_after_s > 0
    assert rows(engine, "SELECT count(*) FROM record") == [(10,)]


def test_submit_waits_for_room_where_the_caller_is_patient(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue(texts(10), engine=engine)
    monkeypatch.setenv("BELLWETHER_INTAKE__MAX_BACKLOG_RECORDS", "10")
    settings.cache_clear()
    waits: list[Overloaded] = []

    def make_room(error: Overloaded) -> None:
        waits.append(error)
        with transaction(engine) as session:
            session.execute(text("UPDATE batch SET state = 'done'"))

    receipt = submit(engine, rows_of(texts(1, start=10)), overloaded=make_room)

    assert receipt.n_new == 1
    assert len(waits) == 1


def test_submit_leaves_single_records_to_linger(engine: Engine, rung: list[tuple[UUID, Lane]]) -> None:
    for record in texts(5):
        enqueue([record], engine=engine, batched=False)
    assert rows(engine, "SELECT count(*) FROM batch") == [(0,)]
    assert rung == []

    formed = doorbell.batch_lingering(engine)

    assert formed == 1
    assert rows(engine, "SELECT cardinality(record_ids) FROM batch") == [(5,)]
    assert len(rung) == 1


def test_submit_rings_for_no_more_than_the_window(engine: Engine, rung: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_LEDGER__PUBLISH_WINDOW", "4")
    settings.cache_clear()

    enqueue(texts(640), engine=engine)

    assert len(rung) == 4


def test_submit_knows_sources_from_the_settings(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_SOURCES", '{"complaints": {"kind": "support", "taxonomy": "complaints"}}')
    settings.cache_clear()

    enqueue([{"text": "a", "source": "complaints"}, {"text": "b"}], engine=engine)

    assert rows(engine, "SELECT name, kind, taxonomy FROM source ORDER BY name") == [
        ("complaints", "support", "complaints"),
        ("default", "news", "finance-desk"),
    ]
    assert rows(engine, "SELECT kind FROM record WHERE text = 'a'") == [("support",)]


def test_submit_takes_a_sources_stored_kind_where_nobody_says_one(engine: Engine) -> None:
    enqueue([{"text": "a"}], engine=engine, source="calls", kind=Kind.SUPPORT)

    enqueue([{"text": "b"}, {"text": "c", "kind": "news"}], engine=engine, source="calls")

    assert rows(engine, "SELECT text, kind FROM record ORDER BY text") == [("a", "support"), ("b", "support"), ("c", "news")]


def test_submit_refuses_a_taxonomy_that_is_not_installed(engine: Engine) -> None:
    with pytest.raises(UsageError, match="bellwether topics list"):
        enqueue(texts(1), engine=engine, taxonomy="complaint")

    assert rows(engine, "SELECT count(*) FROM job") == [(0,)]


def test_enqueue_of_nothing_is_a_finished_job(engine: Engine) -> None:
    receipt = enqueue([], engine=engine)

    assert receipt.sentence() == "nothing in it: no records"
    with transaction(engine) as session:
        job = jobs.read_job(session, receipt.job_id)
    assert job is not None
    assert job.state == "done"


def test_enqueue_without_an_external_id_knows_a_record_by_its_content(engine: Engine) -> None:
    published_at = datetime(2026, 1, 2, tzinfo=UTC)
    record = {"text": "the same", "published_at": published_at}

    receipt = enqueue([record, record, {**record, "published_at": published_at + timedelta(days=1)}, {"text": "the same"}], engine=engine)

    assert (receipt.n_new, receipt.n_duplicate) == (3, 1)
