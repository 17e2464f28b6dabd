from datetime import UTC, datetime

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


@pytest.fixture
def recorders(monkeypatch: pytest.MonkeyPatch) -> dict[str, Recorder]:
    """Two notifiers, `dead` and `well`, each of which a test may replace."""
    made = {"dead": Recorder(), "well": Recorder()}
    chosen = Alerts(notifiers={name: Notifier(kind="webhook", url=SecretStr(f"http://{name}.test")) for name in made}, max_attempts=2)
    monkeypatch.setattr(telling, "settings", lambda: Settings(alerts=chosen))
    monkeypatch.setattr(notifiers, "make", lambda one: made[one.url.get_secret_value().removeprefix("http://").removesuffix(".test")])
    return made


def test_deliver_tells_each_notifier_each_change_once(engine: Engine, recorders: dict[str, Recorder]) -> None:
    incident_id = _queued(engine, "opened", "resolved")

    assert telling.deliver(engine) == 4
    assert telling.deliver(engine) == 0
    assert [change for change, _ in recorders["well"].told] == ["opened", "resolved"]
    assert all(name.startswith(f"{incident_id}-{change}-well-") for change, name in recorders["well"].told)


def test_deliver_is_not_kept_from_one_notifier_by_another(engine: Engine, recorders: dict[str, Recorder]) -> None:
    recorders["dead"].n_failures = 9
    _queued(engine, "opened")

    assert telling.deliver(engine) == 1
    assert len(recorders["well"].told) == 1


def test_deliver_gives_a_notifier_up_that_breaks_in_its_own_way(engine: Engine, recorders: dict[str, Recorder]) -> None:
    recorders["dead"].notify = lambda *_, **__: 1 / 0  # type: ignore[method-assign]
    _queued(engine, "opened")

    for _ in range(2):
        telling.deliver(engine)
        with transaction(engine) as session:
            session.execute(update(Notification).values(due_at=NOON))

    with transaction(engine) as session:
        [given_up] = session.scalars(select(Notification).where(Notification.notifier == "dead"))
        assert given_up.given_up_at
        assert given_up.error == "ZeroDivisionError"


@pytest.mark.usefixtures("recorders")
def test_deliver_gives_up_what_waits_for_a_notifier_that_is_gone(engine: Engine) -> None:
    incident_id = _queued(engine, "opened")
    with transaction(engine) as session:
        outbox.queue_notifications(session, incident_id, change="opened", notifiers=["renamed"])

    telling.deliver(engine)

    with transaction(engine) as session:
        [given_up] = session.scalars(select(Notification).where(Notification.notifier == "renamed"))
        assert "no such notifier" in str(given_up.error)


def test_deliver_stops_at_the_first_failure_and_spends_no_attempt_on_the_rest(engine: Engine, recorders: dict[str, Recorder]) -> None:
    recorders["dead"].n_failures = 9
    _queued(engine, "opened", "resolved")
    telling.deliver(engine)

    with transaction(engine) as session:
        attempts = session.scalars(select(Notification.attempts).filter_by(notifier="dead").order_by(Notification.id)).all()
    assert attempts == [1, 0]


def test_deliver_tries_again_later_under_the_same_name(engine: Engine, recorders: dict[str, Recorder]) -> None:
    recorders["dead"].n_failures = 1
    incident_id = _queued(engine, "opened")
    telling.deliver(engine)
    assert telling.deliver(engine) == 0
    _make_due(engine)

    assert telling.deliver(engine) == 1
    [(change, name)] = recorders["dead"].told
    assert change == "opened"
    assert name.startswith(f"{incident_id}-opened-dead-")


def test_deliver_gives_up_in_the_end_and_keeps_the_reason(engine: Engine, recorders: dict[str, Recorder]) -> None:
    recorders["dead"].n_failures = 9
    _queued(engine, "opened")
    for _ in range(3):
        telling.deliver(engine)
        _make_due(engine)

    with transaction(engine) as session:
        row = session.execute(select(Notification.attempts, Notification.given_up_at, Notification.error).filter_by(notifier="dead")).one()
    assert (row.attempts, row.error) == (2, "nobody there")
    assert row.given_up_at


def test_queue_notifications_twice_queues_once(engine: Engine, recorders: dict[str, Recorder]) -> None:
    incident_id = _queued(engine, "opened")
    with transaction(engine) as session:
        outbox.queue_notifications(session, incident_id, change="opened", notifiers=["well", "dead"])

    assert telling.deliver(engine) == 2


def _queued(engine: Engine, *changes: str) -> int:
    """Store an incident with its changes in the outbox of both notifiers."""
    with transaction(engine) as session:
        source = Source(name="wire", kind="news", taxonomy="finance-desk")
        session.add(source)
        session.flush()
        incident_id = incidents.open_incident(session, _finding(source.id))
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
