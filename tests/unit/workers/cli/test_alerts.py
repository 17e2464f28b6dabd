from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from db import incidents
from db.engine import transaction
from db.incidents import Finding
from db.tables import Source
from workers.cli.alerts import app
from workers.errors import Conflict

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVIDENCE = {
    "peak": {"n_judged": 84},
    "history": [
        {"at": "2026-02-28T12:00:00+00:00", "n": 30, "n_negative": 2},
        {"at": "2026-03-01T12:00:00+00:00", "n": 67, "n_negative": 31},
    ],
    "drivers": [
        {"dimension": "topic", "key": "earnings", "contribution": 0.21, "n": 20, "n_negative": 15, "n_before": 40, "n_negative_before": 3}
    ],
    "examples": [
        {
            "record_id": 1,
            "external_id": "4242",
            "published_at": "2026-03-02T09:00:00+00:00",
            "text": "Shares \x1b[31mfall &amp; fall [bold]again[/bold]",
            "url": None,
            "score": 0.94,
            "n_similar": 6,
        }
    ],
}


@pytest.fixture
def incident_id(engine: Engine, configured: None) -> int:
    with transaction(engine) as session:
        source = Source(name="wire", kind="news", taxonomy="finance-desk")
        session.add(source)
        session.flush()
        return incidents.open_incident(session, _finding(source.id))


@pytest.mark.usefixtures("configured")
def test_list_says_so_when_there_is_none() -> None:
    assert "no incidents" in _run("list").stderr


def test_show_lets_no_text_move_the_cursor_or_pass_for_markup(incident_id: int) -> None:
    shown = _run("show", str(incident_id)).stdout

    assert "\x1b[31m" not in shown
    assert "fall & fall [bold]again[/bold]" in shown


def test_ack_of_a_resolved_incident_is_refused(incident_id: int) -> None:
    _run("resolve", str(incident_id))

    assert isinstance(_run("ack", str(incident_id)).exception, Conflict)


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments)


def _finding(source_id: int) -> Finding:
    return Finding(
        fingerprint="f",
        rule="negative-share-day",
        rule_hash="h",
        source_id=source_id,
        dimension="entity",
        key="TICKER:AAPL",
        metric="share",
        opened_at=NOON,
        peak_at=NOON,
        last_judged_at=NOON,
        resolved_at=None,
        observed=0.46,
        expected=0.18,
        p_value=2e-7,
        n=67,
        n_negative=31,
        why="Negative share of $AAPL in wire rose to 46% (31 of 67 records).",
        evidence=EVIDENCE,
    )


def test_alerts_list_refuses_a_state_there_is_not() -> None:
    result = CliRunner().invoke(app, ["list", "--state", "open"])

    assert result.exit_code == 2
    assert "firing" in result.stderr
