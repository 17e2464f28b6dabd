from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from db import batches
from db.engine import transaction
from pipelines.records import Lane

HOUR = timedelta(hours=1)


def due(session: Session, *, lane: Lane = Lane.LIVE, window: int = 10, queue_length: int = 1, device: str | None = None) -> list[UUID]:
    return batches.take_due(session, lane=lane, window=window, republish_after=HOUR, queue_length=queue_length, device=device)


def take(ledger: Any, **how: Any) -> list[UUID]:
    with transaction(ledger.engine) as session:
        return due(session, **how)


def test_take_due_returns_the_oldest_of_its_lane_up_to_the_window(ledger: Any) -> None:
    live = ledger.batch(range(5), max_records=1)
    late = ledger.batch(range(5), max_records=1, lane=Lane.BACKFILL)

    assert take(ledger, window=3) == live[:3]
    assert take(ledger, window=3) == []
    assert take(ledger, window=3, lane=Lane.BACKFILL) == late[:3]


def test_take_due_makes_room_as_batches_are_claimed(ledger: Any) -> None:
    made = ledger.batch(range(5), max_records=1)
    take(ledger, window=2)
    ledger.held(made[0])

    assert take(ledger, window=2) == [made[2]]


def test_take_due_leaves_batches_that_are_not_due(ledger: Any) -> None:
    made = ledger.batch(range(2), max_records=1)
    ledger.change("UPDATE batch SET due_at = now() + interval '1 minute' WHERE id = :id", id=made[0])

    assert take(ledger) == [made[1]]


def test_take_due_sends_again_what_nobody_claimed_for_long(ledger: Any) -> None:
    made = ledger.batch(range(3), max_records=1)
    take(ledger)
    ledger.change("UPDATE batch SET published_at = now() - interval '2 hours' WHERE id = :id", id=made[1])

    assert take(ledger, window=3) == [made[1]]
    assert take(ledger, window=3) == []


def test_take_due_sends_again_soon_where_the_queue_is_empty(ledger: Any) -> None:
    made = ledger.batch(range(2), max_records=1)
    take(ledger)
    ledger.change("UPDATE batch SET published_at = now() - interval '3 seconds' WHERE id = :id", id=made[0])

    assert take(ledger, queue_length=1) == []
    assert take(ledger, queue_length=0) == [made[0]]


def test_take_due_gives_a_device_a_window_of_its_own(ledger: Any) -> None:
    pinned = ledger.batch(range(2), max_records=1, device="cuda:1")
    free = ledger.batch(range(2), max_records=1)

    with transaction(ledger.engine) as session:
        devices = batches.pinned_devices(session)

    assert devices == ["cuda:1"]
    assert take(ledger, window=2) == free
    assert take(ledger, window=2, device="cuda:1") == pinned


def test_take_due_by_several_at_once_keeps_the_window(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    made = ledger.batch(range(30), max_records=1)
    barrier = Barrier(4)

    def one() -> list[UUID]:
        barrier.wait(60)
        return take(ledger, window=20)

    taken = [batch_id for part in in_threads(*[one] * 4) for batch_id in part]

    assert taken == made[:20]


def test_take_due_takes_turns(ledger: Any) -> None:
    made = ledger.batch(range(3), max_records=1)

    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        first = due(session, window=2)
        second = pool.submit(take, ledger, window=3)
        ledger.wait_until_blocked()
        session.commit()

    assert (first, second.result()) == (made[:2], made[2:])


def test_backlog_counts_what_waits_by_lane(ledger: Any) -> None:
    job_id = ledger.job()
    _, (held, done), _ = ledger.submit("a", "b", "c", max_records=2)
    ledger.held(held)
    ledger.change("UPDATE batch SET state = 'done' WHERE id = :id", id=done)
    ledger.save([ledger.record("x")], job_id=job_id, batched=False)

    with transaction(ledger.engine) as session:
        waiting = batches.backlog(session)

    assert waiting.n_records == 3
    assert waiting.n_by_lane == {Lane.LIVE: 3, Lane.BACKFILL: 0}
    assert waiting.oldest_at == {Lane.LIVE: ledger.value("SELECT created_at FROM batch WHERE id = :id", id=held), Lane.BACKFILL: None}
