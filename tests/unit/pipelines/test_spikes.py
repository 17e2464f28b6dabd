from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pipelines.counts import Counts
from pipelines.rules import Rule
from pipelines.spikes import Turn, find_turns

DAY = 24  # buckets of an hour
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
COUNT = replace(SHARE, metric="negatives", min_negatives=10, min_baseline_records=0, min_ratio=2.0)
VOLUME = replace(SHARE, metric="volume", min_baseline_records=0, min_ratio=2.0)
DAYS = 45

Stream = tuple[np.ndarray, np.ndarray]


def test_find_turns_opens_on_a_planted_turn_of_the_share_and_resolves_after_it() -> None:
    n, n_negative = _stream(seed=1, n_series=20)
    busy = int(n.sum(axis=1).argmax())
    n_negative[busy, 35 * DAY : 36 * DAY] = np.round(n[busy, 35 * DAY : 36 * DAY] * 0.7)

    [turn] = [turn for turn in _turns(n, n_negative) if turn.series == busy]

    assert 35 * DAY < turn.opened_at <= 36 * DAY
    assert turn.resolved_at is not None
    assert 36 * DAY < turn.resolved_at <= 37 * DAY
    assert turn.peak.observed > 2 * turn.peak.expected


def test_find_turns_opens_on_a_planted_turn_of_the_count() -> None:
    n, n_negative = _stream(seed=2, n_series=20)
    n_negative[5, 35 * DAY : 36 * DAY] += 4
    n[5, 35 * DAY : 36 * DAY] += 5

    turns = _turns(n, n_negative, rule=COUNT)

    assert [turn.series for turn in turns] == [5]
    assert turns[0].peak.n_negative > 90


def test_find_turns_takes_more_records_with_the_same_mood_for_no_turn_of_the_count() -> None:
    n, n_negative = _stream(seed=3, n_series=20)
    n[5, 35 * DAY : 36 * DAY] *= 8
    n_negative[5, 35 * DAY : 36 * DAY] = np.round(n[5, 35 * DAY : 36 * DAY] * 0.1)

    assert _turns(n, n_negative, rule=COUNT) == []


@pytest.mark.parametrize("rule", [SHARE, COUNT], ids=["share", "negatives"])
def test_find_turns_stays_silent_on_quiet_streams(rule: Rule) -> None:
    n_series, seeds = 100, range(2)

    n_turns = sum(len(_turns(*_stream(seed=seed, n_series=n_series), rule=rule)) for seed in seeds)

    series_days = len(seeds) * n_series * DAYS
    assert n_turns / series_days < 0.2 / 1000


def test_find_turns_is_not_blinded_by_an_earlier_turn() -> None:
    n, n_negative = _stream(seed=4, n_series=5)
    for day in (30, 40):
        n_negative[2, day * DAY : (day + 1) * DAY] = np.round(n[2, day * DAY : (day + 1) * DAY] * 0.7)

    turns = _turns(n, n_negative)

    assert [turn.opened_at // DAY for turn in turns] == [30, 40]
    assert turns[1].peak.expected == pytest.approx(turns[0].peak.expected, rel=0.3)


def test_find_turns_takes_a_lasting_change_for_the_new_normal() -> None:
    n, n_negative = _stream(seed=6, n_series=3, days=60, records=8)
    busy = int(n.sum(axis=1).argmax())
    n_negative[busy, 35 * DAY :] = np.round(n[busy, 35 * DAY :] * 0.6)

    turns = _turns(n, n_negative, days=60)

    assert {turn.series for turn in turns} == {busy}
    assert all(turn.resolved_at and turn.resolved_at <= 35 * DAY + SHARE.baseline // 2 + 2 * SHARE.window for turn in turns)


def test_find_turns_keeps_a_turn_open_while_few_records_are_all_negative() -> None:
    n, n_negative = np.zeros((1, DAYS * DAY), dtype=np.int64), np.zeros((1, DAYS * DAY), dtype=np.int64)
    n[0] = 1
    n_negative[0, ::10] = 1
    n_negative[0, 40 * DAY : 41 * DAY] = 1
    n[0, 41 * DAY : 42 * DAY] = n_negative[0, 41 * DAY : 42 * DAY] = np.tile([1, 0], DAY // 2)

    turns = _turns(n, n_negative)

    assert len(turns) == 1
    assert turns[0].resolved_at is not None
    assert turns[0].resolved_at > 42 * DAY


def test_find_turns_judges_no_share_without_a_baseline() -> None:
    n, n_negative = np.zeros((1, 3 * DAY), dtype=np.int64), np.zeros((1, 3 * DAY), dtype=np.int64)
    n[0, -5:] = n_negative[0, -5:] = 10

    assert _turns(n, n_negative, days=3) == []


def test_find_turns_needs_the_minimum_of_records() -> None:
    n, n_negative = np.zeros((1, DAYS * DAY), dtype=np.int64), np.zeros((1, DAYS * DAY), dtype=np.int64)
    n[0, ::6] = 1
    n_negative[0, 40 * DAY : 41 * DAY : 6] = 1

    assert _turns(n, n_negative) == []


@pytest.mark.parametrize("rule", [SHARE, COUNT, VOLUME], ids=["share", "negatives", "volume"])
@pytest.mark.parametrize("n_series", [0, 3])
def test_find_turns_finds_nothing_where_there_is_nothing(rule: Rule, n_series: int) -> None:
    nothing = np.zeros((n_series, 3 * DAY), dtype=np.int64)

    assert _turns(nothing, nothing, rule=rule, days=3) == []


def _stream(*, seed: int, n_series: int, days: int = DAYS, records: float = 1) -> Stream:
    """Make over-dispersed counts by hour: volumes and shares that wander by the day, and a daily season."""
    random = np.random.default_rng(seed)
    rate = records * random.lognormal(0.5, 0.8, (n_series, 1)) * random.gamma(8, 1 / 8, (n_series, days)).repeat(DAY, axis=1)
    season = 1 + 0.6 * np.sin(2 * np.pi * np.arange(days * DAY) / DAY)
    n = random.poisson(rate * season)
    usual = random.uniform(0.1, 0.3, (n_series, 1))
    share = random.beta(usual * 80, (1 - usual) * 80, (n_series, days)).repeat(DAY, axis=1)
    return n, random.binomial(n, share)


def _counts(n: np.ndarray, n_negative: np.ndarray) -> Counts:
    series, bucket = np.nonzero(n)
    return Counts.of(n_series=len(n), series=series, bucket=bucket, n=n[series, bucket], n_negative=n_negative[series, bucket])


def _turns(n: np.ndarray, n_negative: np.ndarray, *, rule: Rule = SHARE, days: int = DAYS) -> Sequence[Turn]:
    return find_turns(_counts(n, n_negative), rule=rule, after=0, until=days * DAY)
