"""A sender that is killed while a receiver holds its message: nothing is lost, and what comes twice comes under one name."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from db.engine import transaction
from db.tables import IncidentEvent, Notification
from workers.notifiers.webhook import DELIVERY

pytestmark = pytest.mark.e2e

_DELIVER = "import sys; from db.engine import connect; from workers.telling import deliver; deliver(connect(sys.argv[1]))"


@dataclass
class Receiver:
    """A real HTTP server that keeps what it is sent, and holds its first answer back until it may go on."""

    url: str = ""
    got: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            state.got.append(self.headers[DELIVERY])
            state.arrived.set()
            state.may_answer.wait(60)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's own name
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """The dead hang up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/"
        named = {"desk": {"kind": "webhook", "url": state.url, "allow_private": True}}
        monkeypatch.setenv("BELLWETHER_ALERTS__NOTIFIERS", json.dumps(named))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        state.may_answer.set()
        server.shutdown()
        thread.join()


def test_a_message_whose_sender_was_killed_is_sent_again_by_the_same_name(
    engine: Engine, postgres_url: str, receiver: Receiver, incident_in_outbox: Callable[..., int]
) -> None:
    incident_in_outbox("opened", "resolved")
    with subprocess.Popen([sys.executable, "-c", _DELIVER, postgres_url]) as sender:
        assert receiver.arrived.wait(60)
        sender.kill()
    receiver.may_answer.set()
    with transaction(engine) as session:
        assert session.scalars(select(Notification.attempts).order_by(Notification.id)).all() == [1, 0]
        session.execute(text("UPDATE notification SET due_at = now()"))  # the dead sender's lease is over

    subprocess.run([sys.executable, "-c", _DELIVER, postgres_url], check=True, timeout=60)

    first, again, last = receiver.got
    assert first == again != last
    with transaction(engine) as session:
        assert None not in session.scalars(select(Notification.sent_at)).all()
        assert [one["change"] for one in session.scalars(select(IncidentEvent.detail).order_by(IncidentEvent.id))] == ["opened", "resolved"]
