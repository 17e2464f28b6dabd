from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from db import outbox
from db.engine import transaction
from db.tables import Notification

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident(incident_in_outbox: Callable[..., int]) -> Callable[..., int]:
    """Store an incident; `incident("opened", "resolved")` queues changes of it for `desk` and returns its id."""
    return incident_in_outbox


def _taken(session: Session, notifier: str = "desk") -> outbox.Due | None:
    return outbox.take_due(session, notifier=notifier, lease=MINUTE)


def test_queue_notifications_twice_queues_once(session: Session, incident: Callable[..., int]) -> None:
    number = incident("opened")

    outbox.queue_notifications(session, number, change="opened", notifiers=["desk", "mail"])

    assert session.scalars(select(Notification.notifier).order_by(Notification.notifier)).all() == ["desk", "mail"]


def test_take_due_serves_a_notifier_by_one_sender_at_a_time(engine: Engine, incident: Callable[..., int]) -> None:
    incident("opened")
    incident("opened")

    with transaction(engine) as session:
        first = _taken(session)
    with transaction(engine) as session:
        assert first
        assert _taken(session) is None
        outbox.mark_sent(session, first.id)
    with transaction(engine) as session:
        second = _taken(session)
    assert second
    assert second.id != first.id


def test_take_due_serves_one_notifier_while_another_is_being_told(engine: Engine, incident: Callable[..., int]) -> None:
    incident("opened", notifiers=("desk", "mail"))

    with transaction(engine) as session:
        assert _taken(session, "desk")
    with transaction(engine) as session:
        assert _taken(session, "mail")


def test_take_due_hands_out_again_what_a_dead_sender_held(session: Session, incident: Callable[..., int]) -> None:
    incident("opened")
    first = outbox.take_due(session, notifier="desk", lease=-MINUTE)

    second = _taken(session)

    assert first
    assert second
    assert (second.id, second.attempts) == (first.id, 2)


def test_take_due_keeps_an_incidents_changes_in_order(session: Session, incident: Callable[..., int]) -> None:
    incident("opened", "resolved")
    other = incident("opened")
    first = _taken(session)
    assert first
    outbox.put_off(session, first.id, wait=MINUTE, error="nobody there")

    second = _taken(session)
    assert second
    assert second.incident_id == other
    outbox.mark_sent(session, second.id)

    assert _taken(session) is None


@pytest.mark.parametrize("end", ["mark_sent", "give_up", "drop"])
def test_take_due_goes_on_when_the_change_before_has_ended(session: Session, incident: Callable[..., int], end: str) -> None:
    incident("opened", "resolved")
    first = _taken(session)
    assert first
    getattr(outbox, end)(session, first.id, **({"error": "no"} if end == "give_up" else {}))

    second = _taken(session)

    assert second
    assert second.change == "resolved"


def test_take_due_leaves_a_notifier_to_whoever_holds_it(engine: Engine, incident: Callable[..., int]) -> None:
    incident("opened", notifiers=("desk", "mail"))

    with transaction(engine) as held, transaction(engine) as other:
        assert outbox.hold(held, "desk")
        assert not outbox.hold(other, "desk")
        assert _taken(other) is None
        assert _taken(other, "mail")


def test_pause_leaves_all_of_a_notifier_alone(session: Session, incident: Callable[..., int]) -> None:
    incident("opened", notifiers=("desk", "mail"))

    outbox.pause(session, notifier="desk", wait=MINUTE)

    assert _taken(session) is None
    assert _taken(session, "mail")


def test_give_up_unnamed_spares_what_was_sent(session: Session, incident: Callable[..., int]) -> None:
    incident("opened", "resolved", notifiers=("gone",))
    first = _taken(session, "gone")
    assert first
    outbox.mark_sent(session, first.id)

    given_up = outbox.give_up_unnamed(session, notifiers=["desk"])

    assert [one.change for one in given_up] == ["resolved"]


def test_read_still_told_names_what_was_told_and_lasts(session: Session, incident: Callable[..., int]) -> None:
    told, _untold = incident("opened"), incident("opened")
    incident("opened", state="resolved")
    session.execute(update(Notification).where(Notification.incident_id != _untold).values(sent_at=func.now()))

    assert outbox.read_still_told(session, notifier="desk") == [told]


def test_read_backlogs_counts_what_waits_and_what_was_given_up_lately(session: Session, incident: Callable[..., int]) -> None:
    incident("opened", "resolved", notifiers=("desk", "mail"))
    first = _taken(session)
    assert first
    outbox.give_up(session, first.id, error="the receiver answered 500")
    session.execute(update(Notification).where(Notification.notifier == "mail").values(sent_at=func.now()))

    [desk] = outbox.read_backlogs(session, since=NOON)

    assert (desk.notifier, desk.n_waiting, desk.n_given_up, desk.error) == ("desk", 1, 1, "the receiver answered 500")
    later = datetime.now(UTC) + timedelta(days=1)
    assert [one.n_given_up for one in outbox.read_backlogs(session, since=later)] == [0]
