import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from db.incidents import EventView, IncidentView, PartView, SilenceView
from db.outbox import NotificationView
from workers.cli.incident_view import Around, print_incident, view

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVIDENCE: dict[str, Any] = {
    "peak": {"n_judged": 84, "p_adjusted": 2e-5},
    "history": [
        {"at": "2026-03-01T11:00:00+00:00", "n": 2, "n_negative": 2},
        {"at": "2026-03-01T12:00:00+00:00", "n": 30, "n_negative": 3},
        {"at": "2026-03-02T12:00:00+00:00", "n": 67, "n_negative": 31},
    ],
    "drivers": [
        {
            "dimension": "entity",
            "key": "ORG:battery",
            "contribution": 0.21,
            "low": 0.1,
            "high": 0.32,
            "same_as": ["ORG:fire"],
            "n": 20,
            "n_negative": 15,
            "n_before": 40,
            "n_negative_before": 3,
        }
    ],
    "stories": {"n": 12, "n_texts": 31, "n_largest": 9},
    "words": [{"word": "recall", "n": 8, "share": 0.3, "before": 0.01}],
    "examples": [
        {
            "record_id": 1,
            "external_id": "4242",
            "published_at": "2026-03-02T09:00:00+00:00",
            "score": 0.94,
            "n_similar": 6,
            "text": "Shares \x1b[31mfall &amp; fall [bold]again[/bold]",
            "url": "https://wire.example/a",
        }
    ],
}
INCIDENT = IncidentView(
    id=7,
    fingerprint="f",
    rule="negative-share",
    rule_hash="h",
    source_id=1,
    source="wire",
    dimension="entity",
    key="TICKER:AAPL",
    metric="share",
    state="firing",
    opened_at=NOON,
    peak_at=NOON,
    last_judged_at=NOON,
    created_at=NOON,
    resolved_at=None,
    observed=0.46,
    expected=0.18,
    p_value=2e-7,
    n=67,
    n_negative=31,
    why="Negative share of $AAPL in wire rose to 46%.",
    evidence=EVIDENCE,
    severity="critical",
)


def test_view_tells_how_grave_it_is_why_and_how_sure() -> None:
    shown = _shown()

    for told in (
        "incident 7 firing critical",
        "rose to 46%",
        "18% -> 46% negative · 31 of 67 records",
        "p = 2e-7; corrected for 84 series, p = 2e-5",
    ):
        assert told in shown


def test_view_draws_the_past_with_dots_for_windows_of_few_records() -> None:
    assert "·▃█" in _shown()
    assert "share of negatives every 1 h since 2026-03-01 11:00" in _shown()


def test_view_tells_drivers_with_their_interval_stories_and_examples_with_links() -> None:
    shown = _shown()

    for told in (
        "battery, fire  +21 ± 11 points  15 of 20 negative, before: 3 of 40",
        "31 negative records tell 12 stories, the largest 9 of them",
        "new words: recall",
        "2026-03-02 09:00 · 94% negative · record 4242 · 6 alike",
        "https://wire.example/a",
    ):
        assert told in shown


def test_view_lets_no_text_move_the_cursor_or_pass_for_markup() -> None:
    shown = _shown()

    assert "\x1b[31m" not in shown
    assert "fall & fall [bold]again[/bold]" in shown


def test_view_tells_of_parts_silences_and_notifications() -> None:
    around = Around(
        parts=[_part(1, "TICKER:AAPL"), _part(2, "ORG:Apple", metric="negatives", observed=31.0, expected=4.5, resolved_at=NOON + HOUR)],
        silences=[SilenceView(3, {"source": "wire"}, NOON, NOON + HOUR, "ana", "earnings day")],
        notifications=[
            NotificationView("opened", "console", 1, NOON, NOON, None, None),
            NotificationView("opened", "webhook", 8, NOON, None, NOON, "the receiver answered 500"),
            NotificationView("opened", "mail", 2, NOON, None, None, "timed out"),
        ],
    )

    shown = _shown(around=around)

    for told in (
        "$AAPL  18% -> 46% negative  03-02 12:00, open",
        "Apple  4.5 -> 31 negatives  03-02 12:00, 1 h",
        "until 2026-03-02 13:00 by ana: earnings day (silence 3)",
        "console  opened  2026-03-02 12:00:00",
        "webhook  opened  given up after 8 attempts: the receiver answered 500",
        "mail     opened  tried 2 times: timed out; next at 12:00:00",
    ):
        assert told in shown


def test_view_leaves_out_what_is_not_known() -> None:
    shown = _shown(replace(INCIDENT, evidence={"peak": {}}, state="resolved", resolved_at=NOON, resolution="withdrawn: late records"))

    assert "withdrawn: late records" in shown
    for name in ("past", "driven by", "examples", "parts", "silenced", "told"):
        assert f" {name} " not in shown


@pytest.mark.parametrize("metric", ["negatives", "volume", "silence"])
def test_view_knows_every_metric(metric: str) -> None:
    shown = _shown(replace(INCIDENT, metric=metric, observed=40.0, expected=3.0))

    assert {"negatives": "3.0 -> 40 negatives · of 67", "volume": "3.0 -> 40 records", "silence": "no records"}[metric] in shown


def test_print_incident_ends_with_its_history(capsys: pytest.CaptureFixture[str]) -> None:
    print_incident(INCIDENT, around=Around(events=[EventView(NOON, "ana", "acknowledged", {"why": "on it\x1b[2J"})]))

    assert "2026-03-02 12:00:00  acknowledged  ana            on it\ufffd[2J" in capsys.readouterr().out


def _part(number: int, key: str, **fields: Any) -> PartView:
    same: dict[str, Any] = {name: getattr(INCIDENT, name) for name in PartView.__dataclass_fields__ if hasattr(INCIDENT, name)}
    own = {"id": number, "key": key, "incident_id": 7, "withdrawn": False, "window_from": NOON - HOUR, "peak": {}}
    return PartView(**same | own | fields)


def _shown(incident: IncidentView = INCIDENT, *, around: Around | None = None) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(view(incident, around=around or Around()))
    return console.export_text()
