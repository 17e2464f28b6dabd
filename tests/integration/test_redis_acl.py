"""The ACL that docs/howto/own-servers.md recommends lets Bellwether work, and nothing more."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from sqlalchemy import Engine

from workers import endpoints
from workers.broker import start_valkey
from workers.inbox import drain
from workers.settings import settings

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "own-servers.md"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Yield the addresses of a broker under that ACL, by user."""
    rules = {line[1]: line[2].split() for line in re.findall(r"^ *(user) (bellwether|producer) (.*)$", PAGE.read_text(), re.MULTILINE)}
    server = start_valkey(tmp_path / "valkey")
    with redis.Redis.from_url(server.url) as admin:
        for name, rule in rules.items():
            admin.execute_command("ACL", "SETUSER", name, "reset", *rule)
    place = server.url.rpartition("@")[2]
    yield {name: f"redis://{name}:PASSWORD@{place}" for name in rules}
    server.stop()


@pytest.fixture
def _as_bellwether(guarded: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_REDIS_URL", guarded["bellwether"])
    settings.cache_clear()


@pytest.mark.usefixtures("_as_bellwether")
def test_bellwether_may_drain_what_a_producer_may_append(engine: Engine, guarded: dict[str, str]) -> None:
    with redis.Redis.from_url(guarded["producer"]) as producer:
        producer.xadd("bellwether:inbox", {"text": "Shares fell after the profit warning."})

    drained = drain(engine, endpoints.redis_client())

    assert drained.n_accepted == 1


@pytest.mark.usefixtures("_as_bellwether")
def test_doctor_may_ask_what_it_asks(guarded: dict[str, str]) -> None:
    from workers.doctor import check_eviction, check_persistence
    from workers.health import check_broker

    assert [check().status for check in (check_broker, check_eviction, check_persistence)] == ["ok", "ok", "ok"]


def test_celery_may_send_take_and_acknowledge(guarded: dict[str, str]) -> None:
    from kombu import Connection, Queue

    batch_id = str(uuid4())
    queue = Queue("bellwether.analyze.live", routing_key="bellwether.analyze.live")
    with Connection(guarded["bellwether"]) as connection, connection.SimpleQueue(queue) as simple:
        simple.put({"batch": batch_id})
        message = simple.get(timeout=5)
        message.ack()

    assert message.payload == {"batch": batch_id}


@pytest.mark.parametrize("user", ["bellwether", "producer"])
@pytest.mark.parametrize(
    "command", [["FLUSHALL"], ["CONFIG", "GET", "*"], ["SHUTDOWN", "NOSAVE"], ["KEYS", "*"], ["SET", "elsewhere", "1"]]
)
def test_nobody_may_do_harm(guarded: dict[str, str], user: str, command: list[str]) -> None:
    with redis.Redis.from_url(guarded[user]) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)


def test_a_producer_may_not_ring(guarded: dict[str, str]) -> None:
    with redis.Redis.from_url(guarded["producer"]) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.lpush("bellwether.analyze.live", "anything")
