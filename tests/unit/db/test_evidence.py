from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import evidence, rollups
from db.engine import transaction
from db.evidence import Series
from db.tables import Source

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
APPLE, SAMSUNG = "TICKER:AAPL", "ORG:samsung"


@pytest.fixture
def source_id(feed: Any, engine: Engine, post: Any) -> int:
    """A source with four negatives and a neutral record within an hour, a negative before it and one after."""
    feed.bring(
        [
            post(NOON - HOUR, "negative", "products", (APPLE,), "before"),
            post(NOON, "negative", "products", (APPLE, SAMSUNG), "one"),
            post(NOON, "negative", "products", (APPLE,), "two"),
            post(NOON, "negative", None, (APPLE,), "three"),
            post(NOON, "negative", "legal", (), "four"),
            post(NOON, "neutral", "products", (APPLE, SAMSUNG), "five"),
            post(NOON + HOUR, "negative", "products", (APPLE,), "after"),
        ]
    )
    with transaction(engine) as session:
        return session.scalars(select(Source.id)).one()


def test_read_texts_reads_one_sentiment_or_all_of_a_series(session: Session, source_id: int) -> None:
    products = Series(source_id, "topic", "products")
    asked: dict[str, Any] = {"since": NOON, "until": NOON + HOUR, "limit": 10}

    assert {one.text for one in evidence.read_texts(session, products, sentiment="negative", **asked)} == {"one", "two"}
    assert {one.text for one in evidence.read_texts(session, products, **asked)} == {"one", "two", "five"}


def test_read_texts_takes_the_same_sample_each_time(session: Session, source_id: int) -> None:
    samples = [
        evidence.read_texts(session, Series(source_id, "source", ""), since=NOON - HOUR, until=NOON + 2 * HOUR, limit=3) for _ in range(2)
    ]

    assert len(samples[0]) == 3
    assert samples[0] == samples[1]


def test_read_slices_counts_the_whole_first_then_topics_and_entities(session: Session, source_id: int) -> None:
    slices = evidence.read_slices(
        session, Series(source_id, "entity", APPLE), baseline_from=NOON - HOUR, window_from=NOON, until=NOON + HOUR
    )

    assert [(one.dimension, one.key, one.n, one.n_negative, one.n_before, one.n_negative_before) for one in slices] == [
        ("source", "", 4, 3, 1, 1),
        ("entity", SAMSUNG, 2, 1, 0, 0),
        ("entity", APPLE, 4, 3, 1, 1),
        ("topic", "products", 3, 2, 1, 1),
    ]


def test_count_together_counts_pairs_and_each_alone(session: Session, source_id: int) -> None:
    counts = evidence.count_together(
        session, Series(source_id, "source", ""), since=NOON, until=NOON + HOUR, keys=[APPLE, SAMSUNG], sentiment="negative"
    )

    assert counts == {(APPLE, APPLE): 3, (SAMSUNG, SAMSUNG): 1, (APPLE, SAMSUNG): 1, (SAMSUNG, APPLE): 1}


@pytest.mark.parametrize("series", [("source", ""), ("topic", "products"), ("entity", APPLE)])
def test_count_buckets_counts_as_rollups_do(session: Session, source_id: int, series: tuple[str, str]) -> None:
    span = {"since": NOON - HOUR, "until": NOON + 2 * HOUR}

    counted = evidence.count_buckets(session, Series(source_id, *series), bucket=timedelta(minutes=15), **span)

    assert counted == rollups.read_series(session, source_id=source_id, name=series, **span)
    assert len(counted) == 3


def test_count_analysed_counts_what_was_analysed_since(session: Session, source_id: int, feed: Any, post: Any) -> None:
    series, span = Series(source_id, "topic", "products"), {"since": NOON, "until": NOON + HOUR}
    before = datetime.now(UTC)
    feed.bring([post(NOON, "neutral", "products")], prefix="late")

    assert evidence.count_analysed(session, series, after=before, **span) == 1
    assert evidence.count_analysed(session, series, after=before - HOUR, **span) == 4


@pytest.mark.parametrize(("limit", "since"), [(100, NOON - HOUR), (7, NOON - HOUR), (6, NOON), (1, NOON + HOUR), (0, NOON + 2 * HOUR)])
def test_busy_since_shortens_the_past_of_a_busy_source(session: Session, source_id: int, limit: int, since: datetime) -> None:
    assert evidence.busy_since(session, source_id, since=NOON - HOUR, until=NOON + 2 * HOUR, limit=limit) == since


def test_read_source_names_names_sources(session: Session, source_id: int) -> None:
    assert evidence.read_source_names(session, {source_id}) == {source_id: "wire"}
