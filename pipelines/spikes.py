"""Find turns: windows whose negatives are far above what a series' own past makes likely; storing them is left to `workers.alerting`.

At the end of every bucket each series with enough records is judged by its window's share (or count) of negatives against
blocks of the same length before it: a beta-binomial (or negative-binomial) tail, corrected by Benjamini-Hochberg over all
series judged at that moment. Blocks that overlap an earlier turn are left out, so that one turn does not hide the next; a
change that outlasts its whole baseline leaves nothing to be judged by, ends, and is the new normal. Nothing looks ahead, and
judging in two steps gives the same turns as in one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipelines.counts import Counts, Integers
from pipelines.likelihood import Flags, Floats, adjusted, count_tail, fit_count, fit_share, share_tail

PAIRS_AT_ONCE = 20_000
"""Windows judged in one go: bounds memory (times the blocks of a baseline)."""

LEAST_BLOCKS = 7
"""Watched blocks below which a count has no baseline."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a window is a turn; lengths are in buckets."""

    metric: Literal["share", "negatives"]
    window: int
    baseline: int
    min_records: int
    min_negatives: int
    min_baseline_records: int
    min_ratio: float
    opens_below_p: float
    resolves_above_p: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One window judged: `at` is the bucket at which it ends; `observed` and `expected` are in the metric's own unit.

    `baseline_from` is the first bucket of the baseline; `n_judged` the series judged with it.
    """

    at: int
    n: int
    n_negative: int
    observed: float
    expected: float
    p_value: float
    p_adjusted: float
    n_judged: int
    baseline_from: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A series above its baseline, from `opened_at` until `resolved_at` (None while it lasts); `peak` is its least likely window."""

    series: int
    opened_at: int
    peak: Verdict
    judged_at: int
    resolved_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Windows:
    """Judged windows as columns, in the order of their end."""

    series: Integers
    at: Integers
    n: Integers
    n_negative: Integers
    observed: Floats
    expected: Floats
    p_value: Floats

    def rows(self, where: Flags | slice) -> "_Windows":
        return _Windows(*(getattr(self, name)[where] for name in self.__slots__))


def find_turns(counts: Counts, *, rule: Rule, first_bucket: int, after: int, until: int, turns: Sequence[Turn] = ()) -> list[Turn]:
    """Judge every bucket end in (`after`, `until`] and return the turns that are new or have changed, oldest first.

    `turns` are those known so far, at least the open ones and those inside the baseline; `first_bucket` is where the whole
    source begins. `counts` must reach back a baseline and a window before `after`.
    """
    watch = _Watch(counts, rule=rule, first_bucket=first_bucket, turns=turns)
    watched = _ever_tested(counts, rule=rule, after=after, until=until)
    if not watched.size and not watch.open:
        return []  # decades without records lie behind one wrong date
    for at, windows, n_judged in _moments(counts, rule=rule, watched=watched, first_bucket=first_bucket, after=after, until=until):
        watch.step(at, windows=windows, n_judged=n_judged)
    return watch.changed(until)


class _Watch:
    """The turns of one rule as time goes on."""

    def __init__(self, counts: Counts, *, rule: Rule, first_bucket: int, turns: Sequence[Turn]) -> None:
        self.counts, self.rule, self.first_bucket = counts, rule, first_bucket
        self.open = {turn.series: turn for turn in turns if turn.resolved_at is None}
        self.past = [turn for turn in turns if turn.resolved_at is not None]
        self.ended: list[Turn] = []

    def step(self, at: int, *, windows: _Windows, n_judged: int) -> None:
        """Judge one moment: resolve what is calm, update what lasts, open what is new."""
        windows = self._without_earlier_turns(self._with_open_turns(windows, at=at))
        p_adjusted = adjusted(windows.p_value, n_tests=n_judged)
        for row, series in enumerate(windows.series):
            verdict = _verdict(windows, row=row, p_adjusted=p_adjusted, n_judged=n_judged, since=self._baseline_from(at))
            self._judge(verdict, series=int(series))

    def changed(self, until: int) -> list[Turn]:
        """Return every turn that ended or is open at `until`."""
        lasting = [replace(turn, judged_at=max(turn.judged_at, until)) for turn in self.open.values()]
        return sorted([*self.ended, *lasting], key=lambda turn: (turn.opened_at, turn.series))

    def _judge(self, verdict: Verdict, *, series: int) -> None:
        turn = self.open.get(series)
        if turn is None:
            if self._opens(verdict):
                self.open[series] = Turn(series, opened_at=verdict.at, peak=verdict, judged_at=verdict.at)
        elif verdict.p_value > self.rule.resolves_above_p:
            self._resolve(series, at=verdict.at)
        else:
            peak = verdict if verdict.p_value < turn.peak.p_value else turn.peak
            self.open[series] = replace(turn, peak=peak, judged_at=verdict.at)

    def _opens(self, verdict: Verdict) -> bool:
        return verdict.p_adjusted <= self.rule.opens_below_p and verdict.observed >= self.rule.min_ratio * verdict.expected

    def _resolve(self, series: int, *, at: int) -> None:
        turn = replace(self.open.pop(series), judged_at=at, resolved_at=at)
        self.past.append(turn)
        self.ended.append(turn)

    def _baseline_from(self, at: int) -> int:
        return max(self.first_bucket, at - self.rule.window - self.rule.baseline)

    def _with_open_turns(self, windows: _Windows, *, at: int) -> _Windows:
        """Add the windows of open turns that have become too small to open one; a few records can still be too negative to resolve."""
        missing = np.array(sorted(self.open.keys() - set(windows.series.tolist())), dtype=np.int64)
        if not missing.size:
            return windows
        small = _unjudged(self.counts, rule=self.rule, series=missing, at=np.full(len(missing), at))
        return _Windows(*(np.concatenate([getattr(windows, name), getattr(small, name)]) for name in _Windows.__slots__))

    def _without_earlier_turns(self, windows: _Windows) -> _Windows:
        """Judge anew, without the blocks of earlier turns, the series that had any."""
        spans = [(turn.series, turn.opened_at - self.rule.window, turn.resolved_at) for turn in [*self.past, *self.open.values()]]
        stained = np.isin(windows.series, [series for series, _, _ in spans])
        if not stained.any():
            return windows
        mended = _judged(self.counts, rule=self.rule, first_bucket=self.first_bucket, windows=windows.rows(stained), spans=spans)
        expected, p_value = windows.expected.copy(), windows.p_value.copy()
        expected[stained], p_value[stained] = mended.expected, mended.p_value
        return replace(windows, expected=expected, p_value=p_value)


def _verdict(windows: _Windows, *, row: int, p_adjusted: Floats, n_judged: int, since: int) -> Verdict:
    return Verdict(
        at=int(windows.at[row]),
        n=int(windows.n[row]),
        n_negative=int(windows.n_negative[row]),
        observed=float(windows.observed[row]),
        expected=float(windows.expected[row]),
        p_value=float(windows.p_value[row]),
        p_adjusted=float(p_adjusted[row]),
        n_judged=n_judged,
        baseline_from=since,
    )


def _moments(
    counts: Counts, *, rule: Rule, watched: Integers, first_bucket: int, after: int, until: int
) -> Iterator[tuple[int, _Windows, int]]:
    """Yield each bucket end, the windows of the `watched` series worth judging there, and how many series count as judged."""
    stride = max(1, PAIRS_AT_ONCE * 10 // max(len(watched), 1))
    for start in range(after + 1, until + 1, stride):
        ends = np.arange(start, min(start + stride, until + 1), dtype=np.int64)
        windows, n_judged = _candidates(counts, rule=rule, series=watched, ends=ends)
        windows = _judged(counts, rule=rule, first_bucket=first_bucket, windows=windows)
        bounds = np.searchsorted(windows.at, np.append(ends, ends[-1] + 1))
        for index, end in enumerate(ends):
            yield int(end), windows.rows(slice(bounds[index], bounds[index + 1])), int(n_judged[index])


def _ever_tested(counts: Counts, *, rule: Rule, after: int, until: int) -> Integers:
    """Return the series with enough records to be tested at any of these moments; most entities never have."""
    series = np.arange(counts.n_series, dtype=np.int64)
    start = np.full(len(series), after + 1 - rule.window - (rule.baseline if rule.metric == "negatives" else 0))
    n, _ = counts.window(series, start=start, end=np.full(len(series), until))
    return series[n >= rule.min_records]


def _candidates(counts: Counts, *, rule: Rule, series: Integers, ends: Integers) -> tuple[_Windows, Integers]:
    """Return the windows with enough records and negatives, not yet judged, and the number of tests at each end."""
    at, series = (grid.ravel() for grid in np.meshgrid(ends, series, indexing="ij"))
    windows = _unjudged(counts, rule=rule, series=series, at=at)
    tested = windows.n >= rule.min_records
    if rule.metric == "negatives":  # a window chosen by its own size would be no fair test of its size
        tested |= counts.window(series, start=at - rule.window - rule.baseline, end=at)[0] >= rule.min_records
    n_judged = tested.reshape(len(ends), -1).sum(axis=1)
    return windows.rows((windows.n >= rule.min_records) & (windows.n_negative >= rule.min_negatives)), n_judged


def _unjudged(counts: Counts, *, rule: Rule, series: Integers, at: Integers) -> _Windows:
    n, n_negative = counts.window(series, start=at - rule.window, end=at)
    observed = n_negative / np.maximum(n, 1) if rule.metric == "share" else n_negative.astype(np.float64)
    unknown = np.ones(len(n))
    return _Windows(series, at, n, n_negative, observed, unknown, unknown)


def _judged(
    counts: Counts, *, rule: Rule, first_bucket: int, windows: _Windows, spans: Sequence[tuple[int, int, int | None]] = ()
) -> _Windows:
    """Return `windows` with what their baselines make likely; p = 1 where there is no baseline to judge by."""
    expected, p_value = np.ones(len(windows.at)), np.ones(len(windows.at))
    for start in range(0, len(windows.at), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        expected[part], p_value[part] = _tails(counts, rule=rule, first_bucket=first_bucket, windows=windows.rows(part), spans=spans)
    return replace(windows, expected=expected, p_value=p_value)


def _tails(
    counts: Counts, *, rule: Rule, first_bucket: int, windows: _Windows, spans: Sequence[tuple[int, int, int | None]]
) -> tuple[Floats, Floats]:
    ends = windows.at[:, None] - rule.window * np.arange(1, rule.baseline // rule.window + 1)
    starts = ends - rule.window
    known = (starts >= first_bucket) & ~_overlaps(windows.series, starts=starts, ends=ends, spans=spans)
    series = np.broadcast_to(windows.series[:, None], ends.shape)
    n, n_negative = (part * known for part in counts.window(series, start=starts, end=ends))
    enough = n.sum(axis=1) >= rule.min_baseline_records
    share = fit_share(n, n_negative)
    if rule.metric == "share":
        return share.expected, np.where(enough, share_tail(windows.n, windows.n_negative, baseline=share), 1.0)
    enough = (known.sum(axis=1) >= LEAST_BLOCKS) & (windows.n_negative > windows.n * share.expected)
    count = fit_count(n_negative, known=known)
    return count.expected, np.where(enough, count_tail(windows.n_negative, baseline=count), 1.0)


def _overlaps(series: Integers, *, starts: Integers, ends: Integers, spans: Sequence[tuple[int, int, int | None]]) -> Flags:
    """Return which blocks overlap a span (series, start, end; no end: it lasts)."""
    result = np.zeros(starts.shape, dtype=np.bool_)
    for one, start, end in spans:
        rows = series == one
        result[rows] |= (ends[rows] > start) & (starts[rows] < (np.iinfo(np.int64).max if end is None else end))
    return result
