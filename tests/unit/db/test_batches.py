from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from db import batches
from db.batches import LeaseLost
from db.engine import transaction
from pipelines.records import Lane

MINUTE = timedelta(minutes=1)


def test_claim_leases_a_queued_batch_and_counts_the_attempt(ledger: Any) -> None:
    (batch_id,) = ledger.batch([1, 2])

    claim = ledger.held(batch_id)

    row = ledger.rows("SELECT *, leased_until > now() AS is_leased FROM batch")[0]
    assert (claim.batch_id, claim.record_ids, claim.attempts, claim.lane) == (batch_id, [1, 2], 1, Lane.LIVE)
    assert (row.state, row.attempts, row.token, row.worker, row.is_leased) == ("leased", 1, claim.token, "worker-1", True)


def test_claim_finds_nothing_where_somebody_holds_it_or_it_is_done_or_unknown(ledger: Any) -> None:
    held, done = ledger.batch([1]) + ledger.batch([2])
    ledger.held(held)
    ledger.change("UPDATE batch SET state = 'done' WHERE id = :id", id=done)

    assert [ledger.claim(one) for one in (held, done, uuid4())] == [None, None, None]


def test_claim_waits_for_the_time_a_batch_is_due(ledger: Any) -> None:
    (batch_id,) = ledger.batch([1])
    claim = ledger.held(batch_id)
    with transaction(ledger.engine) as session:
        batches.fail(session, claim, error="DeviceExhausted: too small", retry_in=MINUTE)

    assert ledger.claim(batch_id) is None


def test_claim_by_many_at_once_is_granted_to_one(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    made = ledger.batch(range(20), max_records=1)
    barrier = Barrier(4)

    def claim_all() -> list[Any]:
        barrier.wait(60)
        return [claim for one in made if (claim := ledger.claim(one))]

    granted = [claim.batch_id for part in in_threads(*[claim_all] * 4) for claim in part]

    assert sorted(granted) == sorted(made)


def test_claim_waits_for_a_claim_under_way_and_loses(ledger: Any) -> None:
    (batch_id,) = ledger.batch([1])

    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        batches.claim(session, batch_id, lease=MINUTE, worker="first")
        second = pool.submit(ledger.claim, batch_id)
        ledger.wait_until_blocked()
        session.commit()

    assert second.result() is None
    assert ledger.value("SELECT attempts FROM batch") == 1


def test_renew_extends_the_lease(ledger: Any) -> None:
    (batch_id,) = ledger.batch([1])
    claim = ledger.held(batch_id, lease=MINUTE)

    with transaction(ledger.engine) as session:
        batches.renew(session, claim, lease=60 * MINUTE)

    assert ledger.value("SELECT leased_until > now() + interval '50 minutes' FROM batch")


def test_fail_gives_the_batch_back_for_later_with_its_attempt_counted(ledger: Any) -> None:
    (batch_id,) = ledger.batch([1])
    claim = ledger.held(batch_id)

    with transaction(ledger.engine) as session:
        batches.fail(session, claim, error="nul \x00", retry_in=timedelta(0))

    row = ledger.rows("SELECT * FROM batch")[0]
    assert (row.state, row.attempts, row.token, row.published_at, row.error) == ("queued", 1, None, None, "nul \ufffd")
    assert ledger.held(batch_id).attempts == 2


def test_stale_claims_are_fenced_off(ledger: Any) -> None:
    (batch_id,) = ledger.batch([1])
    stale = ledger.held(batch_id, lease=-MINUTE)
    ledger.sweep()
    fresh = ledger.held(batch_id)

    for late in (
        lambda session: batches.renew(session, stale, lease=MINUTE),
        lambda session: batches.finish(session, stale, model_id=1),
        lambda session: batches.fail(session, stale, error="x", retry_in=MINUTE),
    ):
        with pytest.raises(LeaseLost), transaction(ledger.engine) as session:
            late(session)

    assert ledger.rows("SELECT state, token FROM batch") == [("leased", fresh.token)]
