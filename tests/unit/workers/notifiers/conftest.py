"""Receivers that really listen, and a message to tell them."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from workers.alert_settings import Notifier
from workers.notifiers import Message

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Receiver:
    """A real HTTP server that keeps what it was sent and answers as it is told."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False  # a header's byte at a time, for ever
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state, over = Receiver(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.got.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            if state.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not over.wait(0.02) and not self._hung_up():
                    self.wfile.write(b"a")
                return
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def _hung_up(self) -> bool:
            try:
                self.wfile.write(b"a")
            except OSError:
                return True
            return False

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's own name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def message() -> Message:
    """A turn that has just been opened."""
    return make_message()


def make_message(change: str = "opened", *, severity: str = "warning", chosen: Notifier | None = None, **different: Any) -> Message:
    from db.incidents import IncidentView
    from workers.notifiers.message import message_of

    view = {
        "fingerprint": "0123456789abcdef",
        "rule": "negatives-6h",
        "rule_hash": "h",
        "source_id": 1,
        "dimension": "entity",
        "key": "TICKER:AAPL",
        "metric": "negatives",
        "opened_at": NOON,
        "peak_at": NOON,
        "last_judged_at": NOON,
        "resolved_at": None,
        "observed": 33.0,
        "expected": 1.9,
        "p_value": 1e-13,
        "n": 120,
        "n_negative": 33,
        "why": "Negative records about $AAPL rose to 33.",
        "evidence": EVIDENCE,
        "id": 7,
        "source": "wire",
        "state": "firing",
        "created_at": NOON,
        "severity": severity,
    }
    known = IncidentView.__dataclass_fields__
    incident = IncidentView(**{name: value for name, value in (view | different).items() if name in known})
    return message_of(incident, change=change, receiver="desk", chosen=chosen or Notifier(kind="console"))


EVIDENCE = {
    "drivers": [
        {"dimension": "topic", "key": "earnings", "contribution": 0.21, "n": 20, "n_negative": 15, "n_before": 40, "n_negative_before": 3}
    ],
    "examples": [{"record_id": 1, "text": "Shares\nfall <!channel> & @here", "url": "https://wire.example/1", "n_similar": 6}],
}


@pytest.fixture
def told() -> Any:
    """How tests make a message: `told("resolved", severity="critical", ...)`."""
    return make_message


@dataclass
class Relay:
    """A real SMTP server that keeps the mails it takes and refuses as it is told."""

    address: str = ""
    refuses: dict[str, int] = field(default_factory=dict)  # verb -> code
    refuses_receivers: set[str] = field(default_factory=set)
    context: ssl.SSLContext | None = None  # offers STARTTLS with it
    heard: list[str] = field(default_factory=list)  # verbs, and over_tls where they came so
    got: list[EmailMessage] = field(default_factory=list)


@pytest.fixture
def relay() -> Iterator[Relay]:
    state = Relay()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say(220)
            while line := self.rfile.readline().decode().strip():
                verb, _, rest = line.upper().partition(" ")
                state.heard.append(verb)
                code = state.refuses.get(verb) or self.answer(verb, rest)
                if code:
                    self.say(code)

        def answer(self, verb: str, rest: str) -> int:
            if verb == "EHLO":
                self.wfile.write(b"250-STARTTLS\r\n" if state.context else b"")
                self.wfile.write(b"250-AUTH PLAIN\r\n")
            if verb == "STARTTLS" and state.context:
                self.say(220)
                self.connection = state.context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
                state.heard.append("over_tls")
                return 0
            if verb == "RCPT" and any(one.upper() in rest for one in state.refuses_receivers):
                return 550
            if verb == "DATA":
                self.say(354)
                lines = iter(self.rfile.readline, b".\r\n")
                state.got.append(message_from_bytes(b"".join(lines), policy=policy.default))
            return {"AUTH": 235, "QUIT": 221}.get(verb, 250)

        def say(self, code: int) -> None:
            self.wfile.write(f"{code} so\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()
