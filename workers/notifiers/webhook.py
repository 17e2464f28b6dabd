"""Post incidents as JSON to a URL, signed so that the receiver knows the sender and the time; retries are left to `workers.alerting`."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.errors import NotTold
from workers.settings import SettingsError

SIGNATURE, TIMESTAMP, DELIVERY = "X-Bellwether-Signature", "X-Bellwether-Timestamp", "X-Bellwether-Delivery"


class Webhook:
    """Posts to one URL; follows no redirects, since they could lead a signed message elsewhere."""

    def __init__(self, url: str, *, secret: bytes | None, timeout_s: float) -> None:
        """Take the receiver's address and the secret shared with it; without one nothing is signed."""
        self.url, self.secret, self.timeout_s = url, secret, timeout_s

    def notify(self, message: Mapping[str, Any], *, delivery: str) -> None:
        """Post the message; any answer but 2xx, or none, is NotTold."""
        import httpx2

        body = json.dumps(message, ensure_ascii=False, sort_keys=True).encode()
        at = str(int(time.time()))
        headers = {"Content-Type": "application/json", "User-Agent": "bellwether", TIMESTAMP: at, DELIVERY: delivery}
        if self.secret:
            headers[SIGNATURE] = signature(body, timestamp=at, secret=self.secret)
        try:
            # Without reading what the receiver has to say: it could talk for ever, a byte at a time.
            with httpx2.stream("POST", self.url, content=body, headers=headers, timeout=self.timeout_s) as answer:
                accepted = answer.is_success
        except httpx2.HTTPError as error:
            raise NotTold(f"{type(error).__name__}: {error}") from error
        if not accepted:
            raise NotTold(f"the receiver answered {answer.status_code}")


def signature(body: bytes, *, timestamp: str, secret: bytes) -> str:
    """Return `sha256=` and the HMAC of timestamp, a full stop and the body; compare it with `hmac.compare_digest`."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def make(chosen: NotifierSettings) -> Webhook:
    """Return a webhook notifier; raise SettingsError where it has no URL."""
    if not chosen.url:
        raise SettingsError("a webhook notifier needs a url: set alerts.notifiers.NAME.url")
    secret = chosen.secret.get_secret_value().encode() if chosen.secret else None
    return Webhook(chosen.url, secret=secret, timeout_s=chosen.timeout.total_seconds())
