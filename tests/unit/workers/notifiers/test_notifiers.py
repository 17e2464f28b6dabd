import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from workers import notifiers
from workers.alert_settings import Notifier
from workers.notifiers.webhook import DELIVERY, SIGNATURE, TIMESTAMP
from workers.settings import SettingsError

MESSAGE = {
    "change": "opened",
    "incident": 7,
    "rule": "negatives-6h",
    "why": "Negative records about $AAPL rose to 33.",
    "evidence": {"é": 1},
}


@dataclass
class Receiver:
    """A real HTTP server that keeps what it was sent and answers as it is told."""

    status: int = 204
    length: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.got.append((dict(self.headers), body))
            self.send_response(state.status)
            self.send_header("Content-Length", str(state.length))
            self.end_headers()
            self.wfile.flush()
            if state.length:  # until the sender hangs up
                self.rfile.read(1)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's own name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def test_registry_names_the_kinds_that_settings_allow() -> None:
    assert set(notifiers.KINDS) == set(get_args(Notifier.model_fields["kind"].annotation))


@pytest.mark.parametrize("kind", sorted(notifiers.KINDS))
def test_every_notifier_takes_a_message(kind: Any, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    notifier = notifiers.make(Notifier(kind=kind, url=receiver.url, secret=SecretStr("s3cret")))

    notifier.notify(MESSAGE, delivery="7-opened-x")

    assert "rose to 33" in capsys.readouterr().out or receiver.got


def test_webhook_signs_time_and_body(receiver: Receiver) -> None:
    notifiers.make(Notifier(kind="webhook", url=receiver.url, secret=SecretStr("s3cret"))).notify(MESSAGE, delivery="7-opened-x")

    [(headers, body)] = receiver.got
    expected = "sha256=" + hmac.new(b"s3cret", headers[TIMESTAMP].encode() + b"." + body, sha256).hexdigest()
    assert hmac.compare_digest(headers[SIGNATURE], expected)
    assert headers[DELIVERY] == "7-opened-x"
    assert json.loads(body) == MESSAGE


def test_webhook_without_a_secret_signs_nothing(receiver: Receiver) -> None:
    notifiers.make(Notifier(kind="webhook", url=receiver.url)).notify(MESSAGE, delivery="x")

    assert SIGNATURE not in receiver.got[0][0]


@pytest.mark.parametrize("status", [302, 400, 500])
def test_webhook_says_so_when_it_was_refused(receiver: Receiver, status: int) -> None:
    receiver.status = status

    with pytest.raises(notifiers.NotTold, match=str(status)):
        notifiers.make(Notifier(kind="webhook", url=receiver.url)).notify(MESSAGE, delivery="x")


def test_webhook_waits_for_no_more_than_the_status(receiver: Receiver) -> None:
    receiver.length = 1_000  # of which not one comes

    notifiers.make(Notifier(kind="webhook", url=receiver.url)).notify(MESSAGE, delivery="x")

    assert len(receiver.got) == 1


def test_webhook_says_so_when_nobody_listens() -> None:
    with pytest.raises(notifiers.NotTold, match="ConnectError"):
        notifiers.make(Notifier(kind="webhook", url="http://127.0.0.1:9/hook")).notify(MESSAGE, delivery="x")


def test_webhook_needs_a_url() -> None:
    with pytest.raises(SettingsError, match="url"):
        notifiers.make(Notifier(kind="webhook"))
