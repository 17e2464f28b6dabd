from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import redis

from workers.broker import start_valkey


def test_embedded_valkey_keeps_what_it_accepted_over_a_restart(tmp_path: Path) -> None:
    first = start_valkey(tmp_path)
    with redis.Redis.from_url(first.url) as client:
        client.lpush("bellwether.analyze.live", "a message")
    first.stop()

    second = start_valkey(tmp_path)

    with redis.Redis.from_url(second.url) as client:
        assert client.llen("bellwether.analyze.live") == 1
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    second.stop()


def test_embedded_valkey_asks_for_its_password(tmp_path: Path) -> None:
    server = start_valkey(tmp_path)

    with redis.Redis(port=server.server.port) as stranger:
        try:
            stranger.ping()
            answered = True
        except redis.AuthenticationError:
            answered = False

    server.stop()
    assert not answered


def test_embedded_valkeys_started_at_once_take_ports_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda name: start_valkey(tmp_path / name), "abcd"))

    ports = {one.server.port for one in servers}
    for one in servers:
        one.stop()
    assert len(ports) == 4
