import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.counts import Counts

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-20, 40), st.integers(0, 5), st.integers(0, 5)), max_size=40)


@given(ROWS, st.integers(-25, 45), st.integers(0, 10), st.integers(1, 4))
def test_dense_sums_exactly_the_rows_of_each_cell(rows: list[tuple[int, int, int, int]], start: int, n_cells: int, width: int) -> None:
    counts = _counts([(one, bucket, n + n_negative, n_negative) for one, bucket, n, n_negative in rows])

    n, n_negative = counts.dense(1, 4, start=start, end=start + n_cells * width, width=width)

    expected = np.zeros((2, 3, n_cells))
    for series, bucket, more, negative in rows:
        cell = (bucket - start) // width
        if series >= 1 and 0 <= cell < n_cells:
            expected[:, series - 1, cell] += (more + negative, negative)
    assert np.array_equal(np.stack([n, n_negative]), expected)


def test_first_buckets_tells_where_each_series_begins() -> None:
    counts = _counts([(0, 5, 1, 0), (0, 9, 1, 0), (2, -3, 1, 1), (2, 7, 1, 1)])

    assert counts.first_buckets(0, 4, start=0, end=10).tolist() == [5, 10, 7, 10]


def test_counts_accepts_no_rows_at_all() -> None:
    n, _ = _counts([]).dense(0, 4, start=0, end=9)

    assert n.sum() == 0


@pytest.mark.parametrize("row", [(0, 1, 2, 3), (0, 1, 2, -1)])
def test_counts_refuses_counts_that_cannot_be(row: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="0 <= n_negative <= n"):
        _counts([row])


def _counts(rows: list[tuple[int, int, int, int]]) -> Counts:
    series, bucket, n, n_negative = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Counts.of(n_series=4, series=series, bucket=bucket, n=n, n_negative=n_negative)
