from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db import jobs
from db.engine import transaction
from db.jobs import IdempotencyConflict, Progress
from pipelines.records import Lane


def test_open_job_starts_at_nothing(ledger: Any) -> None:
    with transaction(ledger.engine) as session:
        job = jobs.open_job(session, lane=Lane.BACKFILL, submitted_by="ann")

    assert job == ledger.view(job.id)
    assert (job.lane, job.submitted_by, job.state, job.existed) == (Lane.BACKFILL, "ann", "open", False)
    assert (job.n_total, job.n_duplicate, job.n_rejected, job.n_done, job.n_failed) == (0, 0, 0, 0, 0)


def test_open_job_without_a_key_is_new_each_time(ledger: Any) -> None:
    assert ledger.job() != ledger.job()


def test_open_job_finds_the_job_of_its_key(ledger: Any) -> None:
    with transaction(ledger.engine) as session:
        first = jobs.open_job(session, lane=Lane.LIVE, idempotency_key="k", request_hash=b"h")
        again = jobs.open_job(session, lane=Lane.LIVE, idempotency_key="k", request_hash=b"h")

    assert (first.existed, again.existed) == (False, True)
    assert again.id == first.id


def test_open_job_refuses_a_key_used_for_another_request(ledger: Any) -> None:
    ledger.job(idempotency_key="k", request_hash=b"h")

    with pytest.raises(IdempotencyConflict, match="new key"):
        ledger.job(idempotency_key="k", request_hash=b"other")


def test_open_job_with_one_key_twice_at_once_opens_one(ledger: Any) -> None:
    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        first = jobs.open_job(session, lane=Lane.LIVE, idempotency_key="k", request_hash=b"h")
        second = pool.submit(ledger.job, idempotency_key="k", request_hash=b"h")
        ledger.wait_until_blocked()
        session.commit()

    assert second.result() == first.id


def test_count_intake_adds_up(ledger: Any) -> None:
    job_id = ledger.job()

    with transaction(ledger.engine) as session:
        for _ in range(2):
            jobs.count_intake(session, job_id, n_total=3, n_duplicate=2, n_rejected=1)

    job = ledger.view(job_id)
    assert (job.n_total, job.n_duplicate, job.n_rejected) == (6, 4, 2)


@pytest.mark.parametrize(
    ("age", "received", "key", "is_closed"),
    [("2 h", "2 h", None, True), ("2 h", "1 min", None, False), ("1 min", "1 min", None, False), ("2 h", "2 h", "k", False)],
)
def test_close_abandoned_closes_what_nobody_adds_to_or_resumes(
    ledger: Any, age: str, received: str, key: str | None, *, is_closed: bool
) -> None:
    job_id = ledger.job(idempotency_key=key)
    ledger.save([ledger.record("a")], job_id=job_id)
    with transaction(ledger.engine) as session:
        session.execute(text("UPDATE job SET created_at = now() - CAST(:age AS interval)"), {"age": age})
        session.execute(text("UPDATE record SET received_at = now() - CAST(:age AS interval)"), {"age": received})

    with transaction(ledger.engine) as session:
        assert jobs.close_abandoned(session, silent_for=timedelta(hours=1)) == int(is_closed)

    assert ledger.view(job_id).state == ("running" if is_closed else "open")


def test_count_intake_opens_a_job_again_that_only_seemed_abandoned(ledger: Any) -> None:
    job_id = ledger.job()
    ledger.close(job_id)

    ledger.save([ledger.record("a")], job_id=job_id)

    assert ledger.view(job_id).state == "open"


def test_close_job_finishes_one_with_nothing_left_to_do(ledger: Any) -> None:
    job_id = ledger.job()

    ledger.close(job_id)

    assert ledger.view(job_id).state == "done"
    assert ledger.view(job_id).finished_at is not None


def test_close_job_twice_changes_nothing(ledger: Any) -> None:
    job_id = ledger.job()
    ledger.close(job_id)
    before = ledger.view(job_id)

    ledger.close(job_id)

    assert ledger.view(job_id) == before


def test_a_job_goes_from_open_to_running_to_done(ledger: Any) -> None:
    job_id, states = ledger.job(), []

    for step in (
        lambda session: jobs.count_intake(session, job_id, n_total=2, n_duplicate=0, n_rejected=0),
        lambda session: jobs.advance_jobs(session, {job_id: Progress(n_done=1)}),
        lambda session: jobs.close_job(session, job_id),
        lambda session: jobs.advance_jobs(session, {job_id: Progress(n_done=1)}),
    ):
        with transaction(ledger.engine) as session:
            step(session)
        states.append(ledger.view(job_id).state)

    assert states == ["open", "open", "running", "done"]


def test_a_job_settled_before_it_is_closed_finishes_when_it_is(ledger: Any) -> None:
    job_id = ledger.job()
    with transaction(ledger.engine) as session:
        jobs.count_intake(session, job_id, n_total=1, n_duplicate=0, n_rejected=0)
        jobs.advance_jobs(session, {job_id: Progress(n_failed=1)})

    ledger.close(job_id)

    assert ledger.view(job_id).state == "partial"


def test_a_job_with_refused_lines_is_partial(ledger: Any) -> None:
    job_id = ledger.job()
    with transaction(ledger.engine) as session:
        jobs.count_intake(session, job_id, n_total=0, n_duplicate=0, n_rejected=1)
    ledger.close(job_id)

    assert ledger.view(job_id).state == "partial"


def test_advance_jobs_reopens_a_job_whose_record_is_taken_back(ledger: Any) -> None:
    job_id, _, _ = ledger.submit("a")
    with transaction(ledger.engine) as session:
        jobs.advance_jobs(session, {job_id: Progress(n_failed=1)})
        jobs.advance_jobs(session, {job_id: Progress(n_failed=-1)})

    assert ledger.view(job_id).state == "running"


def test_advance_jobs_finishes_an_emptied_job_only_once_closed(ledger: Any) -> None:
    job_id = ledger.job()
    with transaction(ledger.engine) as session:
        jobs.advance_jobs(session, {job_id: Progress()})

    assert ledger.view(job_id).finished_at is None


def test_read_job_knows_no_other(ledger: Any) -> None:
    with transaction(ledger.engine) as session:
        assert jobs.read_job(session, uuid4()) is None


def test_list_jobs_shows_the_newest_first(ledger: Any) -> None:
    made = [ledger.job() for _ in range(3)]

    with transaction(ledger.engine) as session:
        assert [job.id for job in jobs.list_jobs(session, limit=2)] == made[:0:-1]
