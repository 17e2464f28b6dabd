from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from db import sharing
from db.engine import transaction
from db.parts import Part

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _part(dimension: str, key: str) -> Part:
    times = (NOON, NOON - HOUR, NOON, NOON, None)
    return Part("f", "share", "h", 1, dimension, key, "share", *times, 0.5, 0.2, 1e-6, 40, 20, {})


def _shared(engine: Engine, one: Part, *others: Part) -> list[tuple[int, int, int]]:
    with transaction(engine) as session:
        return sharing.count_shared(session, one, others, since=NOON - HOUR, until=NOON)


def test_count_shared_counts_negatives_of_one_of_each_other_and_of_both(feed: Any, engine: Engine, post: Any) -> None:
    at = NOON - HOUR / 2
    both, apple, products = ("TICKER:AAPL", "ORG:apple"), ("ORG:apple",), "products"
    told = [post(at, "negative", products, both), post(at, "negative", products, apple), post(at, "negative", None, both)]
    calm = [post(at, "neutral", products, both), post(NOON, "negative", products, both), post(at - HOUR, "negative", products, both)]
    feed.bring([*told, *calm])

    found = _shared(engine, _part("entity", "ORG:apple"), _part("entity", "TICKER:AAPL"), _part("topic", products), _part("topic", "x"))

    assert found == [(3, 2, 2), (3, 2, 2), (3, 0, 0)]
    assert _shared(engine, _part("topic", products), _part("entity", "TICKER:AAPL")) == [(2, 2, 1)]
    assert _shared(engine, _part("entity", "ORG:none"), _part("topic", products)) == [(0, 2, 0)]


def test_count_shared_takes_a_topic_and_an_entity_of_one_name_for_two(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON - HOUR, "negative", "ORG:x", ("ORG:y",)), post(NOON - HOUR, "negative", None, ("ORG:x", "ORG:y"))])

    assert _shared(engine, _part("entity", "ORG:x"), _part("entity", "ORG:y"), _part("topic", "ORG:x")) == [(1, 2, 1), (1, 1, 0)]


def test_count_shared_counts_the_newest_analysis_of_current_records_of_its_source(feed: Any, engine: Engine, post: Any) -> None:
    negative = post(NOON - HOUR, "negative", "products", ("ORG:apple",))
    [number, _] = feed.bring([negative, negative])
    feed.analyse({number: post(NOON - HOUR, "neutral", "products", ("ORG:apple",))}, revision="fedcba987654")
    feed.bring([negative], source="other")

    assert _shared(engine, _part("entity", "ORG:apple"), _part("topic", "products")) == [(1, 1, 1)]
