from collections.abc import Callable
from threading import Barrier
from typing import Any

from db.engine import transaction
from db.settling import Unanalyzable, lock_records, settle


def refused(record_id: int) -> Unanalyzable:
    return Unanalyzable(record_id, "no_text", "nul \x00 only", attempts=2)


def test_settle_counts_each_record_once(ledger: Any) -> None:
    job_id, _, (good, bad) = ledger.submit("a", "b")

    with transaction(ledger.engine) as session:
        n_quarantined = [settle(session, done=[good], failed=[refused(bad)]) for _ in range(2)]

    job = ledger.view(job_id)
    assert n_quarantined == [1, 0]
    assert (job.n_done, job.n_failed) == (1, 1)
    assert ledger.rows("SELECT reason, detail, attempts FROM quarantine") == [("no_text", "nul \ufffd only", 2)]


def test_settle_of_nothing_is_nothing(ledger: Any) -> None:
    with transaction(ledger.engine) as session:
        assert settle(session, done=[], failed=[]) == 0


def test_settle_by_several_at_once_in_any_order_counts_each_record_once(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    submitted = [ledger.submit(*(f"{n}" for n in range(10)), prefix=prefix) for prefix in "abc"]
    ids = [one for _, _, some in submitted for one in some]
    barrier = Barrier(4)

    def one(order: int) -> None:
        barrier.wait(60)
        with transaction(ledger.engine) as session:
            settle(session, done=ids[::order], failed=[])

    in_threads(*(lambda order=order: one(order) for order in (1, -1, 1, -1)))

    assert [ledger.view(job_id).n_done for job_id, _, _ in submitted] == [10, 10, 10]


def test_lock_records_returns_those_that_exist_by_id(ledger: Any) -> None:
    _, _, ids = ledger.submit("a", "b")

    with transaction(ledger.engine) as session:
        assert [row.id for row in lock_records(session, [10**9, *reversed(ids)])] == ids
