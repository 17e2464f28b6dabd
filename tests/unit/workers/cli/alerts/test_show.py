import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db import incidents, outbox, parts, silences
from db.engine import transaction
from db.parts import Part
from workers.errors import NotFound

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def number(engine: Engine, opened: Callable[..., int]) -> int:
    """An incident about a source that was silent for an hour, with its part, a silence and a notification."""
    number = opened(metric="silence", dimension="source", key="", observed=0.0, expected=40.0, n=0, n_negative=0)
    with transaction(engine) as session:
        incident = incidents.read_incident(session, number)
        assert incident
        same: dict[str, Any] = {name: getattr(incident, name) for name in Part.__dataclass_fields__ if hasattr(incident, name)}
        parts.add_part(session, Part(**same, window_from=NOON - HOUR, peak={}), incident_id=number, late_before=None)
        now = datetime.now(UTC)
        silences.add_silence(session, matcher={"source": "wire-*"}, starts_at=now, ends_at=now + HOUR, author="ana", reason="the move")
        outbox.queue_notifications(session, number, change="opened", notifiers=["console"])
    return number


def test_show_draws_the_incident_with_all_that_is_known_beside_it(number: int, run: Callable[..., Any]) -> None:
    shown = run("show", str(number)).stdout

    for told in ("It rose.", "no records", "the move", "console", "opened"):
        assert told in shown


def test_show_as_json_holds_parts_silences_notifications_and_events(number: int, run: Callable[..., Any]) -> None:
    told = json.loads(run("show", str(number), "--json").stdout)

    assert (told["id"], told["metric"]) == (number, "silence")
    assert [one["metric"] for one in told["parts"]] == ["silence"]
    assert [one["author"] for one in told["silences"]] == ["ana"]
    assert [(one["notifier"], one["change"], one["sent_at"]) for one in told["notifications"]] == [("console", "opened", None)]
    assert [one["what"] for one in told["events"]] == ["opened"]


def test_show_recompute_ends_well_where_the_records_give_the_stored_figures(number: int, run: Callable[..., Any]) -> None:
    result = run("show", str(number), "--recompute")

    assert result.exit_code == 0
    assert "differs" not in result.stdout


def test_show_recompute_ends_with_1_where_they_do_not(number: int, run: Callable[..., Any], feed: Any, post: Any) -> None:
    feed.bring([post(NOON - HOUR / 2)], source="wire-0")

    result = run("show", str(number), "--recompute")
    told = json.loads(run("show", str(number), "--recompute", "--json").stdout)

    assert result.exit_code == 1
    assert "differs" in result.stdout
    assert "the records do not give the stored figures" in result.stderr
    assert told["agrees"] is False
    assert told["parts"][0]["figures"][0] == {"name": "n", "stored": 0, "recomputed": 1}


@pytest.mark.parametrize("options", [(), ("--recompute",), ("--json",)])
def test_show_of_an_unknown_incident_is_refused(run: Callable[..., Any], options: tuple[str, ...]) -> None:
    assert isinstance(run("show", "99", *options).exception, NotFound)
