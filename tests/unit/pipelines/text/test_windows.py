from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.windows import cut, seams, stitch

WORDS = st.lists(st.integers(1, 6), max_size=60).map(lambda sizes: [at == 0 for size in sizes for at in range(size)])
SIZES = st.integers(1, 40)
OVERLAPS = st.integers(0, 20)


@given(WORDS, SIZES, OVERLAPS)
def test_cut_covers_every_token_with_windows_that_fit(word_starts: list[bool], size: int, overlap: int) -> None:
    windows = cut(word_starts, window_tokens=size, overlap=overlap)

    assert {at for start, stop in windows for at in range(start, stop)} == set(range(len(word_starts)))
    assert all(0 < stop - start <= size for start, stop in windows)
    assert all(one[0] < other[0] <= one[1] < other[1] for one, other in pairwise(windows))


@given(WORDS, st.integers(24, 60), OVERLAPS)
def test_cut_starts_and_stops_where_words_start(word_starts: list[bool], size: int, overlap: int) -> None:
    windows = cut(word_starts, window_tokens=size, overlap=overlap)

    assert all(word_starts[start] for start, _ in windows)
    assert all(word_starts[stop] for _, stop in windows[:-1])


def test_cut_gives_neighbours_the_overlap_asked_for() -> None:
    assert cut([True] * 100, window_tokens=40, overlap=10) == [(0, 40), (30, 70), (60, 100)]
    assert cut([True] * 40, window_tokens=40, overlap=10) == [(0, 40)]
    assert cut([], window_tokens=40, overlap=10) == []


@given(WORDS, SIZES, OVERLAPS)
def test_stitch_returns_each_token_once_in_order(word_starts: list[bool], size: int, overlap: int) -> None:
    rows = np.arange(len(word_starts), dtype=np.float32)[:, None]
    windows = cut(word_starts, window_tokens=size, overlap=overlap)

    if windows:
        assert np.array_equal(stitch([rows[start:stop] for start, stop in windows], windows, word_starts), rows)


@given(st.integers(1, 200), st.integers(8, 40), OVERLAPS)
def test_stitch_takes_each_token_from_the_window_where_it_stands_farther_from_an_edge(n_tokens: int, size: int, overlap: int) -> None:
    word_starts = [True] * n_tokens
    windows = cut(word_starts, window_tokens=size, overlap=overlap)
    judges = [np.full((stop - start, 1), number, dtype=np.float32) for number, (start, stop) in enumerate(windows)]

    judged_by = stitch(judges, windows, word_starts)[:, 0].astype(int)

    for at, judge in enumerate(judged_by):
        distances = {
            number: min(at - start if number else n_tokens, stop - 1 - at if number < len(windows) - 1 else n_tokens)
            for number, (start, stop) in enumerate(windows)
            if start <= at < stop
        }
        assert distances[judge] >= max(distances.values()) - 1  # the middle of an even overlap is a matter of taste


@pytest.mark.parametrize("overlap", [0, 4, 12])
def test_seams_never_lie_within_a_word(overlap: int) -> None:
    word_starts = [at % 3 == 0 for at in range(200)]
    windows = cut(word_starts, window_tokens=36, overlap=overlap)

    assert all(word_starts[seam] for seam in seams(windows, word_starts))
