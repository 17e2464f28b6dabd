from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db import counted, watermarks
from db.counted import Counted
from db.engine import transaction
from db.rollups import EPOCH, BucketRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUCKET = timedelta(minutes=15)
HOUR = timedelta(hours=1)


@pytest.fixture
def wire(feed: Any, engine: Engine, post: Any) -> int:
    """A source with four posts in three buckets; returns its id."""
    posts = [(NOON, "negative", "TICKER:T"), (NOON, "neutral", "TICKER:T"), (NOON + HOUR, "neutral", "TICKER:é"), (EPOCH, "negative", None)]
    feed.bring([post(at, mood, None, (ticker,) if ticker else ()) for at, mood, ticker in posts])
    with transaction(engine) as session:
        return watermarks.source_ids(session)[0]


def test_read_counted_returns_the_buckets_of_all_series(engine: Engine, wire: int) -> None:
    with transaction(engine) as session:
        asked = {"source_id": wire, "since": EPOCH, "until": NOON + 2 * HOUR, "bucket": BUCKET}
        rows = counted.read_counted(session, dimensions=("source", "entity"), **asked)

    noon = (NOON - EPOCH) // BUCKET
    assert rows.names == (("entity", "TICKER:T"), ("entity", "TICKER:é"), ("source", ""))
    assert _rows(rows) == {(0, noon, 2, 1), (1, noon + 4, 1, 0), (2, 0, 1, 1), (2, noon, 2, 1), (2, noon + 4, 1, 0)}


def test_read_counted_reads_from_since_up_to_until_and_only_the_dimensions_asked_for(engine: Engine, wire: int) -> None:
    with transaction(engine) as session:
        asked = {"source_id": wire, "since": NOON, "until": NOON + HOUR, "bucket": BUCKET}
        assert counted.read_counted(session, dimensions=("source",), **asked).names == (("source", ""),)
        assert _rows(counted.read_counted(session, dimensions=("source",), **asked)) == {(0, (NOON - EPOCH) // BUCKET, 2, 1)}


@pytest.mark.parametrize("many", [0, 1000])
def test_read_counted_parts_reads_the_named_series_a_few_at_a_time(
    engine: Engine, wire: int, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(counted, "MANY", many)
    names = {("entity", "TICKER:é"), ("source", "")}
    with transaction(engine) as session:
        asked = {"since": EPOCH, "until": NOON + 2 * HOUR, "bucket": BUCKET}
        parts = list(counted.read_counted_parts(session, source_id=wire, names=names, n_series=1, **asked))

    assert {name for part in parts for name in part.names} >= names
    assert all(len(part.names) == 1 for part in parts)
    assert sum(len(part.n) for part in parts if part.names[0] in names) == 4


def test_counted_returns_one_series_as_columns() -> None:
    rows = [BucketRow("source", "", NOON, 3, 1), BucketRow("source", "", NOON + HOUR, 2, 2)]

    found = counted.counted(rows, bucket=BUCKET)

    noon = (NOON - EPOCH) // BUCKET
    assert (found.names, _rows(found)) == ((("source", ""),), {(0, noon, 3, 1), (0, noon + 4, 2, 2)})


def _rows(rows: Counted) -> set[tuple[int, ...]]:
    return {tuple(map(int, row)) for row in zip(rows.series, rows.bucket, rows.n, rows.n_negative, strict=True)}
