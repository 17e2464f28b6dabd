import json
import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from workers.cli.beat import app as beat
from workers.cli.doctor import app as doctor
from workers.cli.flower import app as flower
from workers.cli.flower import is_loopback
from workers.errors import UsageError
from workers.settings import settings


def test_beat_lists_its_schedule_without_a_broker() -> None:
    answer = CliRunner().invoke(beat, ["--list", "--json"])

    assert answer.exit_code == 0
    assert {"sweep", "inbox", "rollups", "scan", "deliver", "prune"} <= {row["entry"] for row in json.loads(answer.stdout)}


def test_doctor_ends_with_1_where_something_fails() -> None:
    answer = CliRunner().invoke(doctor, ["--json"])

    assert answer.exit_code == 1
    assert {check["name"]: check["status"] for check in json.loads(answer.stdout)}["broker"] == "fail"


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "example.org"])  # noqa: S104  # what must be refused
def test_flower_refuses_an_open_address_without_a_password(host: str) -> None:
    answer = CliRunner().invoke(flower, ["--host", host])

    assert isinstance(answer.exception, UsageError)
    assert "BELLWETHER_FLOWER__PASSWORD" in str(answer.exception)


def test_flower_refuses_a_password_that_it_would_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"REDIS_URL": "redis://127.0.0.1:1/0", "FLOWER__USER": "ann", "FLOWER__PASSWORD": "long,secret"}.items():
        monkeypatch.setenv(f"BELLWETHER_{name}", value)
    settings.cache_clear()

    answer = CliRunner().invoke(flower, [])

    assert isinstance(answer.exception, UsageError)
    assert "comma" in str(answer.exception)


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.168.1.1", False)])
def test_is_loopback_knows_this_machine(host: str, expected: bool) -> None:  # noqa: FBT001  # pytest's own way
    assert is_loopback(host) is expected


def test_supervisor_tasks_and_demo_load_without_torch() -> None:
    code = "import sys, workers.supervisor, workers.stack, workers.demo, workers.lifecycle, workers.schedule; print('torch' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert answer.stdout.strip() == "False"


def test_api_ends_with_1_where_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = subprocess.run(
            [sys.executable, "-m", "workers.cli", "api", "--port", port], capture_output=True, text=True, check=False, timeout=60
        )

    assert answer.returncode == 1
    assert f"did not start on 127.0.0.1:{port}" in answer.stderr


def test_doctor_folds_nothing_off_a_terminal() -> None:
    answer = CliRunner().invoke(doctor)

    assert any("broker" in line and "BELLWETHER_REDIS_URL" in line for line in answer.stdout.splitlines())
