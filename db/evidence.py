"""The records behind an incident: its most negative texts, and what else they are about; choosing is left to `workers.evidence`."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CTE, ColumnElement, and_, case, false, func, literal, select, true, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from db.rollups import COUNTED_GROUPS
from db.tables import Analysis, Mention, Record

if TYPE_CHECKING:
    from db import incidents


@dataclass(frozen=True, slots=True)
class Series:
    """One series of one source, as rollups name it."""

    source_id: int
    dimension: str
    key: str


@dataclass(frozen=True, slots=True)
class NegativeText:
    """A record that was read as negative."""

    record_id: int
    external_id: str
    published_at: datetime
    text: str
    url: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Part:
    """Records of a series that share a topic or an entity, in the window and in the baseline before it."""

    dimension: str
    key: str
    n: int
    n_negative: int
    n_before: int
    n_negative_before: int


def count_shared(session: Session, one: "incidents.Part", other: "incidents.Part") -> tuple[int, int, int]:
    """Count the negative records in one part's window, in the other's, and in both; records of two sources are never the same."""
    if one.source_id != other.source_id:
        return _count_negatives(session, one), _count_negatives(session, other), 0
    start, end = min(one.window_from, other.window_from), max(one.peak_at, other.peak_at)
    negative = _negative(_newest(one.source_id, since=start, until=end))
    in_one, in_other = _belongs(negative, one), _belongs(negative, other)
    counts = (func.count().filter(belongs) for belongs in (in_one, in_other, and_(in_one, in_other)))
    found = session.execute(select(*counts).select_from(negative)).one()
    return found[0], found[1], found[2]


def read_negatives(session: Session, series: Series, *, since: datetime, until: datetime, limit: int) -> list[NegativeText]:
    """Return a series' negative records published in [`since`, `until`), the surest first."""
    one = _analysed(series, since=since, until=until)
    query = (
        select(Record.id, Record.external_id, Record.published_at, Record.text, Record.url, one.c.p_negative)
        .join(one, one.c.record_id == Record.id)
        .where(one.c.sentiment == "negative")
        .order_by(one.c.p_negative.desc(), Record.id)
        .limit(limit)
    )
    return [NegativeText(*row) for row in session.execute(query)]


def read_parts(session: Session, series: Series, *, baseline_from: datetime, window_from: datetime, until: datetime) -> list[Part]:
    """Count a series' records by topic and by entity, in the window and in the baseline; the whole series comes first."""
    one = _analysed(series, since=baseline_from, until=until)
    inside, negative = one.c.published_at >= window_from, one.c.sentiment == "negative"
    kept = select(one.c.record_id, one.c.model_id, one.c.topic, inside.label("inside"), negative.label("negative")).cte("kept")
    mentioned = (
        select(kept.c.record_id, kept.c.inside, kept.c.negative, func.concat(Mention.entity_group, ":", Mention.entity).label("key"))
        .distinct()
        .join(Mention, (Mention.record_id == kept.c.record_id) & (Mention.model_id == kept.c.model_id))
        .where(Mention.entity_group.in_(COUNTED_GROUPS))
        .subquery()
    )
    rows = union_all(
        select(literal("source").label("dimension"), literal("").label("key"), kept.c.inside, kept.c.negative),
        select(literal("topic"), kept.c.topic, kept.c.inside, kept.c.negative).where(kept.c.topic.is_not(None)),
        select(literal("entity"), mentioned.c.key, mentioned.c.inside, mentioned.c.negative),
    ).subquery()
    now, before = rows.c.inside, ~rows.c.inside
    counts = (func.sum(case((condition, 1), else_=0)) for condition in (now, now & rows.c.negative, before, before & rows.c.negative))
    query = select(rows.c.dimension, rows.c.key, *counts).group_by(rows.c.dimension, rows.c.key)
    parts = [Part(*row) for row in session.execute(query)]
    return sorted(parts, key=lambda part: (part.dimension != "source", part.dimension, part.key))


def _count_negatives(session: Session, part: "incidents.Part") -> int:
    negative = _negative(_newest(part.source_id, since=part.window_from, until=part.peak_at))
    return session.scalars(select(func.count()).select_from(negative).where(_belongs(negative, part))).one()


def _belongs(rows: CTE, part: "incidents.Part") -> ColumnElement[bool]:
    within = (rows.c.published_at >= part.window_from, rows.c.published_at < part.peak_at)
    return and_(*within, _is_of(rows, dimension=part.dimension, key=part.key))


def _analysed(series: Series, *, since: datetime, until: datetime) -> CTE:
    """Select a series' current records with their newest analysis."""
    newest = _newest(series.source_id, since=since, until=until)
    return select(newest).where(_is_of(newest, dimension=series.dimension, key=series.key)).cte("analysed")


def _negative(newest: CTE) -> CTE:
    return select(newest).where(newest.c.sentiment == "negative").cte("negative")


def _is_of(rows: CTE, *, dimension: str, key: str) -> ColumnElement[bool]:
    """Tell which rows count in a series, as rollups do."""
    if dimension == "topic":
        return func.coalesce(rows.c.topic == key, false())
    if dimension == "entity":
        group, _, entity = key.partition(":")
        mention = (Mention.record_id == rows.c.record_id) & (Mention.model_id == rows.c.model_id)
        return select(literal(1)).where(mention, Mention.entity_group == group, Mention.entity == entity).exists()
    return true()


def _newest(source_id: int, *, since: datetime, until: datetime) -> CTE:
    """Select a source's current records, published in [`since`, `until`), with their newest analysis."""
    return (
        select(Analysis.record_id, Analysis.model_id, Analysis.sentiment, Analysis.p_negative, Analysis.topic, Record.published_at)
        .ext(distinct_on(Analysis.record_id))
        .join(Record, Record.id == Analysis.record_id)
        .where(Record.source_id == source_id, Record.superseded_at.is_(None))
        .where(Record.published_at >= since, Record.published_at < until)
        .order_by(Analysis.record_id, Analysis.analyzed_at.desc(), Analysis.model_id.desc())
        .cte("newest")
    )
