"""Laws of the detector that hold for any stream: what arrives in another order, in pieces or in steps changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.baselines import Baselines
from pipelines.counts import Counts
from pipelines.rules import Rule
from pipelines.spikes import Turn, find_turns, grid_point, reaches_back, refit_every

DAY = 24  # buckets of an hour
DAYS = 13
UNTIL = DAYS * DAY
SHARE = Rule(
    metric="share",
    window=DAY,
    baseline=4 * DAY,
    season=7 * DAY,
    resolves_after=2,
    min_records=10,
    min_negatives=5,
    min_baseline_records=50,
    min_ratio=1.5,
    false_per_bucket=1e-5,
    resolves_above_p=1e-2,
    per_day=DAY,
)
few = settings(max_examples=2, deadline=None, phases=(Phase.explicit, Phase.generate))  # an example takes a while: no shrinking
RULES = [SHARE, replace(SHARE, metric="negatives", min_ratio=2.0), replace(SHARE, metric="volume")]
each_metric = pytest.mark.parametrize("rule", RULES, ids=[rule.metric for rule in RULES])

Stream = tuple[np.ndarray, np.ndarray]


@each_metric
@few
@given(seed=st.integers(0, 1000))
def test_find_turns_gives_the_same_for_rows_in_any_order_and_in_pieces(rule: Rule, seed: int) -> None:
    n, n_negative = _stream(seed=seed, turning=True)
    series, bucket = np.nonzero(n)
    rows = np.stack([series, bucket, n[series, bucket], n_negative[series, bucket]])
    randoms = np.random.default_rng(seed)
    first = np.stack([series, bucket, *_part(rows[2], rows[3], randoms)])
    late = np.concatenate([rows[:2], rows[2:] - first[2:]])
    pieces = np.concatenate([first, late], axis=1)[:, randoms.permutation(2 * len(series))]

    turns = find_turns(_counts_of(rows, n_series=len(n)), rule=rule, after=0, until=UNTIL)

    assert turns
    assert find_turns(_counts_of(pieces, n_series=len(n)), rule=rule, after=0, until=UNTIL) == turns


@each_metric
@few
@given(stops=st.lists(st.integers(1, UNTIL - 1), max_size=6), seed=st.integers(0, 1000))
def test_find_turns_gives_the_same_in_steps_that_keep_their_fits_and_forget_old_rows(rule: Rule, stops: list[int], seed: int) -> None:
    n, n_negative = _stream(seed=seed, turning=True)
    at_once = find_turns(_counts(n, n_negative), rule=rule, after=0, until=UNTIL)

    known: dict[tuple[int, int], Turn] = {}
    kept: dict[int, Baselines] = {}
    for after, until in pairwise([0, *sorted(set(stops)), UNTIL]):
        grids = range(grid_point(after + 1, rule), until, refit_every(rule))
        since = min(reaches_back(rule, grid=grid, is_fitted=grid in kept) for grid in grids)
        counts = _counts(n[:, :until], n_negative[:, :until], since=max(0, since))
        found = find_turns(counts, rule=rule, after=after, until=until, turns=_needed([*known.values()]), fitted=kept)
        known |= {(turn.series, turn.opened_at): turn for turn in found}
        kept = {at: Baselines.from_bytes(fit.to_bytes()) for at, fit in kept.items()}

    assert sorted(known.values(), key=lambda turn: (turn.opened_at, turn.series)) == at_once


@each_metric
@few
@given(cut=st.integers(8 * DAY, UNTIL - 1), seed=st.integers(0, 1000))
def test_find_turns_never_looks_ahead(rule: Rule, cut: int, seed: int) -> None:
    n, n_negative = _stream(seed=seed, turning=True)

    whole = find_turns(_counts(n, n_negative), rule=rule, after=0, until=UNTIL)
    then = find_turns(_counts(n[:, :cut], n_negative[:, :cut]), rule=rule, after=0, until=cut)

    assert [(turn.series, turn.opened_at) for turn in then] == [(turn.series, turn.opened_at) for turn in whole if turn.opened_at <= cut]


@pytest.mark.parametrize("rule", RULES[:2], ids=["share", "negatives"])
@few
@given(factor=st.integers(2, 40), start=st.integers(6 * DAY, 11 * DAY), length=st.integers(1, 3 * DAY), seed=st.integers(0, 1000))
def test_find_turns_opens_nothing_when_a_quiet_series_has_more_records_of_the_same_mood(
    rule: Rule, factor: int, start: int, length: int, seed: int
) -> None:
    n, n_negative = _stream(seed=seed)
    more = slice(start, start + length)
    n[1, more] *= factor
    n_negative[1, more] = np.random.default_rng(seed).binomial(n[1, more], 0.15)

    turns = find_turns(_counts(n, n_negative), rule=rule, after=0, until=UNTIL)

    assert [turn for turn in turns if turn.series == 1] == []


@pytest.mark.parametrize("rule", RULES[:2], ids=["share", "negatives"])
@few
@given(factor=st.integers(2, 40), seed=st.integers(0, 1000))
def test_find_turns_opens_nothing_when_every_record_of_a_quiet_series_counts_many_times(rule: Rule, factor: int, seed: int) -> None:
    n, n_negative = _stream(seed=seed)
    n[1] *= factor
    n_negative[1] *= factor

    turns = find_turns(_counts(n, n_negative), rule=rule, after=0, until=UNTIL)

    assert [turn for turn in turns if turn.series == 1] == []


@each_metric
def test_find_turns_sees_a_day_long_turn_to_its_end_and_the_next_one_too(rule: Rule) -> None:
    n, n_negative = _stream(seed=3)
    for start, length in ((6 * DAY + 5, DAY), (10 * DAY + 5, 6)):
        turning = slice(start, start + length)
        n[3, turning] *= 4 if rule.metric == "volume" else 1
        n_negative[3, turning] = np.round(n[3, turning] * 0.6)

    first, second = (turn for turn in find_turns(_counts(n, n_negative), rule=rule, after=0, until=UNTIL) if turn.series == 3)

    assert first.opened_at <= 6 * DAY + 5 + 3
    assert first.resolved_at is not None
    assert 7 * DAY + 5 < first.resolved_at <= 7 * DAY + 5 + rule.window
    assert second.opened_at <= 10 * DAY + 5 + 5


def _stream(*, seed: int, turning: bool = False) -> Stream:
    """Make counts by hour of a few series with a daily season; two of them turn, in share and in volume."""
    randoms = np.random.default_rng(seed)
    tide = 1 + 0.5 * np.cos(np.arange(UNTIL) * (2 * np.pi / DAY))
    n = randoms.poisson(np.array([[2.0], [12.0], [30.0], [60.0]]) * tide)
    share = np.full(n.shape, 0.15)
    if turning:
        share[2, 9 * DAY : 9 * DAY + 8] = 0.6
        share[3, 11 * DAY : 12 * DAY] = 0.45
        n[2, 9 * DAY : 9 * DAY + 8] *= 4
    return n, randoms.binomial(n, share)


def _part(n: np.ndarray, n_negative: np.ndarray, randoms: np.random.Generator) -> Stream:
    """Take some records of each row: those that arrived first."""
    negative = randoms.binomial(n_negative, 0.6)
    return negative + randoms.binomial(n - n_negative, 0.6), negative


def _counts(n: np.ndarray, n_negative: np.ndarray, *, since: int = 0) -> Counts:
    series, bucket = np.nonzero(n[:, since:])
    bucket += since
    return _counts_of(np.stack([series, bucket, n[series, bucket], n_negative[series, bucket]]), n_series=len(n))


def _counts_of(rows: np.ndarray, *, n_series: int) -> Counts:
    series, bucket, n, n_negative = rows
    return Counts.of(n_series=n_series, series=series, bucket=bucket, n=n, n_negative=n_negative)


def _needed(turns: Sequence[Turn]) -> list[Turn]:
    """Return what a scan remembers: the open turns, and each series' last."""
    last = {turn.series: turn for turn in sorted(turns, key=lambda turn: turn.opened_at)}
    return [turn for turn in turns if turn.resolved_at is None or turn is last[turn.series]]
