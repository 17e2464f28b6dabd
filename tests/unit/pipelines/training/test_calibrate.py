"""Temperatures and thresholds: pure arithmetic, checked by laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.heads import softmax
from pipelines.training.calibrate import COOLEST, HOTTEST, fit_temperature, fit_threshold, negative_log_likelihood


@given(truth=st.floats(0.4, 4.0), seed=st.integers(0, 1_000))
def test_fit_temperature_finds_the_temperature_that_targets_were_drawn_at(truth: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = (3 * rng.normal(size=(1_000, 4))).astype(np.float32)
    chances = softmax(logits / np.float32(truth)).cumsum(axis=1)
    drawn = [int(index) for index in (rng.random((len(logits), 1)) > chances[:, :-1]).sum(axis=1)]

    found = fit_temperature(list(logits), drawn)

    assert found == pytest.approx(truth, rel=0.3)


@given(seed=st.integers(0, 1_000), n=st.integers(1, 60))
def test_fit_temperature_is_never_worse_than_leaving_it_and_stays_in_bounds(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [rng.normal(size=(int(rng.integers(1, 4)), 3)).astype(np.float32) for _ in range(n)]
    targets = [int(rng.integers(3)) for _ in rows]
    sizes = [[int(rng.integers(1, 100)) for _ in row] for row in rows]

    found = fit_temperature(rows, targets, n_tokens=sizes)

    assert COOLEST <= found <= HOTTEST
    before, after = (negative_log_likelihood(rows, targets, n_tokens=sizes, temperature=value) for value in (1.0, found))
    assert after <= before + 1e-3


def test_fit_temperature_of_no_rows_changes_nothing() -> None:
    assert fit_temperature([], []) == 1.0


@given(seed=st.integers(0, 1_000), n=st.integers(1, 300), refused=st.floats(0.0, 0.3))
def test_fit_threshold_refuses_the_share_wanted_and_not_a_row_more(seed: int, n: int, refused: float) -> None:
    values = np.random.default_rng(seed).random(n).round(2)

    threshold = fit_threshold(values, refused=refused)

    assert np.mean(values < threshold) <= refused <= np.mean(values <= threshold) + 1 / n


def test_fit_threshold_of_no_rows_refuses_nothing() -> None:
    assert fit_threshold([]) == 0.0
