from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.parts import Part
from workers.sentence import Known, label, power, sentence

AT = datetime(2014, 7, 25, tzinfo=UTC)
SHARE = Part(
    fingerprint="f",
    rule="negative-share",
    rule_hash="h",
    source_id=1,
    dimension="entity",
    key="TICKER:AMZN",
    metric="share",
    opened_at=AT,
    window_from=AT - timedelta(days=1),
    peak_at=AT,
    last_judged_at=AT,
    resolved_at=None,
    observed=31 / 67,
    expected=0.18,
    p_value=2.1e-7,
    n=67,
    n_negative=31,
    peak={},
)
EARNINGS = {"dimension": "topic", "key": "earnings", "contribution": 0.2}
APPLE = {"dimension": "entity", "key": "ORG:apple", "contribution": 0.19}


def test_sentence_says_what_moved_from_what_to_what_and_how_likely_that_was() -> None:
    assert sentence(SHARE, source="market-messages") == (
        "Negative share of $AMZN in market-messages rose to 46% (31 of 67 records) in the 24 h to 2014-07-25 00:00 UTC; "
        "18% was to be expected (p = 2e-7)."
    )


def test_sentence_about_a_count_of_a_whole_source() -> None:
    part = replace(SHARE, metric="negatives", dimension="source", key="", observed=31.0, expected=5.25, window_from=AT - timedelta(hours=1))

    assert sentence(part, source="wire") == (
        "Negative records in wire rose to 31 (of 67 records) in the 1 h to 2014-07-25 00:00 UTC; 5.2 were to be expected (p = 2e-7)."
    )


def test_sentence_about_the_volume_of_a_topic() -> None:
    part = replace(SHARE, metric="volume", dimension="topic", key="earnings", expected=12.6, window_from=AT - timedelta(minutes=45))

    assert sentence(part, source="wire").startswith(
        "Records about topic earnings in wire rose to 67 in the 45 min to 2014-07-25 00:00 UTC; 13 "
    )


def test_sentence_about_a_feed_that_went_silent() -> None:
    part = replace(SHARE, metric="silence", dimension="source", key="", n=0, n_negative=0, observed=0.0, expected=412.0, p_value=1e-40)

    assert sentence(part, source="wire") == (
        "Nothing has come from wire for 24 h, since 2014-07-24 00:00 UTC; 412 were to be expected by then (p < 1e-30)."
    )


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (Known([EARNINGS]), "; mostly topic earnings."),
        (Known([{**EARNINGS, "contribution": 0.1}]), "(p = 2e-7)."),
        (Known([EARNINGS], n_texts=31, n_largest=20), "(p = 2e-7); 20 of the 31 negative records tell one story."),
        (Known([EARNINGS, APPLE], n_texts=31, n_largest=31), "; mostly apple; all 31 negative records tell one story."),
        (Known([], n_texts=1, n_largest=1), "(p = 2e-7)."),
    ],
)
def test_sentence_names_what_makes_up_most_of_the_change(known: Known, told: str) -> None:
    assert sentence(SHARE, source="wire", known=known).endswith(told)


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (["apple"], "; also in apple."),
        (["apple", "topic earnings"], "; also in apple and topic earnings."),
        (["a", "b", "c"], "; also in a, b and c."),
        (["a", "b", "c", "d", "e"], "; also in a, b and 3 more."),
    ],
)
def test_sentence_names_the_other_parts(others: list[str], told: str) -> None:
    assert sentence(SHARE, source="wire", others=others).endswith(told)


@pytest.mark.parametrize(("p_value", "told"), [(2.1e-7, "= 2e-7"), (0.04, "= 4e-2"), (1e-37, "< 1e-30"), (0.0, "< 1e-30")])
def test_power_tells_one_digit(p_value: float, told: str) -> None:
    assert power(p_value) == told


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
