import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from pipelines.training.evaluation.reliability import N_BINS, brier, calibration_error, reliability


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_reliability_holds_every_answer_in_one_bin(answers: list[tuple[float, bool]]) -> None:
    confidences, right = (np.array(values) for values in zip(*answers, strict=True))

    bins = reliability(confidences, right)

    assert sum(one.n for one in bins) == len(answers)
    assert sum(one.n * one.right for one in bins) == pytest.approx(right.sum())
    assert all(one.low - 1e-4 <= one.confidence <= one.high + 1e-4 for one in bins)
    assert 0 <= calibration_error(bins) <= 1


def test_calibration_error_is_none_where_a_model_is_as_sure_as_it_is_right() -> None:
    bins = reliability(np.full(10, 0.7), np.array([True] * 7 + [False] * 3))

    assert len(bins) == 1
    assert calibration_error(bins) == pytest.approx(0)


def test_calibration_error_weighs_bins_by_their_answers() -> None:
    bins = reliability(np.array([0.99, 0.99, 0.99, 0.51]), np.array([False, False, False, True]))

    assert calibration_error(bins) == pytest.approx(0.75 * 0.99 + 0.25 * 0.49)


def test_reliability_counts_certainty_in_the_last_bin() -> None:
    [only] = reliability(np.array([1.0]), np.array([True]))

    assert (only.low, only.high) == (pytest.approx(1 - 1 / N_BINS, abs=1e-4), 1.0)


def test_brier_is_that_of_scikit_learn() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]])

    found = brier(probabilities, np.array([0, 1, 2]))

    assert found == pytest.approx(brier_score_loss([0, 1, 2], probabilities, scale_by_half=False))


def test_figures_of_nothing_are_zero() -> None:
    assert calibration_error(reliability(np.zeros(0), np.zeros(0, dtype=bool))) == 0
    assert brier(np.zeros((0, 2)), np.zeros(0, dtype=np.intp)) == 0
