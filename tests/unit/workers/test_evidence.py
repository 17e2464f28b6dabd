from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.evidence import Part, Series
from workers.evidence import Peak, drivers, label, sentence

AT = datetime(2014, 7, 25, tzinfo=UTC)
SHARE = Peak(
    metric="share",
    window_from=AT - timedelta(days=1),
    at=AT,
    baseline_from=AT - timedelta(days=29),
    n=67,
    n_negative=31,
    observed=31 / 67,
    expected=0.18,
    p_value=2.1e-7,
)


def test_sentence_says_what_moved_from_what_to_what_and_how_likely_that_was() -> None:
    assert sentence(SHARE, source="market-messages", dimension="entity", key="TICKER:AMZN") == (
        "Negative share of $AMZN in market-messages rose to 46% (31 of 67 records) in the 24 h to 2014-07-25 00:00 UTC; "
        "its 28-day baseline makes 18% likely (p = 2e-7)."
    )


def test_sentence_about_a_count_of_a_whole_source() -> None:
    peak = replace(
        SHARE, metric="negatives", observed=31.0, expected=5.25, window_from=AT - timedelta(hours=1), baseline_from=AT - timedelta(hours=31)
    )

    assert sentence(peak, source="wire", dimension="source", key="") == (
        "Negative records in wire rose to 31 (of 67) in the 1 h to 2014-07-25 00:00 UTC; its 30-hour baseline makes 5.2 likely (p = 2e-7)."
    )


@pytest.mark.parametrize(
    ("dimension", "key", "expected"),
    [
        ("entity", "TICKER:AAPL", "$AAPL"),
        ("entity", "ORG:at&t: wireless", "at&t: wireless"),
        ("topic", "earnings", "topic earnings"),
        ("source", "", ""),
    ],
)
def test_label_names_a_series_as_people_do(dimension: str, key: str, expected: str) -> None:
    assert label(dimension, key) == expected


def test_drivers_rank_by_what_they_add_not_by_how_frequent_they_are() -> None:
    parts = [
        Part("source", "", 100, 50, 1000, 100),
        Part("topic", "always", 80, 20, 900, 200),
        Part("topic", "new", 30, 28, 10, 1),
        Part("topic", "calmer", 20, 4, 100, 90),
        Part("entity", "TICKER:AMZN", 100, 50, 1000, 100),
        Part("entity", "ORG:rare", 2, 2, 0, 0),
    ]

    found = drivers(parts, metric="share", series=Series(1, "entity", "TICKER:AMZN"), exposure=0.1)

    assert [(one["key"], one["contribution"]) for one in found] == [("new", pytest.approx(0.279))]


def test_drivers_of_a_count_allow_for_the_longer_baseline() -> None:
    parts = [Part("source", "", 100, 50, 1000, 100), Part("topic", "new", 30, 28, 100, 40)]

    [found] = drivers(parts, metric="negatives", series=Series(1, "source", ""), exposure=0.1)

    assert found["contribution"] == pytest.approx(24)


def test_drivers_of_nothing_are_none() -> None:
    assert drivers([], metric="share", series=Series(1, "source", ""), exposure=0.1) == []
