from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.figures import Figures
from workers import health
from workers.health import STALE, Check, Status, is_ready, judge_consumption, readiness, run_check
from workers.settings import settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUIET = Figures(
    now=NOW,
    n_batches_queued=0,
    n_batches_leased=0,
    n_records_unbatched=0,
    oldest_queued_at=None,
    last_claimed_at=None,
    n_jobs_open=0,
    n_records_accepted=0,
    n_records_done=0,
    n_records_failed=0,
    n_duplicates=0,
    n_rejected=0,
    n_quarantined=0,
    n_incidents_open=0,
    n_notifications_due=0,
    n_notifications_given_up=0,
    n_rollups_due=0,
)
LONG_AGO = NOW - STALE - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("figures", "status"),
    [
        (QUIET, Status.OK),
        (replace(QUIET, n_batches_queued=3, oldest_queued_at=NOW), Status.OK),
        (replace(QUIET, n_batches_queued=3, oldest_queued_at=LONG_AGO, last_claimed_at=NOW), Status.OK),
        (replace(QUIET, n_batches_queued=3, oldest_queued_at=LONG_AGO, last_claimed_at=LONG_AGO), Status.FAIL),
        (replace(QUIET, n_batches_queued=3, oldest_queued_at=LONG_AGO), Status.FAIL),
    ],
)
def test_judge_consumption_wants_claims_while_batches_wait(figures: Figures, status: Status) -> None:
    assert judge_consumption(figures).status is status


def test_run_check_turns_an_error_into_a_fact_with_its_fix() -> None:
    def broken() -> Check:
        raise RuntimeError("it is broken\nand long")

    assert run_check("it", broken, fix="Mend it.") == Check("it", Status.FAIL, "it is broken", "Mend it.")


@pytest.mark.usefixtures("configured")
def test_readiness_is_given_with_servers_up_and_nothing_waiting() -> None:
    checks = readiness()

    assert is_ready(checks)
    assert [check.name for check in checks] == ["broker", "database", "consumption"]


def test_readiness_names_what_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("BELLWETHER_POSTGRES_URL", "postgresql://127.0.0.1:1/none")
    settings.cache_clear()

    checks = readiness()

    assert not is_ready(checks)
    assert [check.status for check in checks] == [Status.WARN, Status.FAIL, Status.WARN]


@pytest.mark.usefixtures("configured")
def test_readiness_warns_of_idle_workers_but_keeps_intake_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "judge_consumption", lambda figures: Check("consumption", Status.FAIL, f"at {figures.now}"))

    checks = readiness()

    assert is_ready(checks)
    assert checks[-1].status is Status.WARN


@pytest.mark.usefixtures("configured")
def test_readiness_is_given_without_a_broker_since_sql_keeps_what_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()

    checks = readiness()

    assert is_ready(checks)
    assert checks[0].status is Status.WARN
