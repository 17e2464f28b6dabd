from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.orm import Session

from db import results
from db.batches import LeaseLost
from db.engine import transaction
from db.results import Unanswered
from pipelines.errors import InvalidRecord
from pipelines.records import Failure, Label, Mention, ModelRef

REFUSED = InvalidRecord("no text in it")


def test_ensure_model_notes_a_revision_once(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    barrier = Barrier(4)

    def ensure(revision: str) -> int:
        barrier.wait(60)
        with transaction(ledger.engine) as session:
            return results.ensure_model(session, ModelRef("default", revision))

    ids = in_threads(*(lambda revision=revision: ensure(revision) for revision in "aabb"))

    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_save_results_writes_what_was_said(ledger: Any, analyze: Callable[..., Any]) -> None:
    _, (batch_id,), (record_id,) = ledger.submit("Acme \x00 fell.")
    mentions = (Mention("ORG", "Acme \x00", 0, 6, 0.9, "acme", Label("negative", 0.8)), Mention("PERCENT", "3%", 7, 9, 1.0, "3%"))

    ledger.save_results(ledger.held(batch_id), analyses=[analyze(record_id, *mentions)])

    row = ledger.rows("SELECT * FROM analysis")[0]
    assert (row.record_id, row.sentiment, row.taxonomy, row.topic, row.language) == (
        record_id,
        "negative",
        "finance-desk",
        "earnings",
        "en",
    )
    assert (row.n_tokens, row.n_windows, row.topics[1]) == (7, 1, {"label": "mergers", "score": 0.1})
    assert [row.p_negative, row.p_neutral, row.p_positive] == pytest.approx([0.7, 0.2, 0.1])
    found = ledger.rows("SELECT start_offset, end_offset, entity_group, word, entity, sentiment FROM mention ORDER BY 1")
    assert found == [(0, 6, "ORG", "Acme \ufffd", "acme", "negative"), (7, 9, "PERCENT", "3%", "3%", None)]
    assert ledger.rows("SELECT sentiment_score::text FROM mention ORDER BY start_offset") == [("0.8",), (None,)]
    assert ledger.value("SELECT substr(text, 1, 6) = word FROM record, mention WHERE start_offset = 0")


def test_save_results_finishes_batch_record_job_and_touches_the_bucket(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, (batch_id,), ids = ledger.submit("a", "b")

    ledger.save_results(ledger.held(batch_id), analyses=[analyze(one) for one in ids])

    job = ledger.view(job_id)
    batch = ledger.rows("SELECT state, token, leased_until, finished_at IS NOT NULL, model_id IS NOT NULL FROM batch")[0]
    assert batch == ("done", None, None, True, True)
    assert ledger.rows("SELECT DISTINCT state FROM record") == [("done",)]
    assert (job.n_total, job.n_done, job.n_failed, job.state) == (2, 2, 0, "done")
    assert ledger.rows("SELECT source_id, bucket_at FROM rollup_touched") == ledger.rows(
        "SELECT DISTINCT source_id, date_trunc('minute', published_at) FROM record"
    )


def test_save_results_quarantines_what_failed_alone(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, (batch_id,), (good, bad) = ledger.submit("a", "b")

    ledger.save_results(ledger.held(batch_id), analyses=[analyze(good)], failures=[Failure(bad, REFUSED)])

    job = ledger.view(job_id)
    assert ledger.rows("SELECT record_id, job_id, reason, detail, attempts FROM quarantine") == [
        (bad, job_id, "invalid_record", "no text in it", 1)
    ]
    assert ledger.rows("SELECT state FROM record ORDER BY id") == [("done",), ("quarantined",)]
    assert (job.n_done, job.n_failed, job.state) == (1, 1, "partial")


def test_save_results_advances_each_job_that_shares_the_batch(ledger: Any, analyze: Callable[..., Any]) -> None:
    jobs = [ledger.job(), ledger.job()]
    ids = [ledger.save([ledger.record(f"{n}{job_id}")], job_id=job_id)[0].record_id for n in range(3) for job_id in jobs]
    (batch_id,) = ledger.batch(ids)
    ledger.close(jobs[0])

    ledger.save_results(ledger.held(batch_id), analyses=[analyze(one) for one in ids])

    assert [(ledger.view(one).n_done, ledger.view(one).state) for one in jobs] == [(3, "done"), (3, "open")]


def test_save_results_of_a_fenced_worker_changes_nothing(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, (batch_id,), ids = ledger.submit("a")
    stale = ledger.held(batch_id, lease=timedelta(seconds=-1))
    ledger.sweep()
    fresh = ledger.held(batch_id)

    with pytest.raises(LeaseLost):
        ledger.save_results(stale, analyses=[analyze(ids[0], sentiment="positive")])
    ledger.save_results(fresh, analyses=[analyze(ids[0])])
    with pytest.raises(LeaseLost):
        ledger.save_results(fresh, analyses=[analyze(ids[0])])

    assert ledger.rows("SELECT sentiment FROM analysis") == [("negative",)]
    assert ledger.view(job_id).n_done == 1


def test_save_results_by_two_workers_at_once_is_written_once(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, (batch_id,), ids = ledger.submit("a")
    claim = ledger.held(batch_id)

    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        model_id = results.ensure_model(session, analyze(1).model)
        session.commit()
        results.save_results(session, claim, analyses=[analyze(ids[0])], failures=[], model_id=model_id)
        second = pool.submit(ledger.save_results, claim, analyses=[analyze(ids[0])])
        ledger.wait_until_blocked()
        session.commit()

    assert isinstance(second.exception(), LeaseLost)
    assert ledger.view(job_id).n_done == 1


def test_save_results_of_the_same_records_in_two_batches_counts_them_once(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, (first,), ids = ledger.submit("a")
    (second,) = ledger.batch(ids)

    for batch_id, sentiment in ((first, "negative"), (second, "positive")):
        ledger.save_results(ledger.held(batch_id), analyses=[analyze(ids[0], Mention("ORG", "a", 0, 1, 0.5, "a"), sentiment=sentiment)])

    assert ledger.rows("SELECT sentiment FROM analysis") == [("negative",)]
    assert ledger.view(job_id).n_done == 1


def test_save_results_settles_records_that_were_superseded_meanwhile(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, (batch_id,), ids = ledger.submit("old", "kept")
    claim = ledger.held(batch_id)
    later = ledger.job()
    ledger.save([ledger.record("r0000", "new")], job_id=later)

    ledger.save_results(claim, analyses=[analyze(ids[1])])

    assert ledger.view(job_id).state == "done"
    assert ledger.rows("SELECT text, state FROM record ORDER BY id") == [("old", "done"), ("kept", "done"), ("new", "pending")]


def test_save_results_passes_over_records_that_were_erased_meanwhile(ledger: Any, analyze: Callable[..., Any]) -> None:
    _, (batch_id,), ids = ledger.submit("a", "b")
    claim = ledger.held(batch_id)
    ledger.change("DELETE FROM record WHERE id = :id", id=ids[0])

    ledger.save_results(claim, analyses=[analyze(one) for one in ids])

    assert ledger.rows("SELECT record_id FROM analysis") == [(ids[1],)]


def test_save_results_refuses_to_finish_a_batch_with_a_record_left_out(ledger: Any, analyze: Callable[..., Any]) -> None:
    _, (batch_id,), ids = ledger.submit("a", "b")
    claim = ledger.held(batch_id)

    with pytest.raises(Unanswered, match="1 documents"):
        ledger.save_results(claim, analyses=[analyze(ids[0])])

    assert ledger.value("SELECT state FROM batch") == "leased"
    assert ledger.value("SELECT count(*) FROM analysis") == 0


def test_save_results_refuses_documents_of_another_batch(ledger: Any, analyze: Callable[..., Any]) -> None:
    _, (batch_id, _), ids = ledger.submit("a", "b", max_records=1)

    with pytest.raises(Unanswered, match="not of this batch"):
        ledger.save_results(ledger.held(batch_id), analyses=[analyze(one) for one in ids])


def test_save_results_by_many_at_once_with_intake_counts_each_record_once(
    ledger: Any, analyze: Callable[..., Any], in_threads: Callable[..., list[Any]]
) -> None:
    """Workers finish batches of shared jobs while an intake supersedes their records."""
    jobs = [ledger.job() for _ in range(3)]
    given = [[ledger.record(f"{n:02}", f"text {n} {job}") for n in range(30)] for job in range(3)]
    ids = [one.record_id for job_id, some in zip(jobs, given, strict=True) for one in ledger.save(some, job_id=job_id)]
    for job_id in jobs:
        ledger.close(job_id)
    claims = [ledger.held(one) for one in ledger.batch(ids[::-1] + ids, max_records=7)]
    barrier, late = Barrier(4), ledger.job()

    def work(part: int) -> None:
        barrier.wait(60)
        for claim in claims[part::3]:
            ledger.save_results(claim, analyses=[analyze(one) for one in claim.record_ids])

    def intake() -> None:
        barrier.wait(60)
        for n in range(4):
            ledger.save([ledger.record(f"{one:02}", f"later {n}") for one in range(29, -1, -1)], job_id=late)

    in_threads(intake, *(lambda part=part: work(part) for part in range(3)))

    assert [(ledger.view(one).n_done, ledger.view(one).state) for one in jobs] == [(30, "done")] * 3
    assert ledger.value("SELECT count(*) FROM analysis") == 90
    assert ledger.view(late).n_total == 120
