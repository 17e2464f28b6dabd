from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select, update

from db import incidents, outbox
from db.engine import transaction
from db.incidents import Finding
from db.tables import Notification, Source
from workers import notifiers, telling
from workers.alert_settings import Alerts, Notifier
from workers.settings import Settings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Recorder:
    """Keeps what it is told; fails as often as asked before that."""

    def __init__(self, n_failures: int = 0) -> None:
        self.n_failures, self.told, self.retry_after = n_failures, [], None

    def notify(self, message: notifiers.Message) -> None:
        if self.n_failures:
            self.n_failures -= 1
            raise notifiers.NotTold("nobody there", retry_after=self.retry_after)
        self.told.append((message.change, message.delivery))


@dataclass
class Stage:
    """Notifiers `dead` and `well`, and the settings that name them; a test may change either."""

    made: dict[str, Any]
    chosen: dict[str, Notifier]
    max_attempts: int = 2

    def settings(self) -> Settings:
        return Settings(alerts=Alerts(notifiers=self.chosen, max_attempts=self.max_attempts, rules={}))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    one = Stage(made={"dead": Recorder(), "well": Recorder()}, chosen={name: _webhook(name) for name in ("dead", "well")})
    monkeypatch.setattr(telling, "settings", one.settings)
    monkeypatch.setattr(notifiers, "make", lambda chosen: one.made[_address(chosen)])
    monkeypatch.setattr(telling, "_kept_at", {})
    return one


@pytest.fixture
def recorders(stage: Stage) -> dict[str, Any]:
    return stage.made


def _webhook(name: str, **more: Any) -> Notifier:
    return Notifier(kind="webhook", url=SecretStr(f"http://{name}.test"), **more)


def _address(chosen: Notifier) -> str:
    assert chosen.url
    return chosen.url.get_secret_value().removeprefix("http://").removesuffix(".test")


def test_deliver_tells_each_notifier_each_change_once(engine: Engine, recorders: dict[str, Any]) -> None:
    incident_id = _queued(engine, "opened", "resolved")

    assert telling.deliver(engine) == 4
    assert telling.deliver(engine) == 0
    assert [change for change, _ in recorders["well"].told] == ["opened", "resolved"]
    assert all(name.startswith(f"{incident_id}-{change}-well-") for change, name in recorders["well"].told)


def test_deliver_is_not_kept_from_one_notifier_by_another(engine: Engine, recorders: dict[str, Any]) -> None:
    recorders["dead"].n_failures = 9
    _queued(engine, "opened")

    assert telling.deliver(engine) == 1
    assert len(recorders["well"].told) == 1


def test_deliver_gives_a_notifier_up_that_breaks_in_its_own_way(engine: Engine, recorders: dict[str, Any]) -> None:
    recorders["dead"].notify = lambda *_, **__: 1 / 0
    _queued(engine, "opened")

    for _ in range(2):
        telling.deliver(engine)
        with transaction(engine) as session:
            session.execute(update(Notification).values(due_at=NOON))

    with transaction(engine) as session:
        [given_up] = session.scalars(select(Notification).where(Notification.notifier == "dead"))
        assert given_up.given_up_at
        assert given_up.error == "ZeroDivisionError"


def test_deliver_is_not_kept_from_the_rest_by_a_message_that_cannot_be_made(engine: Engine, stage: Stage, monkeypatch: Any) -> None:
    broken, sound = _queued(engine, "opened"), _queued(engine, "opened", source="support")
    real = telling.message_of
    monkeypatch.setattr(telling, "message_of", lambda one, **more: 1 / 0 if one.id == broken else real(one, **more))

    for _ in range(2):
        telling.deliver(engine)

    assert [name.partition("-")[0] for _, name in stage.made["well"].told] == [str(sound)]


def test_deliver_gives_up_what_killed_each_of_its_senders(engine: Engine, stage: Stage) -> None:
    _queued(engine, "opened")
    with transaction(engine) as session:
        session.execute(update(Notification).values(attempts=2))

    assert telling.deliver(engine) == 0

    with transaction(engine) as session:
        assert set(session.scalars(select(Notification.error))) == {"its sender died each time"}
        assert None not in session.scalars(select(Notification.given_up_at)).all()
    assert stage.made["well"].told == []


@pytest.mark.usefixtures("recorders")
def test_deliver_gives_up_what_waits_for_a_notifier_that_is_gone(engine: Engine) -> None:
    incident_id = _queued(engine, "opened")
    with transaction(engine) as session:
        outbox.queue_notifications(session, incident_id, change="opened", notifiers=["renamed"])

    telling.deliver(engine)

    with transaction(engine) as session:
        [given_up] = session.scalars(select(Notification).where(Notification.notifier == "renamed"))
        assert "no such notifier" in str(given_up.error)


def test_deliver_stops_at_the_first_failure_and_spends_no_attempt_on_the_rest(engine: Engine, recorders: dict[str, Any]) -> None:
    recorders["dead"].n_failures = 9
    _queued(engine, "opened", "resolved")
    telling.deliver(engine)

    with transaction(engine) as session:
        attempts = session.scalars(select(Notification.attempts).filter_by(notifier="dead").order_by(Notification.id)).all()
    assert attempts == [1, 0]


def test_deliver_tries_again_later_under_the_same_name(engine: Engine, recorders: dict[str, Any]) -> None:
    recorders["dead"].n_failures = 1
    incident_id = _queued(engine, "opened")
    telling.deliver(engine)
    assert telling.deliver(engine) == 0
    _make_due(engine)

    assert telling.deliver(engine) == 1
    [(change, name)] = recorders["dead"].told
    assert change == "opened"
    assert name.startswith(f"{incident_id}-opened-dead-")


def test_deliver_gives_up_in_the_end_and_keeps_the_reason(engine: Engine, recorders: dict[str, Any]) -> None:
    recorders["dead"].n_failures = 9
    _queued(engine, "opened")
    for _ in range(3):
        telling.deliver(engine)
        _make_due(engine)

    with transaction(engine) as session:
        row = session.execute(select(Notification.attempts, Notification.given_up_at, Notification.error).filter_by(notifier="dead")).one()
    assert (row.attempts, row.error) == (2, "nobody there")
    assert row.given_up_at


def test_deliver_notes_what_it_gave_up_in_the_incidents_history(engine: Engine, stage: Stage) -> None:
    stage.made["dead"].n_failures = 9
    incident_id = _queued(engine, "opened")
    for _ in range(2):
        telling.deliver(engine)
        _make_due(engine)

    with transaction(engine) as session:
        [event] = [one for one in incidents.read_events(session, incident_id) if one.what == "given up"]
    assert (event.who, event.detail) == ("dead", {"change": "opened", "attempts": 2, "error": "nobody there"})


def test_deliver_tells_only_what_a_notifier_wants_to_hear(engine: Engine, stage: Stage) -> None:
    stage.chosen = {
        "dead": _webhook("dead", only={"severity": "critical"}),
        "well": _webhook("well", only={"key": "TICKER:*", "source": "wire"}, changes=("resolved", "reminder")),
    }
    _queued(engine, "opened", "reminder-1", "resolved-2")

    assert telling.deliver(engine) == 2
    assert stage.made["dead"].told == []
    assert [change for change, _ in stage.made["well"].told] == ["reminder-1", "resolved-2"]
    with transaction(engine) as session:
        assert session.scalars(select(Notification.sent_at)).all().count(None) == 0


def test_deliver_leaves_a_receiver_alone_for_as_long_as_it_asks(engine: Engine, stage: Stage) -> None:
    stage.made["dead"].n_failures, stage.made["dead"].retry_after = 9, timedelta(minutes=7)
    _queued(engine, "opened", "resolved")

    telling.deliver(engine)

    with transaction(engine) as session:
        due = session.scalars(select(Notification.due_at).filter_by(notifier="dead")).all()
    assert all(timedelta(minutes=6) < one - datetime.now(UTC) < timedelta(minutes=8) for one in due)
    assert [change for change, _ in stage.made["well"].told] == ["opened", "resolved"]


def test_deliver_waits_no_longer_than_an_hour_whatever_a_receiver_asks(engine: Engine, stage: Stage) -> None:
    stage.made["dead"].n_failures, stage.made["dead"].retry_after = 9, timedelta(days=7)
    _queued(engine, "opened")

    telling.deliver(engine)

    with transaction(engine) as session:
        [due] = session.scalars(select(Notification.due_at).filter_by(notifier="dead"))
    assert due - datetime.now(UTC) < timedelta(hours=1, minutes=1)


def test_deliver_waits_longer_after_each_failure_and_never_quite_the_same(engine: Engine, stage: Stage) -> None:
    stage.made["dead"].n_failures, stage.max_attempts = 99, 99
    _queued(engine, "opened")
    waits = []
    for _ in range(12):
        telling.deliver(engine)
        with transaction(engine) as session:
            waits.append(session.scalars(select(Notification.due_at).filter_by(notifier="dead")).one() - datetime.now(UTC))
        _make_due(engine)

    seconds = [one.total_seconds() for one in waits]
    expected = [min(10 * 2**number, 3600) for number in range(12)]
    assert all(0.7 * mean < one < 1.26 * mean for one, mean in zip(seconds, expected, strict=True))
    assert len({one / mean for one, mean in zip(seconds, expected, strict=True)}) == 12


def test_deliver_keeps_firing_what_a_forgetful_notifier_was_told(engine: Engine, stage: Stage) -> None:
    kept: list[list[str]] = []
    stage.made["well"].keep = lambda messages: kept.append([one.labels["incident"] for one in messages])
    told, ended = _queued(engine, "opened"), _queued(engine, "opened", source="support")
    telling.deliver(engine)
    with transaction(engine) as session:
        assert incidents.resolve(session, ended, who="ana", why="known")
    telling._kept_at.clear()

    telling.deliver(engine)
    telling.deliver(engine)

    assert kept == [[str(told), str(ended)], [str(told)]]


def test_a_slow_notifier_is_served_by_one_sender_while_others_go_on(engine: Engine, stage: Stage) -> None:
    started, over = Event(), Event()
    stage.made["dead"].notify = lambda _: started.set() or over.wait(20)
    _queued(engine, "opened", "resolved")
    with ThreadPoolExecutor(max_workers=1) as pool:
        first = pool.submit(telling.deliver, engine)
        assert started.wait(20)

        assert telling.deliver(engine) <= 2  # returns at once: the well one may have been served by either

        over.set()
        assert first.result() >= 2
    assert [change for change, _ in stage.made["well"].told] == ["opened", "resolved"]


SERIES = [
    {"source": "wire", "dimension": "entity", "key": "TICKER:AAPL", "rule": "negatives", "metric": "negatives"},
    {"source": "support", "dimension": "source", "key": "", "rule": "negatives", "metric": "negatives"},
]


@pytest.mark.parametrize(
    "only",
    [
        {},
        {"severity": "critical"},
        {"source": "wire"},
        {"source": "wi*", "dimension": "entity"},
        {"dimension": "source", "key": ""},
        {"key": "*"},
    ],
)
def test_wants_an_incident_of_which_any_part_fits(only: dict[str, str]) -> None:
    assert telling.wants(_webhook("desk", only=only), change="opened", severity="critical", series=SERIES)


@pytest.mark.parametrize("only", [{"severity": "warning"}, {"source": "support", "key": "TICKER:*"}, {"source": "wir"}])
def test_wants_no_incident_of_which_no_part_fits(only: dict[str, str]) -> None:
    assert not telling.wants(_webhook("desk", only=only), change="opened", severity="critical", series=SERIES)


def test_send_test_tells_a_notifier_of_nothing(stage: Stage) -> None:
    delivery, error = telling.send_test("well", chosen=stage.chosen["well"])

    assert error is None
    assert stage.made["well"].told == [("test", delivery)]


def test_send_test_says_why_it_was_not_accepted(stage: Stage) -> None:
    stage.made["dead"].n_failures = 1

    assert telling.send_test("dead", chosen=stage.chosen["dead"])[1] == "nobody there"


def _queued(engine: Engine, *changes: str, source: str = "wire") -> int:
    """Store an incident with its changes in the outbox of both notifiers."""
    with transaction(engine) as session:
        one = Source(name=source, kind="news", taxonomy="finance-desk")
        session.add(one)
        session.flush()
        incident_id = incidents.open_incident(session, _finding(one.id))
        for change in changes:
            outbox.queue_notifications(session, incident_id, change=change, notifiers=["well", "dead"])
    return incident_id


def _finding(source_id: int) -> Finding:
    return Finding(
        fingerprint="f",
        rule="negatives-6h",
        rule_hash="h",
        source_id=source_id,
        dimension="entity",
        key="TICKER:AAPL",
        metric="negatives",
        opened_at=NOON,
        peak_at=NOON,
        last_judged_at=NOON,
        resolved_at=None,
        observed=33,
        expected=1.9,
        p_value=1e-13,
        n=120,
        n_negative=33,
        why="Negative records about $AAPL rose to 33.",
        evidence={},
    )


def _make_due(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(update(Notification).values(due_at=NOON))
