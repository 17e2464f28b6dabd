"""A stack that is killed, and started again on the same data."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.e2e


def everything(stack: Any) -> list[psutil.Process]:
    """Return every process of the stack, the servers' included."""
    return psutil.Process(stack.process.pid).children(recursive=True)


def test_killed_stack_leaves_nothing_running_and_starts_again_with_its_data(tmp_path: Path, start_stack: Callable[..., Any]) -> None:
    home = tmp_path / "home"
    first = start_stack(home)
    first.run("enqueue", "-", "--source", "kept", "--wait", stdin='{"text": "profit falls", "external_id": "1"}\n')
    postmaster = psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))
    processes = [*everything(first), postmaster]
    assert len(processes) > 10

    first.process.kill()
    first.process.wait()
    _, alive = psutil.wait_procs(processes, timeout=45)

    assert not [one.cmdline() for one in alive]

    second = start_stack(home)
    again = second.run("enqueue", "-", "--source", "kept", "--json", stdin='{"text": "profit falls", "external_id": "1"}\n')
    assert '"n_duplicate": 1' in again.stdout
    assert (home / "stack.json").stat().st_mode & 0o777 == 0o600
    processes = everything(second)

    second.process.send_signal(signal.SIGINT)

    assert second.process.wait(60) == 0
    assert not psutil.wait_procs(processes, timeout=10)[1]
    assert not (home / "stack.json").exists()
