import time
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from db.engine import transaction
from pipelines.records import Lane
from workers import publish
from workers.intake import enqueue
from workers.settings import settings


@pytest.fixture(autouse=True)
def _own_connection() -> None:
    publish._connection.cache_clear()


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("lane", "device", "queue"), [(Lane.LIVE, None, "bellwether.analyze.live"), (Lane.BACKFILL, "cuda:0", "bellwether.analyze.cuda0")]
)
def test_enqueue_rings_a_real_broker_with_ids_and_no_text(
    engine: Engine, redis_url: str, lane: Lane, device: str | None, queue: str
) -> None:
    enqueue([{"text": f"secret {n}"} for n in range(100)], engine=engine, lane=lane, device=device)

    with Redis.from_url(redis_url) as client, transaction(engine) as session:
        messages = client.lrange(queue, 0, -1)
        batch_ids: list[UUID] = list(session.scalars(text("SELECT id FROM batch")))
    assert len(messages) == len(batch_ids) == 2
    assert b"secret" not in b"".join(messages)
    assert all(any(str(batch_id).encode() in message for message in messages) for batch_id in batch_ids)


@pytest.mark.usefixtures("configured")
def test_enqueue_with_the_broker_away_stores_everything_and_does_not_hang(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    started = time.monotonic()

    receipt = enqueue([{"text": "a"}], engine=engine)

    assert receipt.n_new == 1
    assert time.monotonic() - started < 20
