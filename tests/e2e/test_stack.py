"""A stack that is killed, and started again on the same data."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from db.engine import connect

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


def test_hung_child_is_killed_at_its_time_limit_and_its_batch_is_analysed_again(
    tmp_path: Path, start_stack: Callable[..., Any], eventually: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    stack = start_stack(tmp_path / "home", LEDGER__TASK_TIME_LIMIT="PT6S", LEDGER__LEASE="PT9S", ENGINE__REPLICAS="1")
    stack.run("enqueue", "-", "--source", "first", "--wait", stdin='{"text": "profit falls"}\n')
    child = next(one for one in stack.celery("analyze-cpu@").children() if "spawn_main" in " ".join(one.cmdline()))
    pool = connect(stack.facts["postgres_url"])
    request.addfinalizer(pool.dispose)

    def is_caught_in_a_batch() -> bool:
        child.suspend()
        with pool.connect() as connection:
            leased = connection.execute(text("SELECT count(*) FROM batch WHERE state = 'leased'")).scalar_one()
        if not leased:
            child.resume()
        return bool(leased)

    job_id = str(stack.enqueue(3_000, source="hung"))
    eventually(is_caught_in_a_batch, what="a batch in the child's hands")
    watched = stack.run("jobs", "watch", job_id)

    assert watched.returncode == 0
    assert json.loads(stack.run("jobs", "show", job_id, "--json").stdout)["done"] == 3_000
    assert not child.is_running()
