"""Ringing: what stands in Redis is an id and nothing else, and a broker that is gone is no error."""

import json
from uuid import uuid4

import pytest

from workers import endpoints, publish
from workers.queues import ANALYZE_BACKFILL, ANALYZE_LIVE, device_queue


@pytest.mark.usefixtures("configured")
def test_ring_puts_the_id_alone_into_its_lanes_queue() -> None:
    batch_id = uuid4()

    assert publish.ring([batch_id], lane="backfill") == 1

    [message] = endpoints.redis_client().lrange(ANALYZE_BACKFILL, 0, -1)
    headers = json.loads(message)["headers"]
    assert headers["task"] == "bellwether.analyze"
    assert headers["argsrepr"] == f"('{batch_id}',)"
    assert publish.queue_length(ANALYZE_LIVE) == 0


@pytest.mark.usefixtures("configured")
def test_ring_serves_batches_pinned_to_a_device() -> None:
    assert publish.ring([uuid4(), uuid4()], lane="live", device="cuda:1") == 2

    assert publish.queue_length(device_queue("cuda:1")) == 2


def test_ring_without_a_broker_sends_nothing_and_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu import Connection

    monkeypatch.setattr(
        publish, "_connection", lambda: Connection("redis://127.0.0.1:1/0", transport_options={"socket_connect_timeout": 1})
    )

    assert publish.ring([uuid4()], lane="live") == 0
