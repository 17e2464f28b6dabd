from dataclasses import replace

import pytest

from pipelines.taxonomy import OUT_OF_SCOPE
from pipelines.training.data import Example
from pipelines.training.topics.embedded import Embedded
from pipelines.training.topics.measure import labels_of, measure, scores_of

LATE, FALLS = "my card is late", "profit falls in london"


def test_measure_counts_right_and_wrong_by_name_or_title(desk: Embedded) -> None:
    rows = [Example(LATE, "Card lost"), Example(LATE, "card_lost"), Example(FALLS, "PROFIT"), Example(FALLS, "card-lost")]

    found = measure(desk, rows, file="rows.csv")

    scores = scores_of(found.served)
    assert scores.labels[:3] == ("card-lost", "profit", OUT_OF_SCOPE)
    assert scores.accuracy == 0.75
    assert scores.confusion[0][:2] == (2, 1)
    assert (found.coverage, found.served.notes) == (1, ())


def test_measure_below_the_threshold_gives_no_topic(desk: Embedded) -> None:
    strict = replace(desk, threshold=1.1)
    rows = [Example(LATE, "card-lost"), Example(FALLS, OUT_OF_SCOPE)]

    found = measure(strict, rows, file="rows.csv")

    assert found.coverage == 0
    assert (scores_of(found.served).accuracy, scores_of(found.forced).accuracy) == (0.5, 0.5)
    assert scores_of(found.served).out_of_scope_recall == 1


def test_measure_tells_of_labels_that_no_topic_has(desk: Embedded) -> None:
    found = measure(desk, [Example(LATE, "card-lost"), Example(FALLS, "weather")], file="rows.csv")

    assert found.served.notes == ("labels that the taxonomy does not know count as wrong (1 rows): weather (1); rename them to a topic",)
    assert scores_of(found.served).accuracy == 0.5


def test_measure_tries_thresholds_and_covers_ever_less(desk: Embedded) -> None:
    found = measure(desk, [Example(LATE, "card-lost"), Example(FALLS, "profit")], file="rows.csv")

    coverages = [one.coverage for one in found.thresholds]
    assert coverages == sorted(coverages, reverse=True)
    assert any(one.threshold == pytest.approx(desk.threshold) for one in found.thresholds)
    assert coverages[0] == 1


def test_labels_of_knows_names_titles_and_out_of_scope(desk: Embedded) -> None:
    assert labels_of(desk.taxonomy) == {"card lost": "card-lost", "profit": "profit", "out of scope": OUT_OF_SCOPE}


def test_measure_refuses_rows_of_another_taxonomy(desk: Embedded) -> None:
    with pytest.raises(ValueError, match=r"rows\.csv: no label is a topic of desk: 'weather' is none of card-lost, profit"):
        measure(desk, [Example(LATE, "weather")], file="rows.csv")
