"""Answers over the documented views of `views.sql`; how they are printed is left to the callers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, TableClause, column, exists, func, select, table
from sqlalchemy.orm import Session

from db.tables import RollupTouched

Row = Mapping[str, Any]

_COUNTS = ("n_records", "n_negative", "n_neutral", "n_positive")
_TOWARDS = ("n_negative_towards", "n_neutral_towards", "n_positive_towards")
_HOURLY = table("v_sentiment_hourly", column("source"), column("hour_at"), *(column(name) for name in _COUNTS))
_TOPICS = table("v_topic_daily", column("source"), column("day_at"), column("topic"), *(column(name) for name in _COUNTS))
_NAMED = ("source", "day_at", "entity_group", "entity")
_ENTITIES = table("v_entity_mentions", *(column(name) for name in (*_NAMED, *_COUNTS, *_TOWARDS)))


def sentiment(session: Session, *, since: datetime | None = None, source: str | None = None) -> list[Row]:
    """Return how many records of each source were negative, neutral and positive."""
    query = select(_HOURLY.c.source, *_summed(_HOURLY)).group_by(_HOURLY.c.source).order_by(_HOURLY.c.source)
    return _rows(session, _narrowed(query, _HOURLY, at="hour_at", since=since, source=source))


def topics(session: Session, *, since: datetime | None = None, source: str | None = None, limit: int = 20) -> list[Row]:
    """Return the topics with the most records, by source; days are counted whole."""
    query = select(_TOPICS.c.source, _TOPICS.c.topic, *_summed(_TOPICS)).group_by(_TOPICS.c.source, _TOPICS.c.topic)
    query = query.order_by(func.sum(_TOPICS.c.n_records).desc(), _TOPICS.c.source, _TOPICS.c.topic).limit(limit)
    return _rows(session, _narrowed(query, _TOPICS, at="day_at", since=since, source=source))


def entities(session: Session, *, since: datetime | None = None, source: str | None = None, limit: int = 20) -> list[Row]:
    """Return the entities that the most records mention, by source, and how these speak of them; days are counted whole."""
    named = (_ENTITIES.c.source, _ENTITIES.c.entity_group, _ENTITIES.c.entity)
    towards = (func.sum(_ENTITIES.c[name]).label(name) for name in _TOWARDS)
    query = select(*named, *_summed(_ENTITIES), *towards).group_by(*named)
    query = query.order_by(func.sum(_ENTITIES.c.n_records).desc(), *named).limit(limit)
    return _rows(session, _narrowed(query, _ENTITIES, at="day_at", since=since, source=source))


def volume(session: Session, *, since: datetime | None = None, source: str | None = None) -> list[Row]:
    """Return records a day and source, oldest first."""
    day = func.date_trunc("day", _HOURLY.c.hour_at, "UTC").label("day_at")
    query = select(_HOURLY.c.source, day, *_summed(_HOURLY)).group_by(_HOURLY.c.source, day).order_by(_HOURLY.c.source, day)
    return _rows(session, _narrowed(query, _HOURLY, at="hour_at", since=since, source=source))


def newest_at(session: Session, *, source: str | None = None) -> datetime | None:
    """Return the last hour that has analysed records."""
    newest: datetime | None = session.scalar(
        _narrowed(select(func.max(_HOURLY.c.hour_at)), _HOURLY, at="hour_at", since=None, source=source)
    )
    return newest


def lags(session: Session) -> bool:
    """Return whether records are analysed that the views do not count yet."""
    return bool(session.scalar(select(exists().select_from(RollupTouched))))


def _summed(view: TableClause) -> list[Any]:
    sums = [func.sum(view.c[name]) for name in _COUNTS]
    return [*(one.label(name) for one, name in zip(sums, _COUNTS, strict=True)), (sums[1] * 1.0 / sums[0]).label("negative_share")]


def _narrowed(query: Select[Any], view: TableClause, *, at: str, since: datetime | None, source: str | None) -> Select[Any]:
    unit = "day" if at == "day_at" else "hour"
    if since is not None:
        query = query.where(view.c[at] >= func.date_trunc(unit, since, "UTC"))
    return query if source is None else query.where(view.c.source == source)


def _rows(session: Session, query: Select[Any]) -> list[Row]:
    """Run `query`; counts come as integers and shares as floats, whatever PostgreSQL's sums are."""
    return [{name: _plain(name, value) for name, value in row.items()} for row in session.execute(query).mappings()]


def _plain(name: str, value: Any) -> Any:
    if name.startswith("n_"):
        return int(value)
    return float(value) if name == "negative_share" else value
