"""Receivers that really listen, and a message to tell them."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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
    drips: bytes = b""  # says so much, and then a byte at a time, for ever
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    server: Any = None
    authority: Path | None = None


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state, over = Receiver(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.got.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            if state.drips:
                self.wfile.write(state.drips)
                while not over.wait(0.02):
                    self.wfile.write(b"a")  # until that fails, since the sender hung up
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's own name
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Whoever hangs up is part of a test."""

    with Server(("127.0.0.1", 0), Handler) as server:
        state.url, state.server = f"http://127.0.0.1:{server.server_port}/hook", server
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


def make_message(
    change: str = "opened", *, severity: str = "warning", chosen: Notifier | None = None, origin: Any = None, **different: Any
) -> Message:
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
    incident = IncidentView(**view | different)
    return message_of(incident, change=change, receiver="desk", chosen=chosen or Notifier(kind="console"), origin=origin)


EVIDENCE = {
    "drivers": [
        {"dimension": "topic", "key": "earnings", "contribution": 11.6, "n": 20, "n_negative": 15, "n_before": 40, "n_negative_before": 3}
    ],
    "parts": [{"label": "all of wire"}],
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
    server: Any = None
    heard: list[str] = field(default_factory=list)  # verbs, and over_tls where they came so
    got: list[EmailMessage] = field(default_factory=list)


class _RelayServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    state: Relay

    def handle_error(self, *_: Any) -> None:
        """Whoever hangs up is part of a test."""


class _RelayHandler(socketserver.StreamRequestHandler):
    server: _RelayServer

    def handle(self) -> None:
        self.state = self.server.state
        self.say(220)
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.upper().partition(" ")
            self.state.heard.append(verb)
            if code := self.state.refuses.get(verb) or self.answer(verb, rest):
                self.say(code)

    def answer(self, verb: str, rest: str) -> int:
        if verb == "EHLO":
            self.wfile.write(b"250-relay\r\n250-AUTH PLAIN\r\n" + (b"250-STARTTLS\r\n" if self.state.context else b""))
        if verb == "STARTTLS":
            return self.start_tls()
        if verb == "DATA":
            self.say(354)
            self.state.got.append(message_from_bytes(b"".join(iter(self.rfile.readline, b".\r\n")), policy=policy.default))
        refused = verb == "RCPT" and any(one.upper() in rest for one in self.state.refuses_receivers)
        return 550 if refused else {"AUTH": 235, "QUIT": 221}.get(verb, 250)

    def start_tls(self) -> int:
        self.say(220)
        assert self.state.context
        self.connection = self.request = self.state.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.state.heard.append("over_tls")
        return 0

    def say(self, code: int) -> None:
        self.wfile.write(f"{code} so\r\n".encode())

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.connection.close()


@pytest.fixture
def relay() -> Iterator[Relay]:
    with _RelayServer(("127.0.0.1", 0), _RelayHandler) as server:
        server.state = state = Relay(address=f"127.0.0.1:{server.server_address[1]}", server=server)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder, key, now = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(9))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    written, secret = folder / "certificate.pem", folder / "key.pem"
    written.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return written, secret


@pytest.fixture
def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """What a server needs to speak TLS as localhost."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def secure(receiver: Receiver, server_context: ssl.SSLContext, certificate: tuple[Path, Path]) -> Receiver:
    """The receiver over TLS; `authority` is the file that vouches for it."""
    receiver.server.socket = server_context.wrap_socket(receiver.server.socket, server_side=True)
    receiver.authority = certificate[0]
    receiver.url = receiver.url.replace("http://127.0.0.1", "https://localhost")
    return receiver
