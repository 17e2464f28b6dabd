import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.errors import ModelUnavailable
from workers import supervisor
from workers.children import Child, SignalInbox
from workers.settings import settings

OBEDIENT = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGQUIT, lambda *_: sys.exit(3));"
    "print('up', flush=True); time.sleep(600)"
)


def child(code: str, folder: Path) -> Child:
    return Child("io@here", [sys.executable, "-c", code], os.environ, folder / "log")


def once_up(one: Child, *numbers: signal.Signals, n_starts: int = 1) -> threading.Thread:
    """Send the signals to this process, one after the other, as soon as the child runs for the `n_starts`th time."""

    def send() -> None:
        deadline = time.monotonic() + 30
        while one.last_lines(50).count("up") < n_starts and time.monotonic() < deadline:
            time.sleep(0.02)
        for number in numbers:
            os.kill(os.getpid(), number)
            time.sleep(0.3)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_supervise_passes_the_first_stop_on_as_a_warm_one(tmp_path: Path) -> None:
    one = child(OBEDIENT, tmp_path)
    sender = once_up(one, signal.SIGTERM)

    supervisor.supervise([one])

    sender.join()
    assert one.process is None
    assert one.last_lines(50).count("up") == 1


def test_supervise_makes_a_second_stop_a_cold_one(tmp_path: Path) -> None:
    one = child(STUBBORN, tmp_path)
    sender = once_up(one, signal.SIGINT, signal.SIGINT)

    supervisor.supervise([one])

    sender.join()
    assert one.process is None


def test_supervise_starts_a_worker_again_that_died(tmp_path: Path) -> None:
    one = child("import os, sys; print('up', flush=True); sys.exit(1)", tmp_path)
    sender = once_up(one, signal.SIGTERM, n_starts=2)

    supervisor.supervise([one])

    sender.join()
    assert one.last_lines(50).count("up") >= 2


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog whose model has its files, if empty ones."""
    (tmp_path / "default").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / "default" / name).touch()
    (tmp_path / "catalog.toml").write_text('[models.default]\nkind = "bellwether"\npath = "default"\n')
    monkeypatch.setenv("BELLWETHER_ENGINE__CATALOG", str(tmp_path / "catalog.toml"))
    settings.cache_clear()
    return tmp_path


@pytest.mark.usefixtures("catalog")
def test_analyze_workers_pin_each_device_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")

    first, second, cpu = supervisor.analyze_workers("all", replicas=0)

    assert (first.environment["CUDA_VISIBLE_DEVICES"], second.environment["CUDA_VISIBLE_DEVICES"]) == ("4", "6")
    assert first.environment["BELLWETHER_ENGINE__DEVICE"] == second.environment["BELLWETHER_ENGINE__DEVICE"] == "cuda:0"
    assert cpu.environment["CUDA_VISIBLE_DEVICES"] == ""
    assert cpu.environment["OMP_NUM_THREADS"] == "1"
    assert second.name.startswith("analyze-cuda1@")
    assert "bellwether.analyze.cuda1,bellwether.analyze.live,bellwether.analyze.backfill" in second.command


def test_analyze_workers_refuse_a_model_that_is_not_there(catalog: Path) -> None:
    (catalog / "default" / "tokenizer.json").unlink()

    with pytest.raises(ModelUnavailable, match=r"lacks tokenizer\.json"):
        supervisor.analyze_workers("cpu", replicas=1)


def test_io_worker_consumes_no_queue_of_analysis() -> None:
    command = supervisor.io_worker(replicas=0).command

    assert "bellwether.alerts,bellwether.io" in command
    assert not [word for word in command if "analyze" in word]


class Silence(SignalInbox):
    """An inbox that nothing comes to."""

    def __init__(self) -> None:
        pass

    def wait(self, seconds: float) -> list[signal.Signals]:
        time.sleep(min(seconds, 0.05))
        return []


def test_supervisor_stops_harder_when_its_patience_is_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervisor, "_LAST_PATIENCE_S", 0.2)
    one = child(STUBBORN, tmp_path)
    running = supervisor._Supervisor([one], parent=-1)
    one.start()
    while "up" not in one.last_lines(5):
        time.sleep(0.02)
    running._stop()

    running.run(Silence())

    assert one.process is None
    assert running.n_asked >= 2
