import pytest

from pipelines.training.data import Span
from pipelines.training.evaluation.found_spans import FoundSpans
from pipelines.training.evaluation.span_scores import score_found, score_spans


def test_score_spans_counts_only_exact_matches() -> None:
    truth = [[Span(0, 3, "PER"), Span(5, 9, "ORG")], []]
    given = [[Span(0, 3, "PER"), Span(5, 8, "ORG")], [Span(0, 1, "LOC")]]

    scores = score_spans(["Tim, Bank", "a"], truth, given)

    assert (scores.precision, scores.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert scores.f1 == scores.f1_served == pytest.approx(2 / 5)
    assert scores.partial_f1 == pytest.approx(3 / 5)


def test_score_spans_tells_the_figure_without_marks_that_serving_drops() -> None:
    scores = score_spans(["@tim"], [[Span(0, 1, "PER"), Span(1, 4, "PER")]], [[Span(1, 4, "PER")]])

    assert (scores.f1, scores.f1_served) == (pytest.approx(2 / 3), 1.0)


def test_score_spans_tells_types_apart() -> None:
    scores = score_spans(["Tim Cook"], [[Span(0, 3, "PER"), Span(4, 8, "PER")]], [[Span(0, 3, "ORG"), Span(4, 8, "PER")]])

    assert [(one.label, one.n, one.n_given, one.recall) for one in scores.by_label] == [("ORG", 0, 1, 0.0), ("PER", 2, 1, 0.5)]
    assert scores.confusion == ((0, 0, 0), (1, 1, 0), (0, 0, 0))


def test_score_found_tells_how_honestly_sure_the_model_is() -> None:
    tim, cook = Span(0, 3, "PER"), Span(4, 8, "PER")

    scores = score_found(FoundSpans(("Tim Cook",), ((tim,),), ((tim, cook),), ((0.9, 0.8),)))

    assert scores.ece == pytest.approx((0.1 + 0.8) / 2)


def test_score_spans_of_nothing_is_zero() -> None:
    scores = score_spans([], [], [])

    assert (scores.f1, scores.ece) == (0, None)
