from collections.abc import Callable
from typing import Any

from db import quarantine
from db.engine import transaction
from db.quarantine import Reject
from pipelines.errors import InvalidRecord
from pipelines.records import Failure, Lane

LIMITS = {"max_records": 2, "max_bytes": 1 << 20}
BROKEN = Reject(3, "broken_json", "ends early", b'{"text": \x00\xff', None)


def keep(ledger: Any, *rejects: Reject, job_id: Any = None, source: str | None = "wire") -> None:
    with transaction(ledger.engine) as session:
        quarantine.keep_rejects(session, rejects, job_id=job_id, source=source)


def fail_all(ledger: Any, batch_id: Any) -> None:
    claim = ledger.held(batch_id)
    ledger.save_results(claim, failures=[Failure(one, InvalidRecord("unreadable")) for one in claim.record_ids])


def test_keep_rejects_keeps_the_line_as_it_came(ledger: Any) -> None:
    job_id = ledger.job()
    keep(ledger, BROKEN, Reject(4, "no_text", "nul \x00 in it", None, "id \x00"), job_id=job_id)
    keep(ledger)

    with transaction(ledger.engine) as session:
        second, first = quarantine.list_quarantined(session, limit=10)

    assert (first.line, first.reason, first.detail, first.payload, first.external_id) == (
        3,
        "broken_json",
        "ends early",
        BROKEN.payload,
        None,
    )
    assert (first.job_id, first.source, first.record_id, first.text) == (job_id, "wire", None, None)
    assert (second.detail, second.external_id) == ("nul \ufffd in it", "id \ufffd")


def test_list_quarantined_filters_and_limits(ledger: Any) -> None:
    job_id, (batch_id,), _ = ledger.submit("a", "b")
    fail_all(ledger, batch_id)
    keep(ledger, BROKEN, source="other")

    with transaction(ledger.engine) as session:
        by_reason = quarantine.list_quarantined(session, limit=9, reason="broken_json")
        by_source = quarantine.list_quarantined(session, limit=9, source="wire")
        by_job = quarantine.list_quarantined(session, limit=1, job_id=job_id)
        counts = quarantine.count_by_reason(session)

    assert [one.source for one in by_reason] == ["other"]
    assert [one.text for one in by_source] == ["b", "a"]
    assert len(by_job) == 1
    assert counts == {"invalid_record": 2, "broken_json": 1}


def test_export_quarantined_yields_all_oldest_first(ledger: Any) -> None:
    keep(ledger, *(Reject(n, "no_text", "", b"", None) for n in range(1200)))

    with transaction(ledger.engine) as session:
        lines = [one.line for one in quarantine.export_quarantined(session)]

    assert lines == list(range(1200))


def test_release_sends_records_into_batches_of_their_own_and_reopens_their_job(ledger: Any, analyze: Callable[..., Any]) -> None:
    job_id, (batch_id,), ids = ledger.submit("a", "b", "c")
    fail_all(ledger, batch_id)
    keep(ledger, BROKEN)
    rows = [row.id for row in ledger.rows("SELECT id FROM quarantine")]
    failed = ledger.view(job_id).state

    with transaction(ledger.engine) as session:
        released = quarantine.release(session, [*rows, 10**9], **LIMITS)
        again = quarantine.release(session, rows, **LIMITS)

    assert failed == "partial"
    assert (released.n_records, released.n_skipped, [lane for _, lane in released.batches]) == (3, 2, [Lane.LIVE] * 2)
    assert (again.n_records, again.batches) == (0, ())
    assert ledger.view(job_id).state == "running"
    for one, _ in released.batches:
        claim = ledger.held(one)
        ledger.save_results(claim, analyses=[analyze(record_id) for record_id in claim.record_ids])
    assert ledger.view(job_id).state == "done"
    assert ledger.value("SELECT count(*) FROM analysis") == len(ids)


def test_release_lets_a_record_fail_again(ledger: Any) -> None:
    job_id, (batch_id,), _ = ledger.submit("a")
    fail_all(ledger, batch_id)

    with transaction(ledger.engine) as session:
        released = quarantine.release(session, [ledger.value("SELECT id FROM quarantine")], **LIMITS)
    fail_all(ledger, released.batches[0][0])

    assert ledger.rows("SELECT released_at IS NULL FROM quarantine ORDER BY id") == [(False,), (True,)]
    assert ledger.view(job_id).n_failed == 1


def test_release_leaves_a_record_that_was_superseded(ledger: Any) -> None:
    job_id, (batch_id,), _ = ledger.submit("a")
    fail_all(ledger, batch_id)
    ledger.save([ledger.record("r0000", "mended")], job_id=job_id)

    with transaction(ledger.engine) as session:
        released = quarantine.release(session, [ledger.value("SELECT id FROM quarantine")], **LIMITS)

    assert (released.n_records, released.n_skipped) == (0, 1)
