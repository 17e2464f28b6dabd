"""Silences as stored: what nobody wants to hear of, from when to when; what they keep back is left to `workers.incidents`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from db.tables import Silence


@dataclass(frozen=True, slots=True)
class SilenceView:
    """A stored silence; its matcher names labels, each with a value or, before a `*`, the beginning of one."""

    id: int
    matcher: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    ended_at: datetime | None = None
    ended_by: str | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether every label that the matcher names fits."""
        return all(fits(labels.get(name, ""), wanted) for name, wanted in self.matcher.items())

    def state(self, now: datetime) -> str:
        """Return `pending`, `active` or `over`."""
        if now >= (self.ended_at or self.ends_at):
            return "over"
        return "pending" if now < self.starts_at else "active"


def add_silence(session: Session, *, matcher: Mapping[str, str], starts_at: datetime, ends_at: datetime, author: str, reason: str) -> int:
    """Keep notifications about matching incidents back for a while; return the silence's id."""
    values = {"matcher": dict(matcher), "starts_at": starts_at, "ends_at": ends_at, "author": author, "reason": reason}
    return session.scalars(insert(Silence).values(**values).returning(Silence.id)).one()


def end_silence(session: Session, silence_id: int, *, who: str, now: datetime) -> bool:
    """End a silence before its time; False if there is none, or it is over."""
    ended = update(Silence).where(Silence.id == silence_id, Silence.ended_at.is_(None), Silence.ends_at > now)
    return session.scalar(ended.values(ended_at=now, ended_by=who).returning(Silence.id)) is not None


def read_silence(session: Session, silence_id: int) -> SilenceView | None:
    """Return one silence."""
    return next(iter(_views(session, Silence.id == silence_id)), None)


def list_silences(session: Session, *, now: datetime | None = None, limit: int = 1000) -> list[SilenceView]:
    """Return silences, the newest first; with `now` only those that are not over."""
    wanted = Silence.id.is_not(None) if now is None else _end() > now
    return _views(session, wanted, limit=limit)


def read_in_force(session: Session, *, now: datetime) -> list[SilenceView]:
    """Return the silences that keep notifications back at `now`."""
    return _views(session, (Silence.starts_at <= now) & (_end() > now))


def fits(value: str, wanted: str) -> bool:
    """Tell whether a label's value is the wanted one, or begins as one that ends in a `*`."""
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def _end() -> ColumnElement[datetime]:
    return func.coalesce(Silence.ended_at, Silence.ends_at)


def _views(session: Session, wanted: ColumnElement[bool], *, limit: int | None = None) -> list[SilenceView]:
    columns = [getattr(Silence, name) for name in SilenceView.__dataclass_fields__]
    return [SilenceView(*row) for row in session.execute(select(*columns).where(wanted).order_by(Silence.id.desc()).limit(limit))]
