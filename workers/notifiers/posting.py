"""Post JSON over HTTP to an address that may be reached, following no redirect; what is posted is left to each notifier."""

import base64
import http.client
import json
import ssl
import string
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.errors import NotTold
from workers.notifiers.guard import connected, reason_of

_PORTS = {"http": 80, "https": 443}
_ACCEPTED = 2
"""First digit of a status that says so."""


class Poster:
    """Posts to one address; its user and password, if it has them, travel as basic authentication."""

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float, allow_private: bool) -> None:
        """Take the address, a bearer token if there is one, how long a post may take in all, and where it may lead."""
        self.parts = urlsplit(url)
        self.headers = {"Content-Type": "application/json", "User-Agent": "bellwether", **_credentials(self.parts, token=token)}
        self.timeout_s, self.allow_private = timeout_s, allow_private

    def post(self, body: bytes, *, headers: Mapping[str, str] | None = None) -> None:
        """Post `body`; any answer but 2xx, or none, is NotTold. What else the receiver has to say is not read: it could talk for ever."""
        started = time.monotonic()
        try:
            status, retry_after = self._posted(body, headers=headers or {})
        except (OSError, http.client.HTTPException, ValueError) as error:
            waited_s = time.monotonic() - started
            raise NotTold(reason_of(error, who="the receiver", waited_s=waited_s, timeout_s=self.timeout_s)) from None
        if status // 100 != _ACCEPTED:
            raise NotTold(f"the receiver answered {status}", retry_after=_wait(retry_after))

    def _posted(self, body: bytes, *, headers: Mapping[str, str]) -> tuple[int, str | None]:
        """Return the answer's status, and its Retry-After."""
        host, scheme = self.parts.hostname or "", self.parts.scheme
        port = self.parts.port or _PORTS[scheme]
        with connected(host, port, timeout_s=self.timeout_s, allow_private=self.allow_private) as sock:
            line = ssl.create_default_context().wrap_socket(sock, server_hostname=host) if scheme == "https" else sock
            with line, closing(http.client.HTTPConnection(host, port)) as connection:
                connection.sock = line
                connection.request("POST", _target(self.parts), body=body, headers={**self.headers, **headers, "Host": _host(self.parts)})
                answer = connection.getresponse()
                return answer.status, answer.getheader("Retry-After")


def encoded(body: Any) -> bytes:
    """Return JSON, the same for the same value."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True).encode()


def _credentials(parts: SplitResult, *, token: str | None) -> dict[str, str]:
    if token:
        return {"Authorization": f"Bearer {token}"}
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _target(parts: SplitResult) -> str:
    return quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=string.punctuation)


def _host(parts: SplitResult) -> str:
    """Return the address's host as it stands there, without its user."""
    return parts.netloc.rpartition("@")[2].encode("idna").decode()


def _wait(told: str | None) -> timedelta | None:
    """Read Retry-After: seconds, or a date."""
    if told is None:
        return None
    if told.strip().isdigit():
        return timedelta(seconds=min(int(told), 10**6))
    try:
        return max(parsedate_to_datetime(told) - datetime.now(UTC), timedelta())
    except (TypeError, ValueError):
        return None


def poster_of(chosen: NotifierSettings, *, path: str = "") -> Poster:
    """Return who posts to a notifier's address, below which `path` is added unless it ends so already."""
    assert chosen.url, "the settings see to it"
    parts = urlsplit(chosen.url.get_secret_value())
    if not parts.path.endswith(path):
        parts = parts._replace(path=parts.path.rstrip("/") + path)
    token = chosen.token.get_secret_value() if chosen.token else None
    return Poster(urlunsplit(parts), token=token, timeout_s=chosen.timeout.total_seconds(), allow_private=bool(chosen.allow_private))
