"""The records behind an incident: texts to choose examples from, and what else they are about; choosing is left to `workers.evidence`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CTE, ColumnElement, exists, false, func, literal, select, true, tuple_, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from db.rollups import COUNTED_GROUPS, EPOCH, BucketRow
from db.tables import Analysis, Mention, Record, Rollup, Source
from pipelines.records import Lane

READ_CHARACTERS = 4_000
"""Of a text; news says first what it is about."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of one source, as rollups name it."""

    source_id: int
    dimension: str
    key: str


@dataclass(frozen=True, slots=True)
class ReadText:
    """A record as it was read; `score` is how likely it is negative."""

    record_id: int
    external_id: str
    published_at: datetime
    title: str | None
    text: str
    url: str | None
    sentiment: str
    score: float


@dataclass(frozen=True, slots=True)
class Slice:
    """Records of a series that share a topic or an entity, in the window and in the baseline before it."""

    dimension: str
    key: str
    n: int
    n_negative: int
    n_before: int
    n_negative_before: int


def read_texts(
    session: Session, series: Series, *, since: datetime, until: datetime, limit: int, sentiment: str | None = None
) -> list[ReadText]:
    """Return a series' records published in [`since`, `until`), of one sentiment or of any; above `limit` always the same sample."""
    one = _analysed(series, since=since, until=until)
    wanted = select(one) if sentiment is None else select(one).where(one.c.sentiment == sentiment)
    some = wanted.order_by(func.md5(one.c.external_id), one.c.external_id).limit(limit).subquery()
    text = func.left(Record.text, READ_CHARACTERS)
    columns = (Record.id, Record.external_id, Record.published_at, Record.title, text, Record.url, some.c.sentiment, some.c.p_negative)
    query = select(*columns).join(some, some.c.record_id == Record.id).order_by(Record.published_at, Record.external_id)
    return [ReadText(*row) for row in session.execute(query)]


def read_slices(
    session: Session, series: Series, *, baseline_from: datetime, window_from: datetime, until: datetime, least: int = 1
) -> list[Slice]:
    """Count a series' records by topic and by entity, in the window and in the baseline; the whole series comes first.

    What has fewer than `least` records in the window is left out: most entities of a baseline.
    """
    one = _analysed(series, since=baseline_from, until=until)
    inside, negative = one.c.published_at >= window_from, one.c.sentiment == "negative"
    kept = select(one.c.record_id, one.c.model_id, one.c.topic, inside.label("inside"), negative.label("negative")).cte("kept")
    mentioned = (
        select(kept.c.record_id, kept.c.inside, kept.c.negative, _key().label("key"))
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
    counts = [func.count().filter(condition) for condition in (now, now & rows.c.negative, before, before & rows.c.negative)]
    query = select(rows.c.dimension, rows.c.key, *counts).group_by(rows.c.dimension, rows.c.key).having(counts[0] >= least)
    slices = [Slice(*row) for row in session.execute(query)]
    return sorted(slices, key=lambda one: (one.dimension != "source", one.dimension, one.key))


def count_together(
    session: Session, series: Series, *, since: datetime, until: datetime, keys: Collection[str], sentiment: str | None = None
) -> dict[tuple[str, str], int]:
    """Count the records of a series that name each two of these entities, in either order; an entity with itself counts alone."""
    one = _analysed(series, since=since, until=until)
    rows = select(one) if sentiment is None else select(one).where(one.c.sentiment == sentiment)
    found = rows.subquery()
    named = (
        select(found.c.record_id, _key().label("key"))
        .distinct()
        .join(Mention, (Mention.record_id == found.c.record_id) & (Mention.model_id == found.c.model_id))
        .where(tuple_(Mention.entity_group, Mention.entity).in_([tuple(key.split(":", 1)) for key in keys]))
        .cte("named")
    )
    other = named.alias("other")
    pairs = select(named.c.key, other.c.key, func.count()).join(other, other.c.record_id == named.c.record_id)
    return {(row[0], row[1]): row[2] for row in session.execute(pairs.group_by(named.c.key, other.c.key))}


def count_buckets(
    session: Session, series: Series, *, since: datetime, until: datetime, bucket: timedelta, lane: Lane | None = None
) -> list[BucketRow]:
    """Count a series' buckets from its records, or those of one lane, as rollups do and past those, by time."""
    one = _analysed(series, since=since, until=until)
    if lane:
        one = select(one).join(Record, Record.id == one.c.record_id).where(Record.lane == lane).cte("of_lane")
    start = func.date_bin(bucket, one.c.published_at, literal(EPOCH)).label("start")
    n_negative = func.count().filter(one.c.sentiment == "negative")
    rows = session.execute(select(start, func.count(), n_negative).select_from(one).group_by(start).order_by(start))
    return [BucketRow(series.dimension, series.key, *row) for row in rows]


def count_analysed(session: Session, series: Series, *, since: datetime, until: datetime, after: datetime) -> int:
    """Count a series' records published in [`since`, `until`) whose newest analysis came later than `after`, by the wall clock."""
    one = _analysed(series, since=since, until=until)
    came = (Analysis.record_id == one.c.record_id) & (Analysis.model_id == one.c.model_id) & (Analysis.analyzed_at > after)
    return session.scalars(select(func.count()).select_from(one).join(Analysis, came)).one()


def busy_since(session: Session, source_id: int, *, since: datetime, until: datetime, limit: int) -> datetime:
    """Return the time in [`since`, `until`] from which a source's rollups hold at most `limit` records: bounds what a baseline costs."""
    of_source = (Rollup.source_id == source_id, Rollup.dimension == "source", Rollup.key == "")
    newest_first = func.sum(Rollup.n).over(order_by=Rollup.bucket_at.desc())
    running = select(Rollup.bucket_at, newest_first.label("n")).where(*of_source, Rollup.bucket_at >= since, Rollup.bucket_at < until)
    counted = running.subquery()
    left_out = session.scalar(select(func.max(counted.c.bucket_at)).where(counted.c.n > limit))
    if left_out is None:
        return since
    return session.scalar(select(func.min(counted.c.bucket_at)).where(counted.c.bucket_at > left_out)) or until


def read_source_names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Return the names of sources."""
    return {row[0]: row[1] for row in session.execute(select(Source.id, Source.name).where(Source.id.in_(sorted(ids))))}


def has_backfill(session: Session, source_id: int, *, since: datetime, until: datetime) -> bool:
    """Tell whether any of a source's records published in [`since`, `until`) came as a backfill."""
    window = (Record.source_id == source_id, Record.published_at >= since, Record.published_at < until)
    return bool(session.scalar(select(exists().where(*window, Record.lane == Lane.BACKFILL))))


def _analysed(series: Series, *, since: datetime, until: datetime) -> CTE:
    """Select a series' current records with their newest analysis."""
    newest = _newest(series.source_id, since=since, until=until)
    return select(newest).where(_is_of(newest, dimension=series.dimension, key=series.key)).cte("analysed")


def _is_of(rows: CTE, *, dimension: str, key: str) -> ColumnElement[bool]:
    """Tell which rows count in a series, as rollups do."""
    if dimension == "topic":
        return func.coalesce(rows.c.topic == key, false())
    if dimension == "entity":
        group, _, entity = key.partition(":")
        mention = (Mention.record_id == rows.c.record_id) & (Mention.model_id == rows.c.model_id)
        return select(literal(1)).where(mention, Mention.entity_group == group, Mention.entity == entity).exists()
    return true()


def _key() -> ColumnElement[str]:
    return func.concat(Mention.entity_group, ":", Mention.entity)


def _newest(source_id: int, *, since: datetime, until: datetime) -> CTE:
    """Select a source's current records, published in [`since`, `until`), with their newest analysis."""
    said = (Analysis.record_id, Analysis.model_id, Analysis.sentiment, Analysis.p_negative, Analysis.topic)
    return (
        select(*said, Record.external_id, Record.published_at)
        .ext(distinct_on(Analysis.record_id))
        .join(Record, Record.id == Analysis.record_id)
        .where(Record.source_id == source_id, Record.superseded_at.is_(None))
        .where(Record.published_at >= since, Record.published_at < until)
        .order_by(Analysis.record_id, Analysis.analyzed_at.desc(), Analysis.model_id.desc())
        .cte("newest")
    )
