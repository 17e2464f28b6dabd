import json
from typing import Any

import pytest
from pydantic import SecretStr

from workers import notifiers
from workers.alert_settings import Notifier
from workers.notifiers.slack import payload


@pytest.mark.parametrize(
    ("change", "severity", "colour"),
    [("opened", "warning", "#e6a23c"), ("escalated", "critical", "#b3261e"), ("resolved", "critical", "#2e7d32")],
)
def test_payload_shows_at_a_glance_how_urgent_it_is(told: Any, change: str, severity: str, colour: str) -> None:
    assert payload(told(change, severity=severity))["attachments"][0]["color"] == colour


def test_payload_calls_nobody_and_holds_no_markup(told: Any) -> None:
    body = json.dumps(payload(told(why="<!channel> @here *bold* <https://evil.example|click>")), ensure_ascii=False)

    assert "<" not in body
    assert "@here" not in body
    assert "&lt;!channel&gt;" in body


def test_payload_is_no_longer_than_a_receiver_shows(told: Any) -> None:
    [below] = payload(told(why="x" * 5000))["attachments"]

    assert len(below["text"]) == 3000
    assert below["text"].endswith("…")


def test_payload_leads_to_the_incident_where_a_link_is_set(told: Any) -> None:
    chosen = Notifier(kind="slack", url=SecretStr("https://hooks.example/T0"), link="https://bw.example/{incident}")

    assert payload(told(chosen=chosen))["attachments"][0]["title_link"] == "https://bw.example/7"
    assert "title" not in payload(told())["attachments"][0]


def test_a_hook_is_posted_to(receiver: Any, told: Any) -> None:
    notifiers.make(Notifier(kind="slack", url=SecretStr(receiver.url), allow_private=True)).notify(told())

    assert json.loads(receiver.got[0][2])["text"] == "WARNING: $AAPL in wire, 33 negative records, 1.9 expected"
