"""What must leave the building: one row an incident, change and notifier; how it leaves is left to `workers.notifiers`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.tables import Notification


@dataclass(frozen=True, slots=True)
class Due:
    """A notification taken for sending; nobody else takes it before its lease is over."""

    id: int
    incident_id: int
    change: str
    notifier: str
    attempts: int


def queue_notifications(session: Session, incident_id: int, *, change: str, notifiers: Iterable[str]) -> None:
    """Queue a change of an incident for each notifier, once; repeating it queues nothing."""
    rows = [{"incident_id": incident_id, "change": change, "notifier": name} for name in notifiers]
    if rows:
        session.execute(insert(Notification).values(rows).on_conflict_do_nothing())


def take_due(session: Session, *, notifier: str, lease: timedelta, limit: int) -> list[Due]:
    """Take what is due for one notifier, oldest first, and count the attempt. Commit before sending.

    A sender that dies leaves its rows to be taken again after `lease`: a message leaves at least once, and twice only if the
    sender died between sending and `mark_sent`.
    """
    waits = (Notification.notifier == notifier, Notification.sent_at.is_(None), Notification.given_up_at.is_(None))
    due = select(Notification.id).where(*waits, Notification.due_at <= func.now()).order_by(Notification.id).limit(limit)
    taken = (
        update(Notification)
        .where(Notification.id.in_(due.with_for_update(skip_locked=True)))
        .values(attempts=Notification.attempts + 1, due_at=func.now() + lease)
        .returning(Notification.id, Notification.incident_id, Notification.change, Notification.notifier, Notification.attempts)
    )
    return sorted((Due(*row) for row in session.execute(taken)), key=lambda one: one.id)


def mark_sent(session: Session, notification_id: int) -> None:
    """Note that a notification was accepted."""
    session.execute(update(Notification).where(Notification.id == notification_id).values(sent_at=func.now(), error=None))


def put_off(session: Session, notification_id: int, *, wait: timedelta, error: str) -> None:
    """Try a failed notification again after `wait`."""
    session.execute(update(Notification).where(Notification.id == notification_id).values(due_at=func.now() + wait, error=error))


def give_up(session: Session, notification_id: int, *, error: str) -> None:
    """Stop trying a notification; the row stays as a witness."""
    session.execute(update(Notification).where(Notification.id == notification_id).values(given_up_at=func.now(), error=error))


def give_up_unnamed(session: Session, *, notifiers: Iterable[str]) -> int:
    """Stop trying notifications of notifiers that the settings no longer name; return how many."""
    waits = (Notification.sent_at.is_(None), Notification.given_up_at.is_(None), Notification.notifier.not_in(list(notifiers)))
    gone = update(Notification).where(*waits).values(given_up_at=func.now(), error="the settings name no such notifier any more")
    return len(session.execute(gone.returning(Notification.id)).all())
