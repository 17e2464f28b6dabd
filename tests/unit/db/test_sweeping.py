from collections.abc import Callable
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.orm import Session

from db import batches
from db.batches import Swept
from db.engine import transaction


def fail_out(ledger: Any, batch_id: Any, error: str = "ModelUnavailable: no weights", times: int = 3) -> None:
    for _ in range(times):
        claim = ledger.held(batch_id)
        with transaction(ledger.engine) as session:
            batches.fail(session, claim, error=error, retry_in=timedelta(0))


def test_sweep_of_a_quiet_ledger_does_nothing(ledger: Any) -> None:
    _, made, _ = ledger.submit("a", "b", max_records=1)
    ledger.held(made[0])

    assert ledger.sweep() == Swept()


def test_sweep_queues_a_batch_again_whose_lease_ran_out(ledger: Any) -> None:
    _, (batch_id,), _ = ledger.submit("a")
    ledger.crash(batch_id)
    ledger.change("UPDATE batch SET published_at = now(), due_at = now() + interval '1 hour'")

    assert ledger.sweep() == Swept(n_requeued=1)
    row = ledger.rows("SELECT * FROM batch")[0]
    assert (row.state, row.token, row.leased_until, row.published_at) == ("queued", None, None, None)
    assert row.error.startswith("crashed_worker")
    assert ledger.held(batch_id).attempts == 2


def test_sweep_splits_a_batch_that_crashed_too_often_into_halves_with_fresh_attempts(ledger: Any) -> None:
    _, (batch_id,), ids = ledger.submit(*"abcde")
    for _ in range(3):
        ledger.crash(batch_id)
        swept = ledger.sweep()

    assert swept == Swept(n_bisected=1)
    rows = ledger.rows("SELECT state, attempts, record_ids, parent_id FROM batch ORDER BY created_at, state DESC")
    assert rows == [("split", 3, ids, None), ("queued", 0, ids[:3], batch_id), ("queued", 0, ids[3:], batch_id)]
    assert ledger.value("SELECT count(*) FROM quarantine") == 0


def test_sweep_quarantines_a_record_that_crashes_alone_and_finishes_its_job(ledger: Any) -> None:
    job_id, (batch_id,), (record_id,) = ledger.submit("poison")
    for _ in range(3):
        ledger.crash(batch_id)
        swept = ledger.sweep()

    kept = ledger.rows("SELECT * FROM quarantine")[0]
    job = ledger.view(job_id)
    assert swept == Swept(n_quarantined=1)
    assert (kept.record_id, kept.job_id, kept.source, kept.external_id) == (record_id, job_id, "wire", "r0000")
    assert (kept.reason, kept.attempts, kept.payload) == ("crashed_worker", 3, None)
    assert ledger.value("SELECT state FROM record") == "quarantined"
    assert ledger.value("SELECT state FROM batch") == "done"
    assert (job.n_done, job.n_failed, job.state) == (0, 1, "partial")


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        ("DeviceExhausted: out of memory", "device_exhausted", "out of memory"),
        ("device_exhausted", "device_exhausted", "device_exhausted"),
        ("Broken: what: a day", "broken", "what: a day"),
        ("No good!", "failed", "No good!"),
        ("", "failed", "failed without saying why"),
    ],
)
def test_sweep_quarantines_with_the_reason_of_the_last_failure(ledger: Any, error: str, reason: str, detail: str) -> None:
    _, (batch_id,), _ = ledger.submit("poison")
    fail_out(ledger, batch_id, error)

    assert ledger.sweep() == Swept(n_quarantined=1)
    assert ledger.rows("SELECT reason, detail FROM quarantine") == [(reason, detail)]


def test_sweep_leaves_a_batch_that_may_still_be_tried(ledger: Any) -> None:
    _, (batch_id,), _ = ledger.submit("a")
    fail_out(ledger, batch_id, times=2)

    assert ledger.sweep() == Swept()


def test_sweep_isolates_one_poisonous_record_and_its_neighbours_are_analysed(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, _, ids = ledger.submit(*(f"text {n}" for n in range(13)))
    poison = ids[7]

    for _ in range(100):
        queued = [row.id for row in ledger.rows("SELECT id FROM batch WHERE state = 'queued'")]
        if not queued:
            break
        for batch_id in queued:
            claim = ledger.held(batch_id, lease=timedelta(seconds=-1))
            if poison not in claim.record_ids:
                ledger.save_results(claim, analyses=[analyze(one) for one in claim.record_ids])
        ledger.sweep(max_attempts=2)

    job = ledger.view(job_id)
    assert [row.record_id for row in ledger.rows("SELECT record_id FROM quarantine")] == [poison]
    assert [row.record_id for row in ledger.rows("SELECT record_id FROM analysis ORDER BY 1")] == [one for one in ids if one != poison]
    assert (job.n_done, job.n_failed, job.state) == (12, 1, "partial")
    assert ledger.value("SELECT count(*) FROM batch WHERE state NOT IN ('done', 'split')") == 0


def test_sweep_passes_over_what_another_sweep_holds(ledger: Any) -> None:
    _, (batch_id,), _ = ledger.submit("a")
    ledger.crash(batch_id)

    with Session(ledger.engine) as session:
        first = batches.sweep(session, max_attempts=3)
        second = ledger.sweep()
        session.commit()

    assert (first, second) == (Swept(n_requeued=1), Swept())


def test_sweep_leaves_a_batch_that_is_being_finished(ledger: Any, analyze: Callable[..., Any]) -> None:
    from db import results

    _, (batch_id,), ids = ledger.submit("a")
    claim = ledger.held(batch_id, lease=timedelta(seconds=-1))

    with Session(ledger.engine) as session:
        model_id = results.ensure_model(session, analyze(1).model)
        results.save_results(session, claim, analyses=[analyze(ids[0])], failures=[], model_id=model_id)
        swept = ledger.sweep()
        session.commit()

    assert swept == Swept()
    assert ledger.value("SELECT state FROM batch") == "done"


def test_sweep_by_several_at_once_takes_each_batch_once(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    _, made, _ = ledger.submit(*(str(n) for n in range(40)), max_records=2)
    job_id, alone, _ = ledger.submit(*(str(n) for n in range(10)), max_records=1, prefix="alone")
    for batch_id in made + alone:
        ledger.crash(batch_id)
    ledger.change("UPDATE batch SET attempts = 3")
    barrier = Barrier(4)

    def one() -> Swept:
        barrier.wait(60)
        return ledger.sweep()

    parts = in_threads(*[one] * 4)

    assert sum(part.n_bisected for part in parts) == 20
    assert sum(part.n_quarantined for part in parts) == 10
    assert ledger.value("SELECT count(*) FROM batch WHERE parent_id IS NOT NULL") == 40
    assert ledger.view(job_id).n_failed == 10


def test_sweep_rolled_back_leaves_no_trace(ledger: Any) -> None:
    _, (batch_id,), _ = ledger.submit("a", "b")
    ledger.crash(batch_id)
    before = ledger.rows("SELECT * FROM batch")

    with Session(ledger.engine) as session:
        batches.sweep(session, max_attempts=1)
        session.rollback()

    assert ledger.rows("SELECT * FROM batch") == before


def test_sweep_settles_a_batch_whose_records_were_erased(ledger: Any) -> None:
    _, (batch_id,), _ = ledger.submit("a")
    ledger.crash(batch_id)
    ledger.change("DELETE FROM record")

    assert ledger.sweep(max_attempts=1) == Swept()
    assert ledger.value("SELECT state FROM batch") == "done"
