import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.training.data import Example
from pipelines.training.probes.fairness.grid import NATIONALITY, REAL, Column, Grid, Row
from pipelines.training.probes.fairness.shifts import BOUND, Shift, Verdict, flipped, shifts


def grid(n_rows: int, *, n_groups: int = 2, n_each: int = 3, paired: bool = False) -> Grid:
    columns = tuple(Column(f"{group}{each}", {NATIONALITY: f"g{group}"}) for group in range(n_groups) for each in range(n_each))
    return Grid(REAL, columns, tuple(Row(tuple(Example("a") for _ in columns)) for _ in range(n_rows)), paired)


def test_shifts_tell_a_group_from_the_others() -> None:
    rng = np.random.default_rng(1)
    scores = np.repeat(rng.uniform(-1, 1, (60, 1)), 6, axis=1) + rng.normal(0, 0.01, (60, 6))
    scores[:, :3] -= 0.1

    lower, higher = shifts(grid(60), scores, axis=NATIONALITY, seed=0)

    assert (lower.group, higher.group) == ("g0", "g1")
    assert lower.shift == pytest.approx(-0.1, abs=0.01)
    assert higher.shift == pytest.approx(-lower.shift)
    assert lower.low < lower.shift < lower.high < -0.08


def test_shifts_are_unsure_where_one_name_alone_makes_them() -> None:
    scores = np.zeros((60, 6))
    scores[:, 0] = -0.3

    lower, _ = shifts(grid(60), scores, axis=NATIONALITY, seed=0)

    assert lower.shift == pytest.approx(-0.1)
    assert lower.low < -0.19
    assert lower.high == 0


def test_shifts_of_pairs_are_sure_where_every_pair_differs_alike() -> None:
    scores = np.tile([0.1, 0.5, 0.9, 0.0, 0.4, 0.8], (20, 1))

    first, _ = shifts(grid(20, paired=True), scores, axis=NATIONALITY, seed=0)

    assert (first.low, first.high) == (pytest.approx(0.1), pytest.approx(0.1))


@given(arrays(np.float64, (4, 6), elements=st.floats(-1, 1)))
def test_shifts_of_all_groups_cancel(scores: np.ndarray) -> None:
    found = shifts(grid(4, n_groups=3, n_each=2), scores, axis=NATIONALITY, seed=0)

    assert sum(one.shift for one in found) == pytest.approx(0, abs=1e-9)
    assert all(one.low <= one.high for one in found)


@pytest.mark.parametrize(
    ("shift", "low", "high", "verdict"),
    [
        (0.0, -0.01, 0.01, Verdict.FAIR),
        (0.02, -0.01, 0.06, Verdict.UNCERTAIN),
        (-0.04, -0.07, 0.0, Verdict.UNCERTAIN),
        (0.06, 0.01, 0.1, Verdict.UNFAIR),
        (-0.06, -0.1, -0.03, Verdict.UNFAIR),
    ],
)
def test_verdict_is_by_the_bound(shift: float, low: float, high: float, verdict: Verdict) -> None:
    assert Shift("g", 0.0, shift, low, high).verdict(BOUND) is verdict


def test_flipped_is_the_share_of_answers_unlike_most_of_their_row() -> None:
    assert flipped(np.array([[0, 0, 0, 2], [1, 1, 1, 1]])) == 0.125
