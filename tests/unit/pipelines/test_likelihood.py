import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.likelihood import MANY, adjusted, count_tail, share_tail


@given(st.integers(2, 400), st.floats(0, 1), st.floats(0.02, 0.9), st.floats(0.001, 0.4))
def test_share_tail_is_the_beta_binomial_tail(n: int, part: float, expected: float, spread: float) -> None:
    n_negative = round(n * part)

    tail = _share(n, n_negative, expected=expected, stray=1 + (n - 1) * spread)

    concentration = 1 / spread - 1
    exact = stats.betabinom.sf(n_negative - 1, n, expected * concentration, (1 - expected) * concentration)
    assert tail == pytest.approx(exact, rel=1e-6, abs=1e-9)  # scipy's own sum is no better than that


@given(st.integers(0, 400), st.floats(0.5, 100), st.floats(0.005, 1))
def test_count_tail_is_the_negative_binomial_tail(count: int, expected: float, spread: float) -> None:
    tail = count_tail(np.array([float(count)]), expected=np.array([expected]), stray=np.array([1 + spread * expected]))[0]

    size = 1 / spread
    assert tail == pytest.approx(stats.nbinom.sf(count - 1, size, size / (size + expected)), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("n_negative", "stray"), [(600, 5.0), (500, 3.0), (450, 10.0)])
def test_share_tail_changes_little_where_it_turns_continuous(n_negative: int, stray: float) -> None:
    exact = _share(MANY, n_negative, expected=0.2, stray=stray)
    continuous = _share(MANY + 1, n_negative, expected=0.2, stray=stray)

    assert continuous == pytest.approx(exact, rel=0.5)


def test_share_tail_stays_finite_for_very_large_counts() -> None:
    assert 0 < _share(200_000, 80_000, expected=0.2, stray=2000.0) < 1e-3


def test_tails_of_nothing_are_certain() -> None:
    assert _share(10, 0, expected=0.2, stray=1.5) == 1.0
    assert count_tail(np.zeros(1), expected=np.ones(1), stray=np.full(1, 2.0))[0] == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 100))
def test_adjusted_matches_the_textbook_and_counts_the_silent_tests(p_values: list[float], more: int) -> None:
    n_tests = len(p_values) + more

    result = adjusted(np.array(p_values), n_tests=n_tests)

    expected = stats.false_discovery_control([*p_values, *[1.0] * more])[: len(p_values)]
    assert result == pytest.approx(expected)


def _share(n: int, n_negative: int, *, expected: float, stray: float) -> float:
    tail = share_tail(np.array([float(n)]), np.array([float(n_negative)]), expected=np.array([expected]), stray=np.array([stray]))
    return float(tail[0])
