"""What happens to a job while its workers are killed or stopped, or their broker forgets everything: nothing."""

import os
import signal
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psutil
import pytest
import redis

pytestmark = pytest.mark.e2e

ONCE = """
SELECT count(*) FROM (
    SELECT record.id FROM record LEFT JOIN analysis ON analysis.record_id = record.id
    WHERE record.job_id = :job GROUP BY record.id HAVING count(analysis.record_id) = 1
) AS analysed_once
"""
ATTEMPTS = "SELECT max(attempts) FROM batch WHERE record_ids && ARRAY(SELECT id FROM record WHERE job_id = :job)"


@pytest.fixture
def midway(stack: Any, read: Callable[[UUID], Any], eventually: Callable[..., Any]) -> Callable[..., UUID]:
    """Send a job and return when part of it is analysed."""

    def sent(n_records: int, *, source: str) -> UUID:
        job_id = stack.enqueue(n_records, source=source)
        assert eventually(lambda: read(job_id).n_done, what="the first batch") < n_records
        return job_id

    return sent


@pytest.fixture
def finished(read: Callable[[UUID], Any], eventually: Callable[..., Any]) -> Callable[[UUID], Any]:
    """Wait for a job's end."""

    def of(job_id: UUID) -> Any:
        return eventually(lambda: (job := read(job_id)).finished_at and job, what="the job's end")

    return of


def pool_children(worker: psutil.Process) -> list[psutil.Process]:
    return [one for one in worker.children() if "spawn_main" in " ".join(one.cmdline())]


def test_kill_9_of_the_analyze_worker_loses_and_doubles_nothing(
    stack: Any, midway: Callable[..., UUID], finished: Callable[[UUID], Any], count: Callable[..., Any]
) -> None:
    worker = stack.celery("analyze-cpu@")
    children = worker.children(recursive=True)

    job_id = midway(5_000, source="killed")
    os.killpg(worker.pid, signal.SIGKILL)
    job = finished(job_id)

    psutil.wait_procs([worker, *children], timeout=10)
    assert not [one for one in [worker, *children] if one.is_running()]
    assert stack.celery("analyze-cpu@").pid != worker.pid
    assert (job.n_total, job.n_done, job.n_failed) == (5_000, 5_000, 0)
    assert count(ONCE, job=job_id) == 5_000


def test_crash_of_one_child_costs_its_batch_one_attempt(
    stack: Any, midway: Callable[..., UUID], finished: Callable[[UUID], Any], count: Callable[..., Any]
) -> None:
    worker = stack.celery("analyze-cpu@")

    job_id = midway(3_000, source="crashed")
    pool_children(worker)[0].send_signal(signal.SIGSEGV)
    job = finished(job_id)

    assert stack.celery("analyze-cpu@").pid == worker.pid
    assert (job.n_done, job.n_failed) == (3_000, 0)
    assert count(ONCE, job=job_id) == 3_000
    assert count(ATTEMPTS, job=job_id) <= 2


def test_warm_stop_lets_running_batches_finish(
    stack: Any, midway: Callable[..., UUID], finished: Callable[[UUID], Any], count: Callable[..., Any]
) -> None:
    worker = stack.celery("analyze-cpu@")

    job_id = midway(3_000, source="stopped")
    worker.send_signal(signal.SIGTERM)
    job = finished(job_id)

    assert (job.n_done, job.n_failed) == (3_000, 0)
    assert count(ONCE, job=job_id) == 3_000
    assert count(ATTEMPTS, job=job_id) == 1


def test_flushed_broker_loses_nothing(
    stack: Any, midway: Callable[..., UUID], finished: Callable[[UUID], Any], count: Callable[..., Any]
) -> None:
    with redis.Redis.from_url(stack.facts["redis_url"]) as client:
        job_id = midway(5_000, source="flushed")
        client.flushall()
    job = finished(job_id)

    assert (job.n_done, job.n_failed) == (5_000, 0)
    assert count(ONCE, job=job_id) == 5_000


def test_killed_broker_loses_nothing(
    stack: Any, midway: Callable[..., UUID], finished: Callable[[UUID], Any], count: Callable[..., Any]
) -> None:
    with redis.Redis.from_url(stack.facts["redis_url"]) as client:
        pid = client.info("server")["process_id"]

    job_id = midway(5_000, source="broker-killed")
    os.kill(pid, signal.SIGKILL)
    job = finished(job_id)

    assert (job.n_done, job.n_failed) == (5_000, 0)
    assert count(ONCE, job=job_id) == 5_000
    assert count(ATTEMPTS, job=job_id) == 1


def test_stack_is_sound_after_all_that(stack: Any) -> None:
    checks = stack.run("doctor", check=False)

    assert checks.returncode == 0, checks.stdout


def test_second_stack_on_the_same_home_is_refused(stack: Any) -> None:
    second = stack.run("up", check=False)

    assert second.returncode == 1
    assert "already runs" in second.stderr


def maps_torch(process: psutil.Process) -> bool:
    return any("libtorch" in mapped.path for mapped in process.memory_maps())


def test_only_analyze_children_load_torch(stack: Any, eventually: Callable[..., Any]) -> None:
    worker = stack.celery("analyze-cpu@")

    eventually(lambda: sum(maps_torch(one) for one in pool_children(worker)) == 2, what="two children with a model")
    others = [one for one in stack.find("workers") if worker not in (one, *one.parents())]

    assert not maps_torch(worker)
    assert len(others) >= 7
    assert not [one.cmdline() for one in others if maps_torch(one)]


def test_flower_shows_workers_and_tasks_without_text(stack: Any, eventually: Callable[..., Any]) -> None:
    import httpx2

    asked = {"draw": 1, "start": 0, "length": 100, "search[value]": "", "order[0][column]": 0, "order[0][dir]": "asc"}
    stack.enqueue(10, source="shown")
    with httpx2.Client(base_url=stack.facts["flower_url"], timeout=30) as client:
        page = client.get("/workers").text

        def analysed() -> list[Any]:
            rows = client.get("/tasks/datatable", params={**asked, "columns[0][data]": "name"}).json()["data"]
            return [row for row in rows if row["name"] == "bellwether.analyze"]

        shown = eventually(analysed, what="a task of analysis")

    assert "analyze-cpu@" in page
    assert "io@" in page
    assert all("london" not in str(one) for one in shown)
