import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from workers import notifiers
from workers.alert_settings import Notifier
from workers.notifiers.message import sample_message

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def alertmanager(receiver: Any) -> Any:
    """A notifier of a receiver that keeps what an Alertmanager would be posted."""
    address = receiver.url.removesuffix("/hook")
    return notifiers.make(Notifier(kind="alertmanager", url=SecretStr(f"{address}/am/"), allow_private=True, token=SecretStr("t0ken")))


def test_alerts_are_posted_where_an_alertmanager_takes_them(receiver: Any, alertmanager: Any, told: Any) -> None:
    alertmanager.notify(told())

    [(path, headers, body)] = receiver.got
    assert (path, headers["Authorization"]) == ("/am/api/v2/alerts", "Bearer t0ken")
    [alert] = json.loads(body)
    assert set(alert) == {"labels", "annotations", "startsAt", "endsAt"}


def test_a_firing_alert_ends_far_ahead(receiver: Any, alertmanager: Any, told: Any) -> None:
    alertmanager.notify(told())

    [[alert]] = _posted(receiver)
    assert _at(alert["endsAt"]) > datetime.now(UTC) + timedelta(hours=23)


def test_a_resolved_alert_ends_when_it_did(receiver: Any, alertmanager: Any, told: Any) -> None:
    alertmanager.notify(told("resolved", resolved_at=NOON + timedelta(hours=2)))

    [[alert]] = _posted(receiver)
    assert _at(alert["endsAt"]) == NOON + timedelta(hours=2)


def test_what_escalates_ends_under_its_old_severity(receiver: Any, alertmanager: Any, told: Any) -> None:
    alertmanager.notify(told("escalated", severity="critical"))

    [[critical, warning]] = _posted(receiver)
    assert (critical["labels"].pop("severity"), warning["labels"].pop("severity")) == ("critical", "warning")
    assert critical["labels"] == warning["labels"]
    assert _at(warning["endsAt"]) < datetime.now(UTC) < _at(critical["endsAt"])


def test_nothing_begins_later_than_now_or_it_could_not_be_ended(receiver: Any, alertmanager: Any, told: Any) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)

    alertmanager.notify(told("resolved", opened_at=soon, resolved_at=soon))

    [[alert]] = _posted(receiver)
    assert _at(alert["startsAt"]) <= _at(alert["endsAt"]) <= datetime.now(UTC)


def test_all_that_still_fires_is_kept_by_one_post(receiver: Any, alertmanager: Any, told: Any) -> None:
    alertmanager.keep([told(), told(id=8)])

    [alerts] = _posted(receiver)
    assert [one["labels"]["incident"] for one in alerts] == ["7", "8"]


def test_a_test_ends_by_itself(receiver: Any, alertmanager: Any) -> None:
    alertmanager.notify(sample_message(receiver="am", chosen=Notifier(kind="console")))

    [[alert]] = _posted(receiver)
    assert datetime.now(UTC) < _at(alert["endsAt"]) < datetime.now(UTC) + timedelta(minutes=6)


def _posted(receiver: Any) -> list[Any]:
    return [json.loads(body) for _, _, body in receiver.got]


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written)
