import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.training.evaluation.bootstrap import Interval, intervals, resamples


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 5))
def test_resamples_draw_as_many_rows_as_there_are_and_no_others(rows: list[bool], seed: int) -> None:
    chosen = np.array(rows)

    for weights in resamples(chosen, n=5, seed=seed):
        assert weights.sum() == chosen.sum()
        assert not weights[~chosen].any()


def test_resamples_are_the_same_for_the_same_seed() -> None:
    rows = np.ones(20, dtype=bool)

    first, second, other = (np.array(list(resamples(rows, n=3, seed=seed))) for seed in (1, 1, 2))

    assert (first == second).all()
    assert (first != other).any()


def test_intervals_are_about_as_wide_as_the_binomial_says() -> None:
    right = np.repeat([1.0, 0.0], [320, 80])

    found = intervals(lambda weights: {"accuracy": float(weights @ right / weights.sum())}, np.ones(400, dtype=bool))

    spread = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert (found["accuracy"].low, found["accuracy"].high) == (pytest.approx(0.8 - spread, abs=0.01), pytest.approx(0.8 + spread, abs=0.01))


def test_intervals_of_no_rows_are_none() -> None:
    assert intervals(lambda weights: {"a": float(weights.sum())}, np.zeros(3, dtype=bool)) == {}


def test_interval_holds_zero_at_its_very_end() -> None:
    assert Interval(0.0, 0.2).holds_zero()
    assert not Interval(0.01, 0.2).holds_zero()
