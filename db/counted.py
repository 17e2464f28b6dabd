"""Rollups of all series of a source as columns, for arithmetic over thousands of them; what they mean is left to `workers.judging`."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, Select, Text, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from db.rollups import EPOCH, BucketRow
from db.tables import Rollup

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

_ROW = [("at", ">i8"), ("n", ">i4"), ("n_negative", ">i4")]
"""One bucket as the query packs it, with PostgreSQL's own time: microseconds since `_PACKED_EPOCH`."""

_PACKED_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


MANY = 1_000
"""Series above which reading all of a source costs less than looking each up."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of buckets as columns, a row a bucket: `series` is a position in `names`, `bucket` numbered from the epoch on.

    `names` are pairs of dimension and key, sorted; rows come in no order.
    """

    names: tuple[tuple[str, str], ...]
    series: "Integers"
    bucket: "Integers"
    n: "Integers"
    n_negative: "Integers"

    @classmethod
    def of_nothing(cls) -> "Counted":
        """Return the counts of no series."""
        return _unpacked([], bucket=timedelta(seconds=1))


def read_counted(
    session: Session, *, source_id: int, dimensions: Collection[str], since: datetime, until: datetime, bucket: timedelta
) -> Counted:
    """Read one source's buckets that start in [`since`, `until`)."""
    query = _packed(source_id, dimensions=dimensions, since=since, until=until)
    return _unpacked(session.execute(query).all(), bucket=bucket)


def read_counted_parts(
    session: Session,
    *,
    source_id: int,
    names: Collection[tuple[str, str]],
    since: datetime,
    until: datetime,
    bucket: timedelta,
    n_series: int,
) -> Iterator[Counted]:
    """Read the series in `names`, and where those are many others too, `n_series` at a time and in no order.

    So weeks of a large source need little memory.
    """
    query = _packed(source_id, dimensions={dimension for dimension, _ in names}, since=since, until=until)
    if len(names) <= MANY:
        wanted = func.unnest(*(literal(list(one), ARRAY(Text)) for one in zip(*sorted(names), strict=True)))
        named = wanted.table_valued("dimension", "key", name="named").render_derived()
        query = query.join(named, (named.c.dimension == Rollup.dimension) & (named.c.key == Rollup.key))
    for part in session.execute(query, execution_options={"yield_per": n_series}).partitions():
        yield _unpacked(part, bucket=bucket)


def counted(rows: Sequence[BucketRow], *, bucket: timedelta) -> Counted:
    """Return the buckets of one series as columns; there must be one at least."""
    import numpy as np

    return Counted(
        names=((rows[0].dimension, rows[0].key),),
        series=np.zeros(len(rows), dtype=np.int64),
        bucket=np.array([(row.bucket_at - EPOCH) // bucket for row in rows], dtype=np.int64),
        n=np.array([row.n for row in rows], dtype=np.int64),
        n_negative=np.array([row.n_negative for row in rows], dtype=np.int64),
    )


def _packed(source_id: int, *, dimensions: Collection[str], since: datetime, until: datetime) -> Select[str, str, bytes]:
    """Select a row a series with all its buckets in one value: a tenth of the work that a row a bucket is."""
    packed = func.timestamptz_send(Rollup.bucket_at).op("||")(func.int4send(Rollup.n)).op("||")(func.int4send(Rollup.n_negative))
    return (
        select(Rollup.dimension, Rollup.key, type_coerce(func.string_agg(packed, literal(b"")), LargeBinary))
        .where(Rollup.source_id == source_id, Rollup.dimension.in_(sorted(dimensions)))
        .where(Rollup.bucket_at >= since, Rollup.bucket_at < until)
        .group_by(Rollup.dimension, Rollup.key)
    )


def _unpacked(found: Sequence[Any], *, bucket: timedelta) -> Counted:
    import numpy as np

    found = sorted(found, key=lambda row: (row[0], row[1]))
    rows: Any = np.frombuffer(b"".join(row[2] for row in found), dtype=_ROW)
    lengths = [len(row[2]) // rows.itemsize for row in found]
    microsecond = timedelta(microseconds=1)
    return Counted(
        names=tuple((row[0], row[1]) for row in found),
        series=np.repeat(np.arange(len(found), dtype=np.int64), lengths),
        bucket=(rows["at"].astype(np.int64) + (_PACKED_EPOCH - EPOCH) // microsecond) // (bucket // microsecond),
        n=rows["n"].astype(np.int64),
        n_negative=rows["n_negative"].astype(np.int64),
    )
