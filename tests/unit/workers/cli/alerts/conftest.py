from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from db import incidents
from db.engine import transaction
from db.incidents import Finding, Standing
from db.tables import Source
from workers.cli.alerts import app

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def run(configured: None) -> Callable[..., Any]:
    """Run a command of `bellwether alerts`."""
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def opened(engine: Engine, configured: None) -> Callable[..., int]:
    """Store an incident; return its id."""

    def opened(*, standing: Standing | None = None, **fields: Any) -> int:
        times = dict.fromkeys(("opened_at", "peak_at", "last_judged_at"), NOON)
        series = {"rule": "negative-share", "rule_hash": "h", "dimension": "entity", "key": "TICKER:AAPL", "metric": "share"}
        figures = {"observed": 0.46, "expected": 0.18, "p_value": 2e-7, "n": 67, "n_negative": 31, "evidence": {}}
        said = {"fingerprint": "f", "resolved_at": None, "why": "It rose."}
        with transaction(engine) as session:
            source = Source(name=f"wire-{len(incidents.list_incidents(session))}", kind="news", taxonomy="finance-desk")
            session.add(source)
            session.flush()
            given: dict[str, Any] = {**times, **series, **figures, **said, "source_id": source.id}
            number = incidents.open_incident(session, Finding(**given | fields))
            if standing:
                incidents.update_incident(session, number, standing=standing)
        return number

    return opened
