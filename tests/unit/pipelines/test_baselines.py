from dataclasses import fields

import numpy as np
import pytest

from pipelines import baselines
from pipelines.baselines import NEVER, Baselines, Past, fit
from pipelines.counts import Counts
from pipelines.levels import Level
from pipelines.rhythm import Rhythm

DAY = 24  # buckets of an hour
AT = 28 * DAY
METRICS = pytest.mark.parametrize("metric", ["share", "negatives", "volume"])


@METRICS
def test_baselines_survive_being_stored_to_the_last_bit(metric: str) -> None:
    fitted = _fit(_counts(), metric=metric)

    assert _columns(Baselines.from_bytes(fitted.to_bytes())) == _columns(fitted)


@METRICS
def test_take_returns_the_rows_in_another_order(metric: str) -> None:
    fitted = _fit(_counts(), metric=metric)

    backwards = fitted.take(np.arange(5)[::-1])

    assert _columns(backwards) != _columns(fitted)
    assert _columns(backwards.take(np.arange(5)[::-1])) == _columns(fitted)


def test_take_gives_no_past_to_unknown_series() -> None:
    fitted = _fit(_counts())

    taken = fitted.take(np.array([2, -1, 0]))

    assert taken.since.tolist() == [fitted.since[2], NEVER, fitted.since[0]]


def test_take_of_unknown_series_works_where_nothing_is_known() -> None:
    nothing = _fit(_counts()).take(np.zeros(0, dtype=np.int64))

    taken = nothing.take(np.array([-1, -1]))

    assert taken.since.tolist() == [NEVER, NEVER]
    assert taken.shares is not None
    assert taken.shares.hours.shape == (2, 24)


@METRICS
def test_joined_puts_the_rows_of_all_parts_one_after_the_other(metric: str) -> None:
    fitted = _fit(_counts(), metric=metric)

    joined = Baselines.joined([fitted.take(np.array([0, 1])), fitted.take(np.array([2])), fitted.take(np.array([3, 4]))])

    assert _columns(joined) == _columns(fitted)


@METRICS
def test_fit_gives_the_same_a_part_of_the_series_at_a_time(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = _fit(_counts(), metric=metric)

    monkeypatch.setattr(baselines, "CELLS_AT_ONCE", 1)

    assert _columns(_fit(_counts(), metric=metric)) == _columns(at_once)


@METRICS
def test_fit_reads_nothing_from_its_moment_on_nor_from_before_the_season(metric: str) -> None:
    strange = [(series, bucket, 900, 900) for series in range(5) for bucket in (-1, AT, AT + 5)]

    assert _columns(_fit(_counts(strange), metric=metric)) == _columns(_fit(_counts(), metric=metric))


@pytest.mark.parametrize(("metric", "has_counts", "has_shares"), [("share", 0, 1), ("negatives", 1, 1), ("volume", 1, 0)])
def test_fit_fits_what_the_metric_needs(metric: str, has_counts: int, has_shares: int) -> None:
    fitted = _fit(_counts(), metric=metric)

    assert (fitted.counts is not None, fitted.shares is not None) == (has_counts, has_shares)


def test_fit_tells_since_when_each_series_is_known() -> None:
    counts = Counts.of(n_series=3, series=[0, 0, 2], bucket=[30, 40, AT], n=[3, 4, 9], n_negative=[1, 1, 1])

    fitted = _fit(counts)

    assert fitted.since.tolist() == [30, NEVER, NEVER]
    assert fitted.n_past.tolist() == [7, 0, 0]


def test_fit_is_hardly_moved_by_a_turn_in_the_past() -> None:
    turned = [(0, 24 * DAY + hour, 60, 55) for hour in range(12)]

    usual, fitted = _fit(_counts(), metric="negatives"), _fit(_counts(turned), metric="negatives")

    for one, other in ((usual.counts, fitted.counts), (usual.shares, fitted.shares)):
        assert one is not None
        assert other is not None
        assert other.height[0] == pytest.approx(one.height[0], rel=0.15)
        assert other.stray(slice(0, 1), 0, np.array([[20.0]])) == pytest.approx(one.stray(slice(0, 1), 0, np.array([[20.0]])), rel=0.15)


@METRICS
def test_fit_of_no_series_has_no_rows(metric: str) -> None:
    fitted = _fit(Counts.of(n_series=0, series=[], bucket=[], n=[], n_negative=[]), metric=metric)

    assert len(fitted.since) == len(fitted.n_past) == 0


@pytest.mark.parametrize(
    ("minutes", "season", "recent"), [(60, 28 * DAY, 7 * DAY), (1440, 28, 7), (7, 26 * 216, 6 * 216)], ids=["hour", "day", "7 minutes"]
)
def test_past_is_cut_to_whole_days(minutes: int, season: int, recent: int) -> None:
    per_day = 1440 / minutes
    past = Past(at=0, season=int(28 * per_day), baseline=int(7 * per_day), windows=[1], rhythm=Rhythm(per_day))

    assert (-past.start, past.recent) == (season, recent)


def test_past_holds_a_day_at_least_and_no_baseline_beyond_the_season() -> None:
    short = Past(at=100, season=5, baseline=2, windows=[1], rhythm=Rhythm(24.0))
    odd = Past(at=100, season=DAY, baseline=9 * DAY, windows=[1], rhythm=Rhythm(24.0))

    assert (short.start, short.recent) == (100 - DAY, DAY)
    assert odd.recent == DAY


def _fit(counts: Counts, *, metric: str = "share") -> Baselines:
    return fit(counts, metric=metric, past=Past(at=AT, season=28 * DAY, baseline=7 * DAY, windows=(1, 2, 4, 24), rhythm=Rhythm(24.0)))


def _counts(more: "list[tuple[int, int, int, int]] | None" = None) -> Counts:
    """Make four weeks of five series, the last of which begins a week before the end; rows of `more` come on top."""
    randoms = np.random.default_rng(5)
    n = randoms.poisson(np.array([[20.0], [3], [8], [1], [12]]), (5, AT))
    n[4, : 21 * DAY] = 0
    n_negative = randoms.binomial(n, 0.25)
    series, bucket = np.nonzero(n)
    rows = np.stack([series, bucket, n[series, bucket], n_negative[series, bucket]], axis=1)
    series, bucket, total, negative = np.concatenate([rows, np.array(more or [], dtype=np.int64).reshape(-1, 4)]).T
    return Counts.of(n_series=5, series=series, bucket=bucket, n=total, n_negative=negative)


def _columns(fitted: Baselines) -> list[bytes]:
    levels = [level for level in (fitted.counts, fitted.shares) if level is not None]
    return [
        fitted.since.tobytes(),
        fitted.n_past.tobytes(),
        *(getattr(one, field.name).tobytes() for one in levels for field in fields(Level)),
    ]
