import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.counts import Counts

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-20, 40), st.integers(0, 5), st.integers(0, 5)), max_size=40)


@given(ROWS, st.integers(0, 3), st.integers(-25, 45), st.integers(0, 30))
def test_window_sums_exactly_the_rows_inside_it(rows: list[tuple[int, int, int, int]], series: int, start: int, length: int) -> None:
    counts = _counts([(one, bucket, n + n_negative, n_negative) for one, bucket, n, n_negative in rows])

    n, n_negative = counts.window(np.array([series]), start=np.array([start]), end=np.array([start + length]))

    inside = [row for row in rows if row[0] == series and start <= row[1] < start + length]
    assert (n[0], n_negative[0]) == (sum(row[2] + row[3] for row in inside), sum(row[3] for row in inside))


def test_counts_accepts_no_rows_at_all() -> None:
    counts = _counts([])

    n, _ = counts.window(np.array([0, 3]), start=np.array([0, 0]), end=np.array([9, 9]))

    assert n.tolist() == [0, 0]


@pytest.mark.parametrize("row", [(0, 1, 2, 3), (0, 1, 2, -1)])
def test_counts_refuses_counts_that_cannot_be(row: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="0 <= n_negative <= n"):
        _counts([row])


def _counts(rows: list[tuple[int, int, int, int]]) -> Counts:
    series, bucket, n, n_negative = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Counts.of(n_series=4, series=series, bucket=bucket, n=n, n_negative=n_negative)
