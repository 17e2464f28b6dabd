import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.levels import PRIOR_SHARE, SHARE_FLOOR, Level, fit_counts, fit_shares
from pipelines.rhythm import Rhythm

HOURLY = Rhythm(24.0)
DAY, WEEK = 24, 7 * 24
NOTHING = np.empty((1, 0))

Array = np.ndarray


@pytest.mark.parametrize("times", [3, 50])
def test_fit_counts_is_not_moved_by_a_turn_in_the_past(times: int) -> None:
    x = _records()
    turned = x.copy()
    turned[0, 23 * DAY : 24 * DAY] *= times

    usual, _ = _count_level(x)
    level, alike = _count_level(turned)

    assert level.height[0] == pytest.approx(usual.height[0], rel=0.05)
    assert not alike[0, 23 * DAY : 24 * DAY].any()
    assert alike.mean() > 0.9


def test_fit_counts_takes_the_pause_of_a_feed_for_no_low() -> None:
    x = _records()
    paused = x.copy()
    paused[0, 23 * DAY : 25 * DAY] = 0

    usual, _ = _count_level(x)
    level, alike = _count_level(paused)

    assert level.height[0] == pytest.approx(usual.height[0], rel=0.05)
    assert not alike[0, 23 * DAY : 25 * DAY].any()


def test_fit_counts_of_a_young_series_leaves_out_what_was_not_watched() -> None:
    x, known = _records(), np.ones((1, 4 * WEEK), dtype=np.bool_)
    x[0, : 22 * DAY], known[0, : 22 * DAY] = 0, False

    level, alike = fit_counts(x, known=known, start=0, recent=WEEK, rhythm=HOURLY)

    assert level.height[0] == pytest.approx(20, rel=0.1)
    assert not alike[0, : 22 * DAY].any()


@pytest.mark.parametrize(("days", "height"), [(3, 20), (4, 60)])
def test_fit_counts_takes_what_lasts_for_half_of_the_baseline_for_normal(days: int, height: float) -> None:
    x = _records()
    x[0, -days * DAY :] *= 3

    assert _count_level(x)[0].height[0] == pytest.approx(height, rel=0.15)


@pytest.mark.parametrize(("days", "height"), [(3, 0.2), (4, 0.6)])
def test_fit_shares_takes_what_lasts_for_half_of_the_baseline_for_normal(days: int, height: float) -> None:
    n, negative = _shares()
    negative[0, -days * DAY :] = n[0, -days * DAY :] * 0.6

    assert _share_level(n, negative)[0].height[0] == pytest.approx(height, rel=0.2)


def test_fit_shares_is_not_moved_by_a_turn_in_the_past() -> None:
    n, negative = _shares()
    usual, _ = _share_level(n, negative)
    negative[0, 23 * DAY : 24 * DAY] = n[0, 23 * DAY : 24 * DAY] * 0.9

    level, alike = _share_level(n, negative)

    assert level.height[0] == pytest.approx(usual.height[0], rel=0.05)
    assert not alike[0, 23 * DAY : 24 * DAY].any()


@pytest.mark.parametrize(("share", "height"), [(0.0, SHARE_FLOOR), (1.0, 1 - SHARE_FLOOR)])
def test_fit_shares_expects_no_share_beyond_its_floor(share: float, height: float) -> None:
    n, _ = _shares()

    assert _share_level(n, n * share)[0].height[0] == pytest.approx(height)


def test_fit_shares_of_nothing_is_what_was_believed_before() -> None:
    nothing = np.zeros((1, 4 * WEEK))

    level, _ = _share_level(nothing, nothing)

    assert level.height[0] == pytest.approx(PRIOR_SHARE)
    assert np.ptp(level.hours) == np.ptp(level.days) == 0


def test_fits_of_no_series_have_no_rows() -> None:
    nothing = np.zeros((0, 4 * WEEK))

    for level, alike in (_count_level(nothing), _share_level(nothing, nothing)):
        assert level.height.shape == (0,)
        assert alike.shape == (0, 4 * WEEK)


def test_fit_counts_learns_the_hours_of_the_day() -> None:
    tide = 1 + 0.8 * np.sin(2 * np.pi * (np.arange(4 * WEEK) + 0.5) / DAY)

    level, _ = _count_level(_records(tide))

    expected = level.expected(slice(None), start=0, end=DAY, rhythm=HOURLY)[0]
    assert expected == pytest.approx(20 * tide[:DAY], rel=0.25)
    assert level.hours.mean() == pytest.approx(1, abs=1e-12)


def test_fit_counts_learns_weekdays_from_two_weeks_on() -> None:
    tide = np.where(np.arange(4 * WEEK) // DAY % 7 >= 5, 2.0, 1.0)

    one, two, four = (_count_level(_records(tide[: weeks * WEEK]))[0].days[0] for weeks in (1, 2, 4))

    assert np.ptp(one) == 0
    assert 1 < two[5] / two[0] < four[5] / four[0] == pytest.approx(2, rel=0.25)


@pytest.mark.parametrize(("weeks", "share_kept"), [(2, 0.0), (3, 1.0)])
def test_fit_counts_takes_a_high_weekday_for_usual_from_three_weeks_on(weeks: int, share_kept: float) -> None:
    tide = np.where(np.arange(weeks * WEEK) // DAY % 7 == 5, 6.0, 1.0)

    _, alike = _count_level(_records(tide))

    before = slice(0, (weeks - 1) * WEEK)  # the last week is judged anew
    assert alike[0, before][tide[before] > 1].mean() == pytest.approx(share_kept, abs=0.1)


@given(st.tuples(*[st.floats(0, 3)] * 3), st.lists(st.floats(0, 1e5), min_size=2, max_size=9))
def test_stray_never_falls_as_windows_grow(told: tuple[float, float, float], sizes: list[float]) -> None:
    clump, slope, spread = (np.array([[one]]) for one in told)
    level = Level(np.ones(1), np.ones((1, 24)), np.ones((1, 7)), clump, slope, spread)

    stray = level.stray(slice(None), 0, np.sort(np.array([sizes])))

    assert (np.diff(stray) >= 0).all()
    assert stray.min() >= 1


def test_expected_of_cells_is_that_of_their_buckets_on_average() -> None:
    quarter_hourly = Rhythm(96.0)
    hours, days = np.random.default_rng(1).uniform(0.5, 2, (1, 24)), np.random.default_rng(2).uniform(0.5, 2, (1, 7))
    level = Level(np.array([3.0]), hours, days, NOTHING, NOTHING, NOTHING)

    each = level.expected(slice(None), start=8, end=8 + 96, rhythm=quarter_hourly)
    by_cell = level.expected(slice(None), start=8, end=8 + 96, rhythm=quarter_hourly, width=4)

    assert by_cell == pytest.approx(each.reshape(1, -1, 4).mean(axis=2))


def _records(tide: Array | None = None) -> Array:
    """Make four weeks of 20 records an hour, or as many times that as `tide` says."""
    rate = 20 * (np.ones(4 * WEEK) if tide is None else tide)
    return np.random.default_rng(1).poisson(rate[None, :]).astype(np.float64)


def _shares() -> tuple[Array, Array]:
    """Make four weeks of 20 records an hour, a fifth of them negative."""
    n = _records()
    return n, np.random.default_rng(2).binomial(n.astype(np.int64), 0.2).astype(np.float64)


def _count_level(x: Array) -> tuple[Level, Array]:
    return fit_counts(x, known=np.ones(x.shape, dtype=np.bool_), start=0, recent=WEEK, rhythm=HOURLY)


def _share_level(n: Array, negative: Array) -> tuple[Level, Array]:
    return fit_shares(n, negative, start=0, recent=WEEK, rhythm=HOURLY)
