import numpy as np
import pytest

from pipelines.training.evaluation.choices import Choices
from pipelines.training.evaluation.label_scores import score_choices


def choices(probabilities: list[list[float]], truth: list[int], *, labels: tuple[str, ...]) -> Choices:
    scores = np.array(probabilities, dtype=np.float32).reshape(-1, len(labels))
    rows = np.arange(len(truth))
    return Choices(labels, np.array(truth, dtype=np.intp), scores.argmax(axis=1), scores, rows, len(truth))


def test_score_choices_tells_each_label() -> None:
    scores = score_choices(choices([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]], [0, 1, 1], labels=("a", "b")))

    assert scores.accuracy == pytest.approx(2 / 3)
    assert [(one.label, one.n, one.n_given, one.precision, one.recall) for one in scores.by_label] == [
        ("a", 1, 2, 0.5, 1.0),
        ("b", 2, 1, 1.0, 0.5),
    ]
    assert scores.auc == 1.0
    assert scores.confusion == ((1, 0, 0), (1, 1, 0))
    assert scores.brier == pytest.approx((0.08 + 0.72 + 0.18) / 3)


def test_score_choices_tells_what_serving_would_answer_where_a_threshold_says_so() -> None:
    found = choices([[0.9, 0.1], [0.55, 0.45], [0.2, 0.8]], [0, 1, 1], labels=("a", "b"))

    assert score_choices(found).answered is None
    scores = score_choices(found, threshold=0.6)
    assert (scores.answered, scores.answered_accuracy) == (pytest.approx(2 / 3), 1.0)


def test_score_choices_of_a_label_that_no_row_has_leaves_the_mean_area_alone() -> None:
    scores = score_choices(choices([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]], [0, 1], labels=("a", "b", "c")))

    assert scores.auc == 1.0
    assert scores.by_label[2].auc is None
    assert scores.macro_f1 == 1.0


def test_score_choices_leaves_what_was_not_said_out_of_the_calibration() -> None:
    scores = score_choices(
        Choices(("a", "b"), np.array([0, 1]), np.array([0, -1]), np.array([[1, 0], [np.nan, np.nan]], dtype=np.float32), np.arange(2), 2)
    )

    assert (scores.accuracy, scores.ece, scores.brier) == (0.5, 0.0, 0.0)


def test_score_choices_of_nothing_is_zero() -> None:
    scores = score_choices(choices([], [], labels=("a", "b")))

    assert (scores.n, scores.accuracy, scores.auc, scores.ece) == (0, 0.0, None, 0.0)
