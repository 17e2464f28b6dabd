"""What must leave the building: one row an incident, change and notifier; how it leaves is left to `workers.notifiers`."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import Session, aliased

from db.tables import Incident, Notification


@dataclass(frozen=True, slots=True)
class Due:
    """A notification taken for sending; nobody else takes it before its lease is over."""

    id: int
    incident_id: int
    change: str
    notifier: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How one notifier stands: what waits, how much of that has failed before, what was given up lately, and the newest error."""

    notifier: str
    n_waiting: int
    n_failing: int
    n_given_up: int
    error: str | None


@dataclass(frozen=True, slots=True)
class NotificationView:
    """How one notification stands: sent, given up, or due at `due_at`; `error` is of its last attempt."""

    change: str
    notifier: str
    attempts: int
    due_at: datetime
    sent_at: datetime | None
    given_up_at: datetime | None
    error: str | None


def queue_notifications(session: Session, incident_id: int, *, change: str, notifiers: Iterable[str]) -> None:
    """Queue a change of an incident for each notifier, once; repeating it queues nothing."""
    rows = [{"incident_id": incident_id, "change": change, "notifier": name} for name in notifiers]
    if rows:
        session.execute(insert(Notification).values(rows).on_conflict_do_nothing())


def hold(session: Session, notifier: str) -> bool:
    """Let nobody else take what is due for a notifier until this transaction ends; False if somebody does."""
    digest = hashlib.sha256(f"bellwether outbox {notifier}".encode()).digest()
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(int.from_bytes(digest[:8], signed=True)))))


def take_due(session: Session, *, notifier: str, lease: timedelta) -> Due | None:
    """Take the oldest that is due for a notifier, and count the attempt; None if there is none, or another is at it.

    Commit before sending. One sender at a time serves a notifier, and an incident's changes leave in the order in which they were
    queued: a later one waits until those before it were sent or given up. A sender that dies leaves its row to be taken again
    after `lease`: a message leaves at least once, and twice only if the sender died between sending and `mark_sent`.
    """
    if not hold(session, notifier):
        return None
    earlier, held = aliased(Notification), aliased(Notification)
    before = and_(earlier.notifier == notifier, earlier.incident_id == Notification.incident_id, earlier.id < Notification.id)
    sending = and_(held.notifier == notifier, _waits(held), held.attempts > 0, held.error.is_(None), held.due_at > func.now())
    due = (
        select(Notification.id)
        .where(Notification.notifier == notifier, _waits(Notification), Notification.due_at <= func.now())
        .where(~exists().where(before, _waits(earlier)), ~exists().where(sending))
        .order_by(Notification.id)
        .limit(1)
    )
    taken = (
        update(Notification)
        .where(Notification.id.in_(due))
        .values(attempts=Notification.attempts + 1, due_at=func.now() + lease, error=None)
        .returning(Notification.id, Notification.incident_id, Notification.change, Notification.notifier, Notification.attempts)
    )
    row = session.execute(taken).one_or_none()
    return Due(*row) if row else None


def mark_sent(session: Session, notification_id: int) -> None:
    """Note that a notification was accepted."""
    session.execute(update(Notification).where(Notification.id == notification_id).values(sent_at=func.now(), error=None))


def put_off(session: Session, notification_id: int, *, wait: timedelta, error: str) -> None:
    """Try a failed notification again after `wait`."""
    session.execute(update(Notification).where(Notification.id == notification_id).values(due_at=func.now() + wait, error=error))


def pause(session: Session, *, notifier: str, wait: timedelta) -> None:
    """Leave a notifier alone for `wait`: whatever waits for it is due no sooner."""
    until = func.greatest(Notification.due_at, func.now() + wait)
    session.execute(update(Notification).where(Notification.notifier == notifier, _waits(Notification)).values(due_at=until))


def give_up(session: Session, notification_id: int, *, error: str) -> None:
    """Stop trying a notification; the row stays as a witness."""
    session.execute(update(Notification).where(Notification.id == notification_id).values(given_up_at=func.now(), error=error))


def drop(session: Session, notification_id: int) -> None:
    """Forget a notification that its notifier does not want to hear of."""
    session.execute(delete(Notification).where(Notification.id == notification_id))


def give_up_unnamed(session: Session, *, notifiers: Iterable[str]) -> list[Due]:
    """Stop trying notifications of notifiers that the settings no longer name; return them."""
    gone = update(Notification).where(_waits(Notification), Notification.notifier.not_in(list(notifiers)))
    gone = gone.values(given_up_at=func.now(), error="the settings name no such notifier any more")
    columns = (Notification.id, Notification.incident_id, Notification.change, Notification.notifier, Notification.attempts)
    return [Due(*row) for row in session.execute(gone.returning(*columns))]


def read_still_told(session: Session, *, notifier: str) -> list[int]:
    """Return the incidents that a notifier was told of and that have not ended, oldest first."""
    told = exists().where(Notification.incident_id == Incident.id, Notification.notifier == notifier, Notification.sent_at.is_not(None))
    return list(session.scalars(select(Incident.id).where(Incident.state != "resolved", told).order_by(Incident.id)))


def read_notifications(session: Session, incident_id: int) -> list[NotificationView]:
    """Return what was queued about an incident, oldest first."""
    columns = [getattr(Notification, name) for name in NotificationView.__dataclass_fields__]
    query = select(*columns).where(Notification.incident_id == incident_id).order_by(Notification.id)
    return [NotificationView(*row) for row in session.execute(query)]


def read_backlogs(session: Session, *, since: datetime) -> list[Backlog]:
    """Return how each notifier stands for which something waits, or was given up at or after `since`."""
    late = and_(Notification.given_up_at.is_not(None), Notification.given_up_at >= since)
    waits = _waits(Notification)
    failed = Notification.error.is_not(None)
    errors = func.array_agg(aggregate_order_by(Notification.error, Notification.id.desc())).filter(failed)
    n_waiting, n_failing, n_given_up = (func.count().filter(one) for one in (waits, waits & failed, late))
    query = select(Notification.notifier, n_waiting, n_failing, n_given_up, errors[1]).where(waits | late)
    return [Backlog(*row) for row in session.execute(query.group_by(Notification.notifier).order_by(Notification.notifier))]


def _waits(row: type[Notification]) -> ColumnElement[bool]:
    return and_(row.sent_at.is_(None), row.given_up_at.is_(None))
