from dataclasses import replace

import numpy as np
import pytest

from pipelines.levels import Level
from pipelines.rhythm import Rhythm
from pipelines.straying import OF_COUNTS, OF_SHARES, Seen, with_count_straying, with_share_straying

DAY, WEEK = 24, 7 * 24
RATE, SHARE = 20.0, 0.2
WINDOWS = (1, 2, 4, 8, 24)
FLAT = Level(np.array([RATE]), np.ones((1, 24)), np.ones((1, 7)), *[np.empty((1, 0))] * 3)

Array = np.ndarray


def test_counts_that_come_in_clumps_stray_further_than_those_that_come_one_by_one() -> None:
    randoms = np.random.default_rng(1)
    clumped = 5.0 * randoms.poisson(RATE / 5, (1, 4 * WEEK))

    calm, restless = _stray_of_counts(_records()), _stray_of_counts(clumped)

    assert calm[0] < 1.5
    assert restless[0] > 3.5
    assert (restless > calm).all()


def test_shares_that_wander_by_the_day_stray_further_the_longer_the_window() -> None:
    randoms = np.random.default_rng(1)
    n = _records()
    share = np.repeat(randoms.beta(10, 40, (1, 28)), DAY, axis=1)
    wandering, steady = (randoms.binomial(n.astype(np.int64), one).astype(np.float64) for one in (share, SHARE))

    restless, calm = _stray_of_shares(n, wandering), _stray_of_shares(n, steady)

    assert (np.diff(restless) > 0).all()
    assert restless[-1] == pytest.approx(1 + DAY * RATE * 1 / 51, rel=0.6)  # a beta(10, 40) correlates records by 1/51
    assert calm[-1] < restless[-1] / 2


def test_one_burst_makes_a_series_look_far_less_restless_than_its_variance() -> None:
    burst = _records()
    burst[0, -2 * DAY] = 50 * RATE

    stray = _stray_of_counts(burst)[0]

    assert stray < 0.1 * burst[:, -WEEK:].var() / RATE


def test_cells_that_are_left_out_tell_nothing() -> None:
    x, alike = _records(), np.ones((1, 4 * WEEK), dtype=np.bool_)
    turned = x.copy()
    turned[0, -3 * DAY : -2 * DAY] *= 10
    alike[0, -3 * DAY : -2 * DAY] = False

    stray, usual = (with_count_straying(FLAT, _seen(one).only(alike), of_negatives=False, windows=WINDOWS) for one in (turned, x))

    assert np.array_equal(stray.clump, usual.clump)
    assert np.array_equal(stray.spread, usual.spread)


def test_nothing_seen_leaves_what_is_believed_of_any_series_and_more() -> None:
    nothing = np.zeros((1, 4 * WEEK))

    seen = _seen(nothing, nothing, known=nothing > 0)
    counts = with_count_straying(FLAT, seen, of_negatives=False, windows=WINDOWS)
    shares = with_share_straying(replace(FLAT, height=np.array([SHARE])), seen, windows=WINDOWS)

    for level, belief in ((counts, OF_COUNTS), (shares, OF_SHARES)):
        assert (level.clump >= belief.clump).all()
        assert (level.spread >= belief.spread).all()
        assert np.isfinite(level.slope).all()


def test_the_less_was_seen_the_further_a_series_may_stray() -> None:
    x, known = _records(), np.ones((1, 4 * WEEK), dtype=np.bool_)
    known[0, : -2 * DAY] = False

    little = with_count_straying(FLAT, _seen(x * known, known=known), of_negatives=False, windows=WINDOWS)

    assert (_at_usual_sizes(little, RATE) > _stray_of_counts(x)).all()


def test_windows_longer_than_the_past_believe_what_shorter_ones_told() -> None:
    windows = (1, 8, 4 * WEEK, 40 * WEEK)

    level = with_count_straying(FLAT, _seen(_records()), of_negatives=False, windows=windows)

    assert level.clump.shape == level.slope.shape == level.spread.shape == (1, 4)
    assert np.isfinite(level.stray(slice(None), 3, np.array([[RATE * 40 * WEEK]]))).all()


def test_with_share_straying_of_no_series_is_none() -> None:
    nothing = np.zeros((0, 4 * WEEK))
    none = Level(*(one[:0] for one in (FLAT.height, FLAT.hours, FLAT.days, FLAT.clump, FLAT.slope, FLAT.spread)))

    assert with_share_straying(none, _seen(nothing, nothing), windows=WINDOWS).clump.shape == (0, len(WINDOWS))


def _records() -> Array:
    return np.random.default_rng(3).poisson(RATE, (1, 4 * WEEK)).astype(np.float64)


def _seen(n: Array, negative: Array | None = None, *, known: Array | None = None) -> Seen:
    """Take hours for buckets and for cells; the last week is the baseline."""
    watched = np.ones(n.shape, dtype=np.bool_) if known is None else known
    told = np.zeros(n.shape) if negative is None else negative
    recent = n.shape[1] - WEEK
    each = {"n": n[:, recent:], "negative": told[:, recent:], "known": watched[:, recent:], "start": recent}
    return Seen(**each, start_cells=0, n_cells=n, negative_cells=told, known_cells=watched, rhythm=Rhythm(24.0))


def _stray_of_counts(n: Array) -> Array:
    return _at_usual_sizes(with_count_straying(FLAT, _seen(n), of_negatives=False, windows=WINDOWS), RATE)


def _stray_of_shares(n: Array, negative: Array) -> Array:
    level = with_share_straying(replace(FLAT, height=np.array([SHARE])), _seen(n, negative), windows=WINDOWS)
    return _at_usual_sizes(level, RATE)


def _at_usual_sizes(level: Level, rate: float) -> Array:
    """Return how far windows of each length stray that hold as much as usual."""
    sizes = rate * np.array(WINDOWS)
    return np.array([level.stray(slice(None), column, np.array([[size]]))[0, 0] for column, size in enumerate(sizes)])
