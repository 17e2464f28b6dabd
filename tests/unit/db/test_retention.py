import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db import quarantine, records, retention
from db.engine import transaction
from db.quarantine import Reject
from db.records import Outcome
from db.retention import Pruned
from pipelines.errors import InvalidRecord
from pipelines.records import Failure, Lane, Mention

DAY = timedelta(days=1)
ALL = {"records": 30 * DAY, "quarantine": 30 * DAY, "batches": 7 * DAY}


def prune(ledger: Any, *, later: timedelta, **kept: Any) -> Pruned:
    with transaction(ledger.engine) as session:
        return retention.prune(session, now=datetime.now(UTC) + later, **(ALL | kept))


def analysed(ledger: Any, analyze: Callable[..., Any], *bodies: str, prefix: str = "r") -> Any:
    job_id, made, ids = ledger.submit(*bodies, prefix=prefix)
    for batch_id in made:
        claim = ledger.held(batch_id)
        ledger.save_results(claim, analyses=[analyze(one, Mention("ORG", "a", 0, 1, 0.9, "a")) for one in claim.record_ids])
    return job_id, ids


def test_prune_deletes_what_is_older_than_its_retention(ledger: Any, analyze: Callable[..., Any]) -> None:
    analysed(ledger, analyze, "a", "b")

    assert prune(ledger, later=6 * DAY) == Pruned(0, 0, 0)
    assert prune(ledger, later=8 * DAY) == Pruned(0, 0, 1)
    assert prune(ledger, later=31 * DAY) == Pruned(2, 0, 0)
    left = "SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM analysis) + (SELECT count(*) FROM mention)"
    assert ledger.value(left) == 0


def test_prune_keeps_records_for_ever_unless_told(ledger: Any, analyze: Callable[..., Any]) -> None:
    analysed(ledger, analyze, "a")

    assert prune(ledger, later=9999 * DAY, records=None).n_records == 0


def test_prune_keeps_what_waits_for_analysis(ledger: Any) -> None:
    _, (batch_id,), _ = ledger.submit("a")
    ledger.held(batch_id)

    assert prune(ledger, later=9999 * DAY) == Pruned(0, 0, 0)


def test_prune_stops_at_its_limit(ledger: Any, analyze: Callable[..., Any]) -> None:
    analysed(ledger, analyze, *"abcde")

    assert prune(ledger, later=60 * DAY, limit=3).n_records == 3
    assert prune(ledger, later=60 * DAY, limit=3).n_records == 2


def test_prune_never_leaves_versions_without_a_current_one(ledger: Any, analyze: Callable[..., Any]) -> None:
    analysed(ledger, analyze, "one")
    analysed(ledger, analyze, "two")
    analysed(ledger, analyze, "three")

    n_pruned = [prune(ledger, later=60 * DAY, limit=2).n_records for _ in range(2)]
    stored = ledger.save([ledger.record("r0000", "four")], job_id=ledger.job())

    assert n_pruned == [2, 1]
    assert stored[0].outcome is Outcome.NEW


def test_prune_passes_over_a_record_that_gets_a_new_version_now(ledger: Any, analyze: Callable[..., Any]) -> None:
    from db import records

    job_id, _ = analysed(ledger, analyze, "one")
    source_id = ledger.source()

    with Session(ledger.engine) as session:
        changed = [ledger.record("r0000", "two")]
        records.save_records(session, changed, source_id=source_id, job_id=job_id, lane="live", batched=True)
        pruned = prune(ledger, later=60 * DAY)
        session.commit()

    assert pruned.n_records == 0
    assert ledger.value("SELECT count(*) FROM record") == 2


def test_prune_forgets_refused_lines_but_keeps_the_reason_of_a_kept_record(ledger: Any) -> None:
    _, (batch_id,), _ = ledger.submit("a")
    claim = ledger.held(batch_id)
    ledger.save_results(claim, failures=[Failure(claim.record_ids[0], InvalidRecord())])
    with transaction(ledger.engine) as session:
        quarantine.keep_rejects(session, [Reject(1, "no_text", "", b"", None)], job_id=None, source=None)

    assert prune(ledger, later=60 * DAY, records=None).n_quarantined == 1
    assert ledger.value("SELECT reason FROM quarantine") == "invalid_record"


def test_prune_deletes_split_batches_before_or_with_their_halves(ledger: Any, analyze: Callable[..., Any]) -> None:
    _, (parent,), _ = ledger.submit("a", "b")
    ledger.crash(parent)
    ledger.sweep(max_attempts=1)

    n_batches = [prune(ledger, later=60 * DAY).n_batches]
    for row in ledger.rows("SELECT id FROM batch WHERE state = 'queued'"):
        claim = ledger.held(row.id)
        ledger.save_results(claim, analyses=[analyze(one) for one in claim.record_ids])
    n_batches.append(prune(ledger, later=60 * DAY, records=None).n_batches)

    assert n_batches == [1, 2]


def test_erase_record_takes_every_version_and_what_was_said(ledger: Any, analyze: Callable[..., Any]) -> None:
    analysed(ledger, analyze, "one", "neighbour")
    waiting = ledger.job()
    ledger.save([ledger.record("r0000", "two")], job_id=waiting)
    ledger.close(waiting)
    ledger.change("DELETE FROM rollup_touched")
    with transaction(ledger.engine) as session:
        quarantine.keep_rejects(session, [Reject(1, "bad_time", "", b"text", "r0000")], job_id=None, source="wire")

    with transaction(ledger.engine) as session:
        n_erased = retention.erase_record(session, "wire", "r0000")
        n_again = retention.erase_record(session, "wire", "r0000")

    assert (n_erased, n_again) == (2, 0)
    assert ledger.rows("SELECT text FROM record") == [("neighbour",)]
    assert ledger.value("SELECT count(*) FROM analysis") == 1
    assert ledger.value("SELECT count(*) FROM quarantine") == 0
    assert ledger.value("SELECT count(*) FROM rollup_touched") == 1
    assert ledger.view(waiting).state == "done"


def test_erase_record_takes_the_version_that_an_intake_makes_meanwhile(ledger: Any) -> None:
    source_id, job_id = ledger.source(), ledger.job()
    ledger.save([ledger.record("a", "one")], job_id=job_id)

    def erase() -> int:
        with transaction(ledger.engine) as session:
            return retention.erase_record(session, "wire", "a")

    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        changed = [ledger.record("a", "two")]
        records.save_records(session, changed, source_id=source_id, job_id=job_id, lane=Lane.LIVE, batched=True)
        erasing = pool.submit(erase)
        ledger.wait_until_blocked()
        session.commit()

    assert erasing.result() == 2
    assert ledger.value("SELECT count(*) FROM record") == 0


def test_erase_author_takes_their_records_in_every_version(ledger: Any) -> None:
    job_id = ledger.job()
    mine = [ledger.record("a", "one", author="Ann"), ledger.record("a", "two"), ledger.record("b", author="Ann")]
    ledger.save([*mine, ledger.record("c", author="Bob")], job_id=job_id)

    with transaction(ledger.engine) as session:
        n_erased = retention.erase_author(session, "Ann")

    assert n_erased == 3
    assert ledger.rows("SELECT author FROM record") == [("Bob",)]
    assert ledger.view(job_id).n_done == 3


def test_erase_takes_examples_out_of_incidents(ledger: Any) -> None:
    ids = [one.record_id for one in ledger.save([ledger.record("a"), ledger.record("b")], job_id=ledger.job())]
    columns = "source_id, fingerprint, rule, rule_hash, dimension, key, metric, state, opened_at, peak_at, last_judged_at"
    figures = "observed, expected, p_value, n, n_negative, why, evidence"
    for fingerprint, evidence in (("x", json.dumps({"examples": [{"record_id": one} for one in ids], "window": 1})), ("y", "{}")):
        ledger.change(
            f"INSERT INTO incident ({columns}, {figures}) VALUES (:source_id, :fingerprint, '', '', '', '', '', 'resolved', "  # noqa: S608  # constants
            "now(), now(), now(), 0, 0, 0, 0, 0, '', CAST(:evidence AS jsonb))",
            source_id=ledger.source(),
            fingerprint=fingerprint,
            evidence=evidence,
        )

    with transaction(ledger.engine) as session:
        retention.erase_record(session, "wire", "a")

    kept = ledger.rows("SELECT evidence FROM incident ORDER BY fingerprint")
    assert [row.evidence for row in kept] == [{"examples": [{"record_id": ids[1]}], "window": 1}, {}]
