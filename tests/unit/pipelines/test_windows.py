from dataclasses import replace

import numpy as np
import pytest

from pipelines.baselines import Baselines
from pipelines.counts import Counts
from pipelines.levels import Level
from pipelines.rules import Rule
from pipelines.spikes import find_turns, fit_at
from pipelines.windows import LEAST_DAYS, Windows, candidates, followed_windows

DAY = 24  # buckets of an hour
AT = 28 * DAY
SHARE = Rule(
    metric="share",
    window=DAY,
    baseline=7 * DAY,
    season=28 * DAY,
    resolves_after=2,
    min_records=10,
    min_negatives=5,
    min_baseline_records=50,
    min_ratio=1.75,
    false_per_bucket=0.2 / 1000 / DAY,
    resolves_above_p=1e-2,
    per_day=DAY,
)
NEGATIVES = replace(SHARE, metric="negatives", min_negatives=10, min_baseline_records=0, min_ratio=2.0)
VOLUME = replace(SHARE, metric="volume", min_baseline_records=0, min_ratio=2.0)

Row = tuple[int, int, int, int]


@pytest.mark.parametrize(("window", "lengths"), [(1, [1]), (2, [1, 2]), (24, [1, 2, 4, 8, 16, 24]), (32, [1, 2, 4, 8, 16, 32])])
def test_lengths_double_up_to_the_window(window: int, lengths: list[int]) -> None:
    assert replace(SHARE, window=window).lengths == lengths


def test_candidates_are_every_length_of_window_that_stands_out() -> None:
    found, n_judged = _found([(0, AT, 20, 16)], until=AT + 2)

    assert set(zip(found.start.tolist(), found.at.tolist(), strict=True)) >= {(AT, AT + 1), (AT, AT + 2)}
    [shortest] = np.flatnonzero(found.start == found.at - 1)
    assert found.observed[shortest] == 0.8
    assert found.expected[shortest] == pytest.approx(0.2, rel=0.2)
    assert found.p_value[shortest] < 1e-4
    assert n_judged.tolist() == [1, 1]


def test_candidates_need_the_least_records() -> None:
    few, many = (_found([(0, AT, n, n)], until=AT + 1, rate=0.2)[0] for n in (9, 12))

    assert not (few.start == AT).any()
    assert (many.start == AT).any()


@pytest.mark.parametrize(("n_negative", "is_found"), [(33, False), (40, True)])
def test_candidates_of_a_share_near_one_stand_out_by_the_rest(n_negative: int, *, is_found: bool) -> None:
    found, _ = _found([(0, AT, 40, n_negative)], until=AT + 1, share=0.7)

    assert bool((found.start == AT).any()) is is_found


@pytest.mark.parametrize(("n", "is_likely"), [(50, False), (200, True)])
def test_negatives_that_the_volume_explains_are_no_turn(n: int, *, is_likely: bool) -> None:
    found, _ = _found([(0, AT, n, 40)], until=AT + 1, rule=NEGATIVES)

    only = found.rows(np.flatnonzero(found.start == AT))

    assert len(only.at)
    assert (only.p_value == 1.0).all() if is_likely else (only.p_value < 1e-4).all()


@pytest.mark.parametrize("rule", [SHARE, NEGATIVES, VOLUME], ids=["share", "negatives", "volume"])
def test_a_series_without_a_past_is_never_judged(rule: Rule) -> None:
    counts = _counts([(0, AT, 90, 80)])
    unknown = fit_at(counts, rule=rule, grid=AT).take(np.array([-1]))

    found, n_judged = candidates(counts, rule=rule, base=unknown, grid=AT, after=AT, until=AT + 6)

    assert not len(found.at)
    assert not n_judged.any()


@pytest.mark.parametrize(("missing", "is_judged"), [(0, True), (1, False)])
def test_a_series_is_judged_once_it_has_days_of_past(missing: int, *, is_judged: bool) -> None:
    found, n_judged = _found([(0, AT, 40, 36)], until=AT + 1, since=AT - LEAST_DAYS * DAY + missing)

    assert bool(len(found.at)) is is_judged
    assert n_judged.tolist() == [is_judged]


def test_windows_come_by_end_then_series_then_length() -> None:
    counts = _counts([(series, AT, 40, 36) for series in (0, 1)], n_series=2)

    found, _ = candidates(counts, rule=SHARE, base=fit_at(counts, rule=SHARE, grid=AT), grid=AT, after=AT, until=AT + 4)

    order = list(zip(found.at.tolist(), found.series.tolist(), found.start.tolist(), strict=True))
    assert order == sorted(order)
    assert {series for _, series, _ in order} == {0, 1}


@pytest.mark.parametrize(
    ("n", "share", "is_calm"),
    [(20, 0.2, True), (20, 0.8, False), (10, 0.35, False), (2000, 0.26, False)],
    ids=["low", "high and unlikely", "high, if likely", "unlikely, if low"],
)
def test_calm_is_neither_unlikely_nor_high(n: int, share: float, *, is_calm: bool) -> None:
    rows = [(0, AT + hour, n, round(n * share)) for hour in range(SHARE.resolves_after)]

    assert _is_calm(rows, opened_at=AT, base=_steady()) is is_calm


def test_a_window_that_reaches_back_before_the_opening_is_not_calm() -> None:
    rows = [(0, AT + hour, 20, 4) for hour in range(2)]

    assert _is_calm(rows, opened_at=AT) is True
    assert _is_calm(rows, opened_at=AT + 1) is False


def test_a_window_with_too_few_records_leaves_it_to_a_longer_one_to_tell_calm() -> None:
    high = [(0, AT + hour, 4, 4) for hour in range(4)]
    few_and_low = [(0, AT + hour, 2, 0) for hour in range(4, 6)]

    windows, is_calm = _followed([*high, *few_and_low], opened_at=AT, base=_steady())

    assert not is_calm[-1]
    assert windows.observed[(windows.start == AT + 4) & (windows.at == AT + 6)] == 0


def test_windows_longer_than_the_past_are_judged() -> None:
    rule = replace(SHARE, window=10 * DAY, baseline=2 * DAY, season=4 * DAY)
    counts = _counts([(0, AT + hour, 40, 30) for hour in range(6)])

    turns = find_turns(counts, rule=rule, after=AT, until=AT + 6)

    assert [turn.opened_at for turn in turns] == [AT + 1]


@pytest.mark.parametrize("rule", [SHARE, NEGATIVES, VOLUME], ids=["share", "negatives", "volume"])
@pytest.mark.parametrize("minutes", [7, 720, 1440, 10080])
def test_buckets_of_any_width_show_a_turn(rule: Rule, minutes: int) -> None:
    per_day = 1440 / minutes
    day = max(1, int(per_day))
    rule = replace(rule, window=day, baseline=7 * day, season=28 * day, per_day=per_day, false_per_bucket=2e-4 / per_day)
    at = 40 * day
    lasting = [(0, at + more, 120, 100) for more in range(2)]

    turns = find_turns(_counts(lasting, until=at), rule=rule, after=30 * day, until=at + 2)

    assert [turn.series for turn in turns] == [0]
    assert at < turns[0].opened_at <= at + 2


def _counts(more: list[Row], *, n_series: int = 1, until: int = AT, since: int = 0, rate: float = 20, share: float = 0.2) -> Counts:
    """Make steady counts from `since` up to `until`; the rows of `more` come after."""
    randoms = np.random.default_rng(7)
    n = randoms.poisson(rate, (n_series, until))
    n[:, :since] = 0
    n[:, since : since + 1] = 20
    n_negative = randoms.binomial(n, share)
    series, bucket = np.nonzero(n)
    rows = np.stack([series, bucket, n[series, bucket], n_negative[series, bucket]], axis=1)
    series, bucket, total, negative = np.concatenate([rows, np.array(more, dtype=np.int64).reshape(-1, 4)]).T
    return Counts.of(n_series=n_series, series=series, bucket=bucket, n=total, n_negative=negative)


def _found(
    more: list[Row], *, until: int, rule: Rule = SHARE, since: int = 0, rate: float = 20, share: float = 0.2
) -> tuple[Windows, np.ndarray]:
    counts = _counts(more, since=since, rate=rate, share=share)
    return candidates(counts, rule=rule, base=fit_at(counts, rule=rule, grid=AT), grid=AT, after=AT, until=until)


def _steady() -> Baselines:
    """Return a past in which a fifth is negative and strays no further than by chance."""
    flat, nothing = (np.ones((1, 24)), np.ones((1, 7))), np.zeros((1, len(SHARE.lengths)))
    return Baselines(np.zeros(1, dtype=np.int64), np.full(1, 1e4), None, Level(np.array([0.2]), *flat, nothing, nothing, nothing))


def _followed(more: list[Row], *, opened_at: int, base: Baselines | None = None) -> tuple[Windows, np.ndarray]:
    counts, last = _counts(more), more[-1][1] + 1
    fitted = base or fit_at(counts, rule=SHARE, grid=AT)
    return followed_windows(counts, rule=SHARE, base=fitted, grid=AT, series=0, ends=np.arange(AT + 1, last + 1), opened_at=opened_at)


def _is_calm(more: list[Row], *, opened_at: int, base: Baselines | None = None) -> bool:
    return bool(_followed(more, opened_at=opened_at, base=base)[1][-1])
