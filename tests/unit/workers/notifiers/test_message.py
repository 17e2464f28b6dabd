from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workers.alert_settings import Notifier
from workers.notifiers.wording import headline, lines

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "different", "expected"),
    [
        ("opened", {}, "WARNING: $AAPL in wire, 33 negative records, 1.9 expected"),
        ("opened-2", {"severity": "critical"}, "CRITICAL: $AAPL in wire, 33 negative records, 1.9 expected"),
        ("escalated", {"severity": "critical"}, "CRITICAL: $AAPL in wire, 33 negative records, 1.9 expected"),
        ("reminder-3", {}, "REMINDER 3: $AAPL in wire, 33 negative records, 1.9 expected"),
        ("resolved", {}, "RESOLVED: $AAPL in wire, 33 negative records, 1.9 expected"),
        ("opened", {"metric": "share", "observed": 0.46, "expected": 0.18}, "WARNING: $AAPL in wire, 46% negative, 18% expected"),
        ("opened", {"metric": "volume", "observed": 1200.0, "expected": 85.2}, "WARNING: $AAPL in wire, 1,200 records, 85.2 expected"),
        (
            "opened",
            {"metric": "silence", "dimension": "source", "key": "", "observed": 0.0, "expected": 40.0},
            "WARNING: wire, no records",
        ),
        ("opened", {"dimension": "topic", "key": "earnings"}, "WARNING: topic earnings in wire, 33 negative records, 1.9 expected"),
    ],
)
def test_headline_says_how_urgent_what_and_from_what_to_what(told: Any, change: str, different: dict[str, Any], expected: str) -> None:
    assert headline(told(change, **different)) == expected


def test_the_labels_stay_those_of_the_part_that_opened_the_incident(told: Any) -> None:
    origin = {"source": "wire", "dimension": "source", "key": "", "rule": "negative-share", "metric": "share"}
    message = told(severity="critical", origin=origin)

    assert message.labels == {
        "alertname": "negative-share",
        "incident": "7",
        "severity": "critical",
        "source": "wire",
        "dimension": "source",
        "rule": "negative-share",
        "metric": "share",
    }


def test_a_delivery_names_installation_incident_change_and_receiver(told: Any) -> None:
    names = [told(change, created_at=at).delivery for change in ("opened", "resolved") for at in (NOON, NOON + timedelta(days=1))]

    assert names[0] == "7-opened-desk-20260302T120000Z"
    assert len(set(names)) == 4


def test_lines_say_why_an_incident_ended(told: Any) -> None:
    message = told("resolved", resolved_at=NOON + timedelta(hours=2), resolution="late records took it back")

    assert "Opened 2026-03-02 12:00 UTC, resolved 2026-03-02 14:00 UTC: late records took it back." in lines(message)


@pytest.mark.parametrize(
    ("metric", "contribution", "expected"),
    [
        ("share", 0.214, "- topic earnings: +21 points, 15 of 20 negative"),
        ("negatives", 12.4, "- topic earnings: +12 negative records, 15 of 20 negative"),
        ("volume", 120.0, "- topic earnings: +120 records"),
    ],
)
def test_lines_say_what_a_driver_adds(told: Any, metric: str, contribution: float, expected: str) -> None:
    driver = {"dimension": "topic", "key": "earnings", "contribution": contribution, "n": 20, "n_negative": 15}

    assert expected in lines(told(metric=metric, evidence={"drivers": [driver]}))


def test_lines_name_a_few_other_parts_and_count_the_rest(told: Any) -> None:
    parts = [{"label": f"topic {number}"} for number in range(10)]

    said = lines(told(evidence={"parts": parts}))

    assert [one for one in said if one.startswith("- ")] == [*(f"- topic {number}" for number in range(8)), "- and 2 more"]


def test_lines_leave_parts_to_the_sentence_where_it_names_all(told: Any) -> None:
    assert "Also:" not in lines(told(evidence={"parts": [{"label": f"topic {number}"} for number in range(3)]}))


def test_lines_leave_examples_out_where_they_are_to_stay(told: Any) -> None:
    message = told(chosen=Notifier(kind="console", examples=False))

    assert "Examples:" not in lines(message)
    assert "examples" not in message.details["evidence"]


def test_lines_hold_no_control_characters(told: Any) -> None:
    assert "\x1b" not in "".join(lines(told(why="red \x1b[31m alert")))
