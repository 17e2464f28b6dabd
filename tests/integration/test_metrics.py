"""What `/metrics` says of the database, and that several processes' counters add up."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import connect
from workers.metrics import exposition


def test_exposition_tells_the_gauges_of_an_empty_system(engine: Engine) -> None:
    body, kind = exposition(engine)

    lines = body.decode().splitlines()
    assert kind.startswith("text/plain")
    assert "bellwether_up 1.0" in lines
    assert 'bellwether_batches_waiting{state="queued"} 0.0' in lines
    assert 'bellwether_ended_records_total{outcome="done"} 0.0' in lines


def test_exposition_says_so_where_the_database_is_gone() -> None:
    body, _ = exposition(connect("postgresql://127.0.0.1:1/none"))

    assert [line for line in body.decode().splitlines() if not line.startswith("#")] == ["bellwether_up 0.0"]


def test_worker_metrics_add_up_over_processes(tmp_path: Path, unused_port: int) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    child = "from workers import metrics; metrics.records.labels('live').inc(3)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", child], env=environment, check=True)
    from workers.metrics import serve_worker_metrics

    server = serve_worker_metrics(tmp_path, port=unused_port)
    try:
        body = urllib.request.urlopen(f"http://127.0.0.1:{unused_port}/metrics", timeout=10).read().decode()
    finally:
        server.shutdown()
        server.server_close()

    assert 'bellwether_records_total{lane="live"} 6.0' in body


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
