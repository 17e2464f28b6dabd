import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from workers import children
from workers.children import Child, signal_inbox

FOREVER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


def wait_gone(pid: int) -> bool:
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_child_dies_with_the_process_that_started_it() -> None:
    code = f"""
import os, sys
from workers.children import start_child
print(start_child({FOREVER!r}, environment=os.environ).pid, flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout
    pid = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    assert wait_gone(pid)


def test_child_that_died_is_due_again_after_a_growing_pause() -> None:
    child = Child("false", ["false"], os.environ)
    pauses = []

    for _ in range(3):
        child.start()
        assert child.process
        child.process.wait()
        assert child.died() == 1
        pauses.append(child.pause_s)

    assert pauses == [0.5, 1.0, 2.0]
    assert not child.is_due()
    assert child.died() is None


def test_child_keeps_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child("loud", [sys.executable, "-c", "for i in range(50): print(i)"], os.environ, tmp_path / "logs" / "loud.log")

    child.start()
    assert child.process
    child.process.wait()

    assert child.last_lines(2) == "48\n49"
    assert child.died() == 0


def test_child_writes_on_into_its_log_while_a_long_one_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_LONG_LOG_BYTES", 1_000)
    code = "import sys; print('x' * 2_000, flush=True); sys.stdout.flush(); sys.stdin.read(); import time; time.sleep(0.5); print('later')"
    child = Child("loud", [sys.executable, "-c", code], os.environ, tmp_path / "loud.log")
    child.start()
    assert child.process
    while not (tmp_path / "loud.log").stat().st_size:
        time.sleep(0.01)

    child.trim_log()
    child.process.wait()

    assert (tmp_path / "loud.log").read_text() == "later\n"
    assert (tmp_path / "loud.old.log").stat().st_size == 2_001


def test_child_is_killed_with_everything_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = f"import subprocess; p = subprocess.Popen({FOREVER!r}); print(p.pid, flush=True); p.wait()"
    child = Child("nest", [sys.executable, "-c", code], os.environ, log)
    child.start()
    deadline = time.monotonic() + 20
    while "up" not in child.last_lines(2) and time.monotonic() < deadline:
        time.sleep(0.05)
    lines = [line for line in log.read_text().splitlines() if line.isdigit()]

    child.stop(signal.SIGKILL)

    assert wait_gone(int(lines[0]))
    assert child.died() == -signal.SIGKILL


def test_signal_inbox_hands_over_signals_as_values_and_puts_handlers_back() -> None:
    before = signal.getsignal(signal.SIGUSR1)

    with signal_inbox(signal.SIGUSR1) as inbox:
        assert inbox.wait(0) == []
        os.kill(os.getpid(), signal.SIGUSR1)
        found = inbox.wait(5)

    assert found == [signal.SIGUSR1]
    assert signal.getsignal(signal.SIGUSR1) is before
