from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.count_grid import CountGrid, grid_of
from workers.count_rows import EPOCH
from workers.counts_file import CountRows
from workers.errors import UsageError

START = datetime(2015, 2, 26, 21, 42, 53, tzinfo=UTC)
FIVE = timedelta(minutes=5)
Row = tuple[str, datetime, int, int]


def test_grid_of_tells_the_width_and_where_buckets_start() -> None:
    grid = grid_of(_rows([("AAPL", START + FIVE * index, 100 + index, 0) for index in (3, 0, 1, 7)]))

    assert grid.bucket == FIVE
    assert [grid.time(0, int(number)) for number in grid.number] == [START + FIVE * index for index in (0, 1, 3, 7)]
    assert grid.n.tolist() == [100, 101, 103, 107]


def test_grid_of_sparse_rows_finds_the_bucket_that_divides_their_gaps() -> None:
    grid = grid_of(_rows([("a", START + FIVE * index, 1, 0) for index in (0, 2, 5, 9)]))

    assert grid.bucket == FIVE


def test_grid_of_lets_each_series_start_its_buckets_where_its_rows_lie() -> None:
    late = START + timedelta(seconds=127)
    grid = grid_of(_rows([(name, start + FIVE * index, 1, 0) for name, start in (("a", START), ("b", late)) for index in range(9)]))

    assert grid.bucket == FIVE
    assert [grid.time(one, int(grid.number[grid.series == one].min())) for one in (0, 1)] == [START, late]


def test_grid_of_crooked_rows_takes_the_usual_gap() -> None:
    grid = grid_of(
        _rows([("a", START + FIVE * index + (timedelta(seconds=7) if index == 5 else timedelta()), 1, 0) for index in range(30)])
    )

    assert grid.bucket == FIVE
    assert np.unique(grid.number).size == 30


def test_grid_of_crooked_rows_without_a_usual_gap_asks_for_the_width() -> None:
    rows = _rows([("a", START + timedelta(seconds=300 * index + index**3 % 101), 1, 0) for index in range(30)])

    with pytest.raises(UsageError, match="--bucket 5m"):
        grid_of(rows)
    assert grid_of(rows, bucket=FIVE).bucket == FIVE


def test_grid_of_adds_rows_up_in_a_wider_bucket() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    grid = grid_of(_rows([("a", noon + FIVE * index, 10, 1) for index in range(6)]), bucket=FIVE * 3)

    assert np.unique(grid.number).size == 2
    assert (grid.n.sum(), grid.time(0, int(grid.number[0]))) == (60, noon)


@pytest.mark.parametrize("width", [FIVE, timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)])
def test_grid_of_knows_any_width(width: timedelta) -> None:
    assert grid_of(_rows([(name, START + width * index, 1, 0) for name in "ab" for index in range(4)])).bucket == width


def test_grid_of_a_single_moment_or_of_nothing_is_a_grid() -> None:
    grid = grid_of(_rows([("a", START, 1, 0), ("b", START, 1, 0)]))

    assert grid.time(1, int(grid.number[1])) == START
    assert not len(grid_of(_rows([])).number)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.integers(3, 5), st.integers(0, 3)), min_size=1), st.randoms())
def test_grid_of_is_the_same_for_rows_in_any_order_and_sent_twice(cells: list[tuple[str, int, int, int]], random: object) -> None:
    rows: list[Row] = [(name, START + FIVE * index, n, n_negative) for name, index, n, n_negative in cells]
    shuffled = [*rows, *rows[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random

    once, twice = grid_of(_rows(rows), bucket=FIVE), grid_of(_rows(shuffled), bucket=FIVE)

    assert _cells(once) == _cells(twice)


def test_grid_of_lets_a_correction_replace_what_it_corrects() -> None:
    grid = grid_of(_rows([("a", START, 9, 2), ("a", START, 12, 1), ("a", START + FIVE, 1, 0)]))

    assert list(zip(grid.n.tolist(), grid.n_negative.tolist(), strict=True)) == [(12, 1), (1, 0)]


def _cells(grid: CountGrid) -> list[tuple[int, ...]]:
    return list(zip(grid.series.tolist(), grid.number.tolist(), grid.n.tolist(), grid.n_negative.tolist(), strict=True))


def _rows(rows: list[Row]) -> CountRows:
    names = sorted({row[0] for row in rows})
    columns = [
        np.array(column, dtype=np.int64)
        for column in (
            [names.index(name) for name, *_ in rows],
            [(at - EPOCH) // timedelta(microseconds=1) for _, at, *_ in rows],
            [row[2] for row in rows],
            [row[3] for row in rows],
        )
    ]
    return CountRows(tuple(names), *columns)
