import pytest

from pipelines.training.data import Span
from pipelines.training.scores import score_labels, score_spans


def test_score_labels_means_over_the_labels_of_the_truth() -> None:
    scores = score_labels(["a", "a", "a", "b"], ["a", "a", "b", "b"])

    assert scores.accuracy == pytest.approx(3 / 4)
    assert scores.macro_recall == pytest.approx((2 / 3 + 1) / 2)
    assert scores.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_score_spans_counts_only_exact_matches() -> None:
    truth = [[Span(0, 3, "PER"), Span(5, 9, "ORG")], []]
    given = [[Span(0, 3, "PER"), Span(5, 8, "ORG")], [Span(0, 1, "LOC")]]

    scores = score_spans(["Tim, Bank", "a"], truth, given)

    assert (scores.precision, scores.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert scores.f1 == scores.f1_served == pytest.approx(2 / 5)


def test_score_spans_tells_the_figure_without_marks_that_serving_drops() -> None:
    scores = score_spans(["@tim"], [[Span(0, 1, "PER"), Span(1, 4, "PER")]], [[Span(1, 4, "PER")]])

    assert (scores.f1, scores.f1_served) == (pytest.approx(2 / 3), 1.0)


def test_scores_of_nothing_are_zero() -> None:
    assert score_labels([], []).accuracy == 0
    assert score_spans([], [], []).f1 == 0
