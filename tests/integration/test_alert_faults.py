"""A crash anywhere between scan, incident, outbox, sending and noting that it was sent: nothing is lost, and nothing is told twice.

The faults are put wherever it makes a difference that a process dies: at each commit, since what is written between two is
written together or not at all, and at each point of the talk with a receiver that really listens. The next scan and delivery
start from what a crash has left behind.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text

from db.engine import connect, transaction
from db.tables import Incident, IncidentEvent, IncidentPart, Notification
from workers import alerting, telling
from workers.notifiers import Message
from workers.notifiers.webhook import DELIVERY, Webhook
from workers.settings import settings

START = datetime(2026, 3, 2, tzinfo=UTC)
TURN = timedelta(days=3)
RULES = {"share": {"window": "PT6H", "baseline": "P2D", "season": "P2D", "min_records": 5, "false_incidents": 5}}
NOTIFIERS = ("desk", "pager")


class Crash(BaseException):
    """The process is gone; nothing that catches errors may catch this."""


@dataclass
class Receiver:
    """A real HTTP server that keeps what it was sent, by delivery; `fails` says what becomes of the first posts."""

    url: str = ""
    fails: list[str] = field(default_factory=list)
    got: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with state.lock:
                fault = state.fails.pop(0) if state.fails else ""
            if fault == "refuses":
                self.send_error(503)
                return
            with state.lock:
                state.got[self.headers[DELIVERY]] += 1
                state.bodies[self.headers[DELIVERY]] = body
            if fault != "dies before answering":
                self.send_response(204)
                self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's own name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    """Settings with one quick rule and two webhooks."""
    named = {name: {"kind": "webhook", "url": receiver.url, "allow_private": True} for name in NOTIFIERS}
    monkeypatch.setenv("BELLWETHER_ALERTS__RULES", json.dumps(RULES))
    monkeypatch.setenv("BELLWETHER_ALERTS__NOTIFIERS", json.dumps(named))
    monkeypatch.setenv("BELLWETHER_ALERTS__IDLE", "PT10H")  # the stream goes on
    settings.cache_clear()


@pytest.fixture
def stream(post: Any) -> list[Any]:
    """Four days of posts about two tickers; on the fourth those about one turn negative for five hours."""
    chance, posts = random.Random(7), []
    for minute in range(0, 4 * 24 * 60, 5):
        at, ticker = START + timedelta(minutes=minute), chance.choice(["TICKER:AAPL", "TICKER:FB"])
        turned = ticker == "TICKER:AAPL" and START + TURN <= at < START + TURN + timedelta(hours=5)
        mood = "negative" if chance.random() < (0.95 if turned else 0.1) else "neutral"
        posts.append(post(at, mood, None, (ticker,), f"{ticker} {minute}"))
    return posts


@pytest.fixture
def turning(feed: Any, engine: Engine, stream: list[Any], postgres_url: str, alerts: None) -> str:
    """A database in the middle of a turn, of which no scan knows yet."""
    feed.bring([one for one in stream if one.at < START + TURN + timedelta(hours=5)])
    engine.dispose()
    return postgres_url


@pytest.fixture
def ending(turning: str, engine: Engine, feed: Any, stream: list[Any]) -> str:
    """The database once the turn was found and told; its end has come in since."""
    _settle(engine)
    feed.bring([one for one in stream if one.at >= START + TURN + timedelta(hours=5)], prefix="end")
    engine.dispose()
    return turning


Copies = Callable[[str], AbstractContextManager[str]]


def test_a_crash_anywhere_in_a_scan_that_opens_loses_and_doubles_nothing(turning: str, copy_of: Copies, receiver: Receiver) -> None:
    _survives(turning, _scan, copy_of=copy_of, receiver=receiver, expected={"opened"})


def test_a_crash_anywhere_in_a_scan_that_resolves_loses_and_doubles_nothing(ending: str, copy_of: Copies, receiver: Receiver) -> None:
    _survives(ending, _scan, copy_of=copy_of, receiver=receiver, expected={"opened", "resolved"})


def test_a_crash_anywhere_in_a_delivery_loses_nothing_and_repeats_only_by_name(
    turning: str, engine: Engine, copy_of: Copies, receiver: Receiver
) -> None:
    _scan(engine)
    engine.dispose()

    _survives(turning, telling.deliver, copy_of=copy_of, receiver=receiver, expected={"opened"})


@pytest.mark.parametrize("fault", ["refuses", "dies before answering"])
def test_a_receiver_that_fails_is_told_again_by_the_same_name(turning: str, engine: Engine, receiver: Receiver, fault: str) -> None:
    receiver.fails = [fault] * 3
    _settle(engine)

    _assert_told(engine, receiver, expected={"opened"})
    assert sum(receiver.got.values()) == len(receiver.got) + (3 if fault.startswith("dies") else 0)


def test_scans_and_deliveries_at_once_tell_everything_once(turning: str, engine: Engine, receiver: Receiver) -> None:
    with ThreadPoolExecutor(max_workers=6) as pool:
        for one in [pool.submit(work, engine) for work in (_scan, telling.deliver) * 3]:
            one.result()
    _settle(engine)

    _assert_told(engine, receiver, expected={"opened"})
    assert set(receiver.got.values()) == {1}


def _survives(url: str, work: Callable[[Engine], object], *, copy_of: Copies, receiver: Receiver, expected: set[str]) -> None:
    """Do `work` on copies of a database, each time dying one step later, until it is done; whatever it left is to be made good."""
    before, facts, n_steps = Counter(receiver.got), set(), 0
    while True:
        receiver.got = Counter(before)
        with copy_of(url) as copied:
            died = _dies(copied, work, at=n_steps)
            engine = connect(copied)
            _settle(engine)
            _assert_told(engine, receiver, expected=expected)
            facts.add(_facts(engine))
            engine.dispose()
        if not died:
            break
        n_steps += 1
    assert n_steps >= 2, "nothing was there to die at"
    assert len(facts) == 1, "what is stored depends on where it died"


def _dies(url: str, work: Callable[[Engine], object], *, at: int) -> bool:
    """Do `work` and die at step `at`; False if it ended before that."""
    engine, dying = connect(url), Dying(at)
    with pytest.MonkeyPatch.context() as patch:
        dying.watch(engine, patch)
        try:
            work(engine)
        except Crash:
            return True
        finally:
            engine.dispose()
    return False


@dataclass
class Dying:
    """Raises Crash in place of step `at`, from 0, and of all after it: the dead do nothing more."""

    at: int
    n_steps: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def watch(self, engine: Engine, patch: pytest.MonkeyPatch) -> None:
        """Take each commit of what was written for a step, and each moment before and after a message is sent."""
        real = Webhook.notify

        def notify(webhook: Webhook, message: Message) -> None:
            self.step()
            real(webhook, message)
            self.step()

        patch.setattr(Webhook, "notify", notify)
        event.listen(engine, "before_cursor_execute", self.note_write)
        event.listen(engine, "commit", self.before_commit)

    def note_write(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        connection.info["wrote"] = connection.info.get("wrote") or statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))

    def before_commit(self, connection: Any) -> None:
        if connection.info.pop("wrote", False):
            self.step()

    def step(self) -> None:
        with self.lock:
            self.n_steps += 1
            if self.n_steps > self.at:
                raise Crash


def _scan(engine: Engine) -> None:
    alerting.scan(engine)


def _settle(engine: Engine) -> None:
    """Scan and deliver until there is nothing left to do; leases and waits of before are over."""
    _scan(engine)
    for _ in range(20):
        with transaction(engine) as session:
            session.execute(text("UPDATE notification SET due_at = now() WHERE sent_at IS NULL AND given_up_at IS NULL"))
            waits = session.scalar(select(func.count()).where(Notification.sent_at.is_(None), Notification.given_up_at.is_(None)))
        if not waits:
            return
        telling.deliver(engine)
    pytest.fail("the outbox does not get empty")


def _assert_told(engine: Engine, receiver: Receiver, *, expected: set[str]) -> None:
    """Check that each notifier was told each expected change of each incident, under one name each."""
    with transaction(engine) as session:
        numbers = set(session.scalars(select(Incident.id)))
        notified = session.scalars(select(IncidentEvent.detail["change"].astext).where(IncidentEvent.what == "notified")).all()
    told = Counter((body["bellwether"]["incident"], body["bellwether"]["change"], body["receiver"]) for body in _current(receiver))
    wanted = {(number, change, name) for number in numbers for change in expected for name in NOTIFIERS}
    assert numbers
    assert told == dict.fromkeys(wanted, 1)
    assert Counter(notified) == {change: len(numbers) * len(NOTIFIERS) for change in expected}


def _current(receiver: Receiver) -> list[dict[str, Any]]:
    return [receiver.bodies[name] for name in receiver.got]


def _facts(engine: Engine) -> tuple[Any, ...]:
    """Return what is stored of incidents, save numbers and clocks."""
    with transaction(engine) as session:
        columns = (Incident.fingerprint, Incident.state, Incident.severity, Incident.opened_at, Incident.resolved_at, Incident.why)
        parts = (IncidentPart.fingerprint, IncidentPart.opened_at, IncidentPart.resolved_at, IncidentPart.p_value)
        events = (IncidentEvent.who, IncidentEvent.what)
        return tuple(tuple(sorted(map(str, session.execute(select(*one)).all()))) for one in (columns, parts, events))
