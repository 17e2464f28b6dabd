import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.busy import busy_series
from pipelines.counts import Counts
from pipelines.rules import Rule
from pipelines.spikes import find_turns

RULE = Rule(
    metric="share",
    window=24,
    baseline=24 * 7,
    season=24 * 14,
    resolves_after=2,
    min_records=10,
    min_negatives=5,
    min_baseline_records=0,
    min_ratio=1.5,
    false_per_bucket=1e-4,
    resolves_above_p=0.01,
    per_day=24,
)

Cells = list[tuple[int, int, int]]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-60, 60), st.integers(0, 9)), max_size=60), st.integers(-40, 40), st.integers(1, 30)
)
def test_busy_series_are_those_with_enough_records_in_a_window_of_the_span(cells: Cells, after: int, length: int) -> None:
    series, bucket, n = (np.array([cell[index] for cell in cells], dtype=np.int64) for index in range(3))

    busy = busy_series(series, bucket, n, rule=RULE, after=after, until=after + length)

    ends = range(after + 1, after + length + 1)
    wanted = [
        one
        for one in range(4)
        if any(sum(m for s, b, m in cells if s == one and end - RULE.window <= b < end) >= RULE.min_records for end in ends)
    ]
    assert busy.tolist() == wanted


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_leaving_out_what_is_not_busy_finds_the_same(seed: int) -> None:
    randoms = np.random.default_rng(seed)
    n = randoms.poisson(randoms.choice([0.1, 0.3, 3.0, 8.0], 40)[:, None], (40, 24 * 10))
    share = np.full(n.shape, 0.2)
    share[::4, 24 * 8 : 24 * 8 + 6] = 0.9
    n_negative = randoms.binomial(n, share)
    series, bucket = np.nonzero(n)
    rows = {"series": series, "bucket": bucket, "n": n[series, bucket], "n_negative": n_negative[series, bucket]}

    busy = busy_series(series, bucket, rows["n"], rule=RULE, after=0, until=240)

    kept = np.isin(series, busy)
    few = Counts.of(n_series=len(busy), **{name: one[kept] for name, one in (rows | {"series": np.searchsorted(busy, series)}).items()})
    found = find_turns(few, rule=RULE, after=0, until=240)
    every = find_turns(Counts.of(n_series=40, **rows), rule=RULE, after=0, until=240)
    assert 0 < len(busy) < 40
    assert [(busy[one.series], one.opened_at, one.resolved_at, one.peak) for one in found] == [
        (one.series, one.opened_at, one.resolved_at, one.peak) for one in every
    ]
