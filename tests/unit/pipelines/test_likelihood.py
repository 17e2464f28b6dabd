import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.likelihood import Baseline, adjusted, count_tail, fit_count, fit_share, share_tail


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0.02, 0.9), st.floats(0.001, 0.4))
def test_share_tail_is_the_beta_binomial_tail(n: int, part: float, expected: float, spread: float) -> None:
    n_negative = round(n * part)

    tail = share_tail(np.array([n]), np.array([n_negative]), baseline=_baseline(expected, spread))[0]

    concentration = 1 / spread - 1
    exact = stats.betabinom.sf(n_negative - 1, n, expected * concentration, (1 - expected) * concentration)
    assert tail == pytest.approx(exact, rel=1e-6, abs=1e-9)  # scipy's own sum is no better than that


@given(st.integers(0, 400), st.floats(0.5, 100), st.floats(0.005, 1))
def test_count_tail_is_the_negative_binomial_tail(n_negative: int, expected: float, spread: float) -> None:
    tail = count_tail(np.array([n_negative]), baseline=_baseline(expected, spread))[0]

    size = 1 / spread
    assert tail == pytest.approx(stats.nbinom.sf(n_negative - 1, size, size / (size + expected)), rel=1e-6, abs=1e-12)


def test_share_tail_stays_finite_for_very_large_counts() -> None:
    tail = share_tail(np.array([200_000]), np.array([80_000]), baseline=_baseline(0.2, 0.01))[0]

    assert 0 < tail < 1e-3


def test_fit_share_is_not_moved_by_a_spike_among_its_blocks() -> None:
    n = np.full((1, 28), 20)
    calm = np.full((1, 28), 4)
    spiked = calm.copy()
    spiked[0, 10] = 18

    assert fit_share(n, spiked).expected[0] == pytest.approx(fit_share(n, calm).expected[0], abs=0.005)


def test_fit_share_finds_more_spread_where_blocks_differ_more() -> None:
    n = np.full((1, 28), 50)
    calm = np.full((1, 28), 10)
    restless = np.tile([2, 18], 14)[None, :]

    assert fit_share(n, restless).spread[0] > 5 * fit_share(n, calm).spread[0]


def test_fit_share_is_unsure_of_a_short_history() -> None:
    little, much = (fit_share(np.full((1, blocks), 10), np.full((1, blocks), 2)) for blocks in (2, 28))

    assert little.spread[0] > 2 * much.spread[0]


def test_fit_count_ignores_blocks_that_nobody_watched() -> None:
    counts, known = np.array([[4, 4, 4, 4, 0, 0, 0, 0]]), np.array([[True] * 4 + [False] * 4])

    assert fit_count(counts, known=known).expected[0] == pytest.approx(4.0)


def test_fit_count_keeps_a_floor_under_silent_series() -> None:
    assert fit_count(np.zeros((1, 28), dtype=np.int64), known=np.ones((1, 28), dtype=np.bool_)).expected[0] == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 100))
def test_adjusted_matches_the_textbook_and_counts_the_silent_tests(p_values: list[float], more: int) -> None:
    n_tests = len(p_values) + more

    result = adjusted(np.array(p_values), n_tests=n_tests)

    expected = stats.false_discovery_control([*p_values, *[1.0] * more])[: len(p_values)]
    assert result == pytest.approx(expected)


def _baseline(expected: float, spread: float) -> Baseline:
    return Baseline(np.array([expected]), np.array([spread]))
