"""Post incidents as JSON in the words of Alertmanager's webhooks, signed so that the receiver knows the sender and the time."""

import hashlib
import hmac
import time
from typing import Any

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.alertmanager import NEVER, alert_of
from workers.notifiers.message import Message
from workers.notifiers.posting import Poster, encoded, poster_of

SIGNATURE, TIMESTAMP, DELIVERY = "X-Bellwether-Signature", "X-Bellwether-Timestamp", "X-Bellwether-Delivery"


class Webhook:
    """Posts to one URL."""

    def __init__(self, poster: Poster, *, secret: bytes | None) -> None:
        """Take who posts, and the secret shared with the receiver; without one nothing is signed."""
        self.poster, self.secret = poster, secret

    def notify(self, message: Message) -> None:
        """Post the message."""
        body, at = encoded(payload(message)), str(int(time.time()))
        headers = {TIMESTAMP: at, DELIVERY: message.delivery}
        if self.secret:
            headers[SIGNATURE] = signature(body, timestamp=at, secret=self.secret)
        self.poster.post(body, headers=headers)


def payload(message: Message) -> dict[str, Any]:
    """Return what Alertmanager posts of a group with one alert in it, and beside it what only Bellwether knows."""
    alert = {
        **alert_of(message, ends_at=message.ends_at or NEVER),
        "status": message.status,
        "fingerprint": message.fingerprint,
        "generatorURL": message.link or "",
    }
    incident = message.labels["incident"]
    return {
        "version": "4",
        "groupKey": f'{{}}:{{incident="{incident}"}}',
        "truncatedAlerts": 0,
        "status": message.status,
        "receiver": message.receiver,
        "groupLabels": {"incident": incident},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": message.link or "",
        "alerts": [alert],
        "bellwether": {"delivery": message.delivery, **message.details},
    }


def signature(body: bytes, *, timestamp: str, secret: bytes) -> str:
    """Return `sha256=` and the HMAC of timestamp, a full stop and the body; compare it with `hmac.compare_digest`."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def make(chosen: NotifierSettings) -> Webhook:
    """Return a webhook notifier."""
    return Webhook(poster_of(chosen), secret=chosen.secret.get_secret_value().encode() if chosen.secret else None)
