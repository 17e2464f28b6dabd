"""The records behind an incident: its most negative texts, and what else they are about; choosing is left to `workers.evidence`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, case, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from db.rollups import COUNTED_GROUPS
from db.tables import Analysis, Mention, Record


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


def _analysed(series: Series, *, since: datetime, until: datetime) -> CTE:
    """Select a series' current records with their newest analysis."""
    query = (
        select(Analysis.record_id, Analysis.model_id, Analysis.sentiment, Analysis.p_negative, Analysis.topic, Record.published_at)
        .ext(distinct_on(Analysis.record_id))
        .join(Record, Record.id == Analysis.record_id)
        .where(Record.source_id == series.source_id, Record.superseded_at.is_(None))
        .where(Record.published_at >= since, Record.published_at < until)
        .order_by(Analysis.record_id, Analysis.analyzed_at.desc(), Analysis.model_id.desc())
    )
    newest = query.cte("newest")
    if series.dimension == "topic":
        return select(newest).where(newest.c.topic == series.key).cte("analysed")
    if series.dimension == "entity":
        group, _, entity = series.key.partition(":")
        mention = (Mention.record_id == newest.c.record_id) & (Mention.model_id == newest.c.model_id)
        named = select(literal(1)).where(mention, Mention.entity_group == group, Mention.entity == entity)
        return select(newest).where(named.exists()).cte("analysed")
    return newest
