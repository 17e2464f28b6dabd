import hmac
import json
from hashlib import sha256
from typing import Any

from pydantic import SecretStr

from workers import notifiers
from workers.alert_settings import Notifier
from workers.notifiers.webhook import DELIVERY, SIGNATURE, TIMESTAMP, payload


def test_webhook_signs_time_and_body(receiver: Any, told: Any) -> None:
    message = told()

    notifiers.make(_of(receiver, secret=SecretStr("s3cret"))).notify(message)

    [(path, headers, body)] = receiver.got
    expected = "sha256=" + hmac.new(b"s3cret", headers[TIMESTAMP].encode() + b"." + body, sha256).hexdigest()
    assert path == "/hook"
    assert hmac.compare_digest(headers[SIGNATURE], expected)
    assert headers[DELIVERY] == message.delivery
    assert json.loads(body) == payload(message)


def test_webhook_without_a_secret_signs_nothing(receiver: Any, told: Any) -> None:
    notifiers.make(_of(receiver)).notify(told())

    assert SIGNATURE not in receiver.got[0][1]


def test_payload_is_what_alertmanager_posts() -> None:
    from workers.notifiers.message import sample_message

    body = payload(sample_message(receiver="desk", chosen=Notifier(kind="console")))

    assert set(body) >= {
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL",
        "alerts",
    }  # fmt: skip
    [alert] = body["alerts"]
    assert set(alert) == {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}


def test_payload_of_a_firing_alert_has_no_end(told: Any) -> None:
    body = payload(told("reminder-1", severity="critical", chosen=Notifier(kind="console", link="https://bw.example/i/{incident}")))

    [alert] = body["alerts"]
    assert (body["version"], body["status"], body["groupKey"]) == ("4", "firing", '{}:{incident="7"}')
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-03-02T12:00:00.000Z", "0001-01-01T00:00:00.000Z")
    assert alert["generatorURL"] == "https://bw.example/i/7"
    assert alert["labels"] == {
        "alertname": "negatives-6h",
        "incident": "7",
        "severity": "critical",
        "source": "wire",
        "dimension": "entity",
        "key": "TICKER:AAPL",
        "rule": "negatives-6h",
        "metric": "negatives",
    }
    assert alert["annotations"]["summary"] == "REMINDER 1: $AAPL in wire, 33 negative records, 1.9 expected"
    assert body["bellwether"]["why"] == "Negative records about $AAPL rose to 33."


def test_payload_of_a_resolved_alert_says_when(told: Any) -> None:
    [alert] = payload(told("resolved"))["alerts"]

    assert (alert["status"], alert["endsAt"]) == ("resolved", "2026-03-02T12:00:00.000Z")


def test_payload_of_a_whole_source_has_no_empty_label(told: Any) -> None:
    body = payload(told(dimension="source", key=""))

    assert "key" not in body["commonLabels"]
    assert body["commonAnnotations"]["summary"].startswith("WARNING: wire, 33 negative records")


def _of(receiver: Any, **more: Any) -> Notifier:
    return Notifier(kind="webhook", url=SecretStr(receiver.url), allow_private=True, **more)
