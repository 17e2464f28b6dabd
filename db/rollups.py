"""Time buckets of every series, recomputed from the analyses; which series is worth an incident is left to `workers.alerting`.

A series of dimension `entity` has the key `GROUP:normal form`, such as `TICKER:AAPL` or `ORG:apple`. Only people, organisations,
places and tickers are counted: amounts are no subject, and addresses and numbers of persons are nobody's business.
An entity's records are counted twice: by their own sentiment, and by how they speak of the entity. A record speaks of it as its
mentions do: neutrally where all are neutral, else as the surer of those that are not, added up by sentiment.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Text,
    case,
    cast,
    column,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from db.alert_tables import Baseline
from db.among import among
from db.tables import Analysis, Mention, Record, Rollup, RollupTouched, Source
from pipelines.records import Lane

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNTED_GROUPS = ("PER", "ORG", "LOC", "TICKER")

_NAMES = ("negative", "neutral", "positive")
_COLUMNS = ["source_id", "dimension", "key", "bucket_at", "n", *(f"n_{name}" for name in _NAMES), *(f"n_{name}_towards" for name in _NAMES)]
_ONE_REFRESHER = 0x726F6C6C  # "roll": any number, as long as every refresher takes the same


@dataclass(frozen=True, slots=True)
class BucketRow:
    """Counts of one bucket of one series."""

    dimension: str
    key: str
    bucket_at: datetime
    n: int
    n_negative: int


def refresh(session: Session, *, bucket: timedelta, limit: int) -> int:
    """Recompute the buckets that up to `limit` notes of change name; return how many buckets, 0 when all are fresh.

    Refreshers take turns, since one that started earlier could overwrite a later one's counts with older ones.
    """
    session.execute(select(func.pg_advisory_xact_lock(_ONE_REFRESHER)))
    touched = _take_touched(session, bucket=bucket, limit=limit)
    for source_id, starts in touched.items():
        session.execute(delete(Rollup).where(Rollup.source_id == source_id, Rollup.bucket_at.in_(list(starts))))
        session.execute(insert(Rollup).from_select(_COLUMNS, _counted(source_id, starts=list(starts), bucket=bucket)))
    _note_late(session, {source_id: min(live) for source_id, starts in touched.items() if (live := _live(starts))})
    return sum(len(starts) for starts in touched.values())


def touch(session: Session, record_ids: Collection[int], *, rejudged: bool = True) -> None:
    """Note the buckets of these records as changed; call it in the transaction that changes what they count.

    What live records change is judged again, unless it was not `rejudged`: what is erased did happen.
    """
    minute = func.date_trunc("minute", Record.published_at)
    live = (Record.lane == Lane.LIVE) if rejudged else false()
    changed = select(Record.source_id, minute, live).where(among(Record.id, record_ids)).distinct()
    session.execute(insert(RollupTouched).from_select(["source_id", "bucket_at", "live"], changed))


def touch_all(session: Session) -> None:
    """Note every bucket that holds a record as changed, so that the next refreshes rebuild all rollups; also drops those there are.

    Baselines fitted to them go too, since buckets may have another width now; what was judged stays judged.
    """
    session.execute(delete(Rollup))
    session.execute(delete(Baseline))
    minute = func.date_trunc("minute", Record.published_at)
    everything = select(Record.source_id, minute, false()).distinct()
    session.execute(insert(RollupTouched).from_select(["source_id", "bucket_at", "live"], everything))


def read_series(session: Session, *, source_id: int, name: tuple[str, str], since: datetime, until: datetime) -> list[BucketRow]:
    """Return the buckets of one series, by time; `name` is its dimension and key."""
    rows = session.execute(
        select(Rollup.dimension, Rollup.key, Rollup.bucket_at, Rollup.n, Rollup.n_negative)
        .where(Rollup.source_id == source_id, Rollup.dimension == name[0], Rollup.key == name[1])
        .where(Rollup.bucket_at >= since, Rollup.bucket_at < until)
        .order_by(Rollup.bucket_at)
    )
    return [BucketRow(*row) for row in rows]


def first_bucket_at(session: Session, *, source_id: int, since: datetime | None = None) -> datetime | None:
    """Return the start of the first bucket that holds an analysed record, from `since` on."""
    query = select(func.min(Rollup.bucket_at)).where(Rollup.source_id == source_id, Rollup.dimension == "source", Rollup.key == "")
    return session.scalar(query if since is None else query.where(Rollup.bucket_at >= since))


def _take_touched(session: Session, *, bucket: timedelta, limit: int) -> dict[int, dict[datetime, bool]]:
    """Return by source the buckets that up to `limit` notes name, oldest first, and whether live records changed them."""
    oldest = select(RollupTouched.id).order_by(RollupTouched.id).limit(limit).with_for_update(skip_locked=True)
    start = func.date_bin(bucket, RollupTouched.bucket_at, literal(EPOCH)).label("start")
    taken = delete(RollupTouched).where(RollupTouched.id.in_(oldest)).returning(RollupTouched.source_id, start, RollupTouched.live)
    touched: dict[int, dict[datetime, bool]] = {}
    for source_id, start_at, live in session.execute(taken):
        starts = touched.setdefault(source_id, {})
        starts[start_at] = live or starts.get(start_at, False)
    return {source_id: dict(sorted(starts.items())) for source_id, starts in sorted(touched.items())}


def _live(starts: Mapping[datetime, bool]) -> list[datetime]:
    return [start_at for start_at, live in starts.items() if live]


def _note_late(session: Session, changed_from: Mapping[int, datetime]) -> None:
    """Note, by source, from where on buckets changed that a scan has judged.

    A scan that holds a source may have read the old counts: wait for it, and compare with how far it came.
    """
    held = select(Source.id, Source.scanned_until).where(among(Source.id, list(changed_from))).order_by(Source.id)
    for source_id, scanned_until in session.execute(held.with_for_update(key_share=True)).all() if changed_from else ():
        if scanned_until and (start_at := changed_from[source_id]) < scanned_until:
            earliest = func.least(func.coalesce(Source.rejudge_from, start_at), start_at)
            session.execute(update(Source).where(Source.id == source_id).values(rejudge_from=earliest))


def _counted(source_id: int, *, starts: Sequence[datetime], bucket: timedelta) -> Select[tuple[object, ...]]:
    """Select the rollup rows of these buckets, each its own range of the index; a record counts once a series, by its newest analysis."""
    times = DateTime(timezone=True)
    touched = func.unnest(literal(starts, ARRAY(times))).table_valued(column("start_at", times), name="touched").render_derived()
    start = touched.c.start_at
    newest = (
        select(Analysis.record_id, Analysis.model_id, Analysis.sentiment, Analysis.topic, start.label("bucket_at"))
        .ext(distinct_on(Analysis.record_id))
        .select_from(touched)
        .join(Record, (Record.published_at >= start) & (Record.published_at < start + bucket))
        .join(Analysis, Analysis.record_id == Record.id)
        .where(Record.source_id == source_id, Record.superseded_at.is_(None))
        .order_by(Analysis.record_id, Analysis.analyzed_at.desc(), Analysis.model_id.desc())
        .cte("newest")
    )
    key = func.concat(Mention.entity_group, ":", Mention.entity).label("key")
    entities = (
        select(newest.c.bucket_at, newest.c.sentiment, key, _towards().label("towards"))
        .join(Mention, (Mention.record_id == newest.c.record_id) & (Mention.model_id == newest.c.model_id))
        .where(Mention.entity_group.in_(COUNTED_GROUPS))
        .group_by(newest.c.record_id, newest.c.bucket_at, newest.c.sentiment, key)
    )
    nothing, at = cast(null(), Text), (newest.c.bucket_at, newest.c.sentiment)
    series = union_all(
        select(literal("source").label("dimension"), literal("").label("key"), *at, nothing.label("towards")),
        select(literal("topic"), newest.c.topic, *at, nothing).where(newest.c.topic.is_not(None)),
        select(literal("entity"), (one := entities.subquery()).c.key, one.c.bucket_at, one.c.sentiment, one.c.towards),
    ).subquery()
    return select(
        literal(source_id),
        cast(series.c.dimension, Text),
        series.c.key,
        series.c.bucket_at,
        func.count(),
        *(func.count().filter(said == name) for said in (series.c.sentiment, series.c.towards) for name in _NAMES),
    ).group_by(series.c.dimension, series.c.key, series.c.bucket_at)


def _towards() -> ColumnElement[str | None]:
    """Say how the mentions of one entity in one record speak of it; null where none was judged."""
    negative, positive = (func.coalesce(func.sum(Mention.sentiment_score).filter(Mention.sentiment == name), 0) for name in _NAMES[::2])
    opinion = case((negative >= positive, "negative"), else_="positive")
    return case((negative + positive > 0, opinion), (func.count(Mention.sentiment) > 0, "neutral"), else_=None)
