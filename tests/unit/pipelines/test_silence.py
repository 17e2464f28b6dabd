import numpy as np
import pytest

from pipelines.counts import Counts
from pipelines.rhythm import Rhythm
from pipelines.silence import Silence, judge_silence

PER_DAY = 288
DAY, HOUR = PER_DAY, PER_DAY // 24
RHYTHM = Rhythm(float(PER_DAY))


def _feed(rate: np.ndarray, *, seed: int = 1) -> np.ndarray:
    """Draw records a bucket, from the epoch on."""
    return np.random.default_rng(seed).poisson(rate)


def _judge(n: np.ndarray, *, start: int, end: int) -> Silence | None:
    bucket = np.flatnonzero(n[:start])
    counts = Counts.of(n_series=1, series=np.zeros(len(bucket)), bucket=bucket, n=n[bucket], n_negative=np.zeros(len(bucket)))
    return judge_silence(counts, start=start, end=end, season=28 * DAY, baseline=7 * DAY, rhythm=RHYTHM)


def _steady(days: int = 28) -> np.ndarray:
    return np.full(days * DAY, 2.0)


def test_silence_of_a_steady_feed_is_unlikely_within_an_hour() -> None:
    found = _judge(_feed(_steady()), start=28 * DAY, end=28 * DAY + 12)

    assert found
    assert found.expected == pytest.approx(24, rel=0.1)
    assert PER_DAY * np.exp(-24) < found.a_day < 1e-5


def test_silence_at_night_is_nothing_for_a_feed_that_sleeps() -> None:
    hours = np.arange(28 * DAY) // HOUR % 24
    rate = np.where((hours >= 7) & (hours < 19), 4.0, 0.0)
    n = _feed(rate)

    night = _judge(n, start=27 * DAY + 19 * HOUR, end=28 * DAY + 6 * HOUR)
    noon = _judge(n, start=27 * DAY + 12 * HOUR, end=27 * DAY + 13 * HOUR)

    assert night
    assert noon
    assert night.expected < 5
    assert noon.expected > 40
    assert night.a_day > 1e-2
    assert noon.a_day < 1e-5


def test_silence_at_the_weekend_is_nothing_for_a_feed_that_rests_then() -> None:
    day = np.arange(28 * DAY) // DAY % 7
    n = _feed(np.where(day < 5, 2.0, 0.0))

    found = _judge(n, start=26 * DAY, end=28 * DAY - HOUR)

    assert found
    assert found.a_day > 1e-3


def test_silence_of_a_feed_that_comes_in_bursts_must_be_longer() -> None:
    bursts = np.zeros(28 * DAY)
    bursts[np.random.default_rng(4).choice(28 * DAY, size=28 * 12, replace=False)] = 48.0

    steady, bursty = (_judge(_feed(rate), start=28 * DAY, end=28 * DAY + 4 * HOUR) for rate in (_steady(), bursts))

    assert steady
    assert bursty
    assert bursty.expected == pytest.approx(steady.expected, rel=0.5)  # twelve bursts a day tell little of its hours
    assert bursty.a_day > 1e-2 > steady.a_day


def test_silence_is_not_hidden_by_one_outage_before() -> None:
    rate = _steady()
    rate[20 * DAY : 20 * DAY + 8 * HOUR] = 0

    found = _judge(_feed(rate), start=28 * DAY, end=28 * DAY + 2 * HOUR)

    assert found
    assert found.a_day < 1e-4


def test_silence_grows_less_likely_the_longer_it_lasts() -> None:
    n = _feed(_steady())
    lengths = [_judge(n, start=28 * DAY, end=28 * DAY + length) for length in (2, 6, 12, 24)]

    assert [one.a_day for one in lengths if one] == sorted((one.a_day for one in lengths if one), reverse=True)
    assert len([one for one in lengths if one]) == 4


def test_silence_of_a_feed_known_for_less_than_a_week_is_not_judged() -> None:
    assert _judge(_feed(_steady(days=6)), start=6 * DAY, end=7 * DAY) is None
    assert _judge(np.zeros(9 * DAY, dtype=np.int64), start=8 * DAY, end=9 * DAY) is None


def test_silence_is_seldom_found_in_a_feed_that_never_stops() -> None:
    hours = np.arange(60 * DAY) // HOUR % 24
    false = 0
    for seed in range(2):
        n = _feed(np.where((hours >= 6) & (hours < 22), 0.6, 0.05), seed=seed)
        empty = np.flatnonzero((n == 0) & (np.arange(len(n)) >= 28 * DAY))
        ends = empty[np.flatnonzero(np.diff(empty, append=empty[-1] + 2) > 1)]
        starts = empty[np.flatnonzero(np.diff(empty, prepend=empty[0] - 2) > 1)]
        for start, end in list(zip(starts, ends, strict=True))[::4]:
            if end - start >= 16:
                found = _judge(n, start=int(start), end=int(end))
                false += bool(found and found.expected >= 10 and found.a_day <= 0.5 / 1000)

    assert false == 0
