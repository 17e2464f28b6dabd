from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from db import batches
from db.engine import transaction
from db.forming import cut
from pipelines.records import Lane

sizes = st.lists(st.integers(0, 100), max_size=60)


@given(sizes, st.integers(1, 10), st.integers(1, 200))
def test_cut_keeps_order_and_limits(sizes_bytes: list[int], max_records: int, max_bytes: int) -> None:
    slices = list(cut(sizes_bytes, max_records=max_records, max_bytes=max_bytes))

    parts = [sizes_bytes[one] for one in slices]
    assert [size for part in parts for size in part] == sizes_bytes
    assert all(1 <= len(part) <= max_records for part in parts)
    assert all(len(part) == 1 or sum(part) <= max_bytes for part in parts)


@given(sizes, st.integers(1, 10), st.integers(1, 200))
def test_cut_never_parts_neighbours_that_fit(sizes_bytes: list[int], max_records: int, max_bytes: int) -> None:
    parts = [sizes_bytes[one] for one in cut(sizes_bytes, max_records=max_records, max_bytes=max_bytes)]

    for before, after in pairwise(parts):
        assert len(before) == max_records or sum(before) + after[0] > max_bytes


def test_form_queues_batches_in_the_order_of_the_records(ledger: Any) -> None:
    with transaction(ledger.engine) as session:
        made = batches.form(session, [5, 3, 9, 1], sizes_bytes=[1] * 4, lane=Lane.LIVE, device="cuda:1", max_records=3, max_bytes=99)

    rows = ledger.rows("SELECT * FROM batch ORDER BY created_at")
    assert [row.id for row in rows] == made
    assert [row.record_ids for row in rows] == [[5, 3, 9], [1]]
    assert {(row.state, row.lane, row.device, row.attempts) for row in rows} == {("queued", "live", "cuda:1", 0)}


def test_form_of_nothing_makes_no_batch(ledger: Any) -> None:
    assert ledger.batch([]) == []


def _linger(session: Session, older_than: timedelta = timedelta(0), max_records: int = 2) -> list[tuple[Any, Lane]]:
    return batches.form_lingering(session, older_than=older_than, max_records=max_records, max_bytes=1 << 20)


def test_form_lingering_batches_each_lane_by_itself_once(ledger: Any) -> None:
    job_id = ledger.job()
    live = ledger.save([ledger.record(one) for one in "abc"], job_id=job_id, batched=False)
    late = ledger.save([ledger.record("d")], job_id=job_id, lane=Lane.BACKFILL, batched=False)
    ledger.save([ledger.record("e")], job_id=job_id, batched=True)

    with transaction(ledger.engine) as session:
        made = _linger(session)
        again = _linger(session)

    rows = dict(ledger.rows("SELECT id, record_ids FROM batch"))
    ids = [one.record_id for one in live]
    assert [(rows[batch_id], lane) for batch_id, lane in made] == [
        (ids[:2], Lane.LIVE),
        (ids[2:], Lane.LIVE),
        ([late[0].record_id], Lane.BACKFILL),
    ]
    assert again == []


def test_form_lingering_leaves_those_that_came_just_now(ledger: Any) -> None:
    ledger.save([ledger.record("a")], job_id=ledger.job(), batched=False)

    with transaction(ledger.engine) as session:
        assert _linger(session, older_than=timedelta(hours=1)) == []


def test_form_lingering_twice_at_once_takes_no_record_twice(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    ledger.save([ledger.record("a"), ledger.record("b")], job_id=ledger.job(), batched=False)

    with Session(ledger.engine) as session, transaction(ledger.engine) as other:
        first = _linger(session)
        second = _linger(other)
        session.commit()

    assert len(first) == 1
    assert second == []
