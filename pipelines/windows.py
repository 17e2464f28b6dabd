"""Judge windows of every length against a baseline: how likely each is; which of them are turns is left to `spikes`."""

from dataclasses import dataclass, fields

import numpy as np

from pipelines.baselines import NEVER, SHARE_BOUNDS, Baselines
from pipelines.counts import Counts, Integers
from pipelines.likelihood import Flags, Floats, count_tail, share_tail
from pipelines.rules import Rule

CELLS_AT_ONCE = 2_000_000
"""Buckets times series judged in one go: bounds memory."""

WORTH_A_LOOK = 3.0
"""Standard deviations above the expected from which a tail is computed; less is never a turn."""

SHARE_TOO = 1e-5
"""Probability of their share below which the volume does not explain a number of negatives."""

LEAST_DAYS = {"share": 2, "negatives": 3, "volume": 3}
"""Days of a series' past before it is judged: a number needs the shape of its days known more than a share does."""

COUNT_FLOOR = 1.0
"""Least expected count of a window: below it a handful would look like a turn."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Judged windows as columns, in the order of their end, series and length."""

    series: Integers
    start: Integers
    at: Integers
    n: Floats
    n_negative: Floats
    observed: Floats
    expected: Floats
    p_value: Floats


def candidates(counts: Counts, *, rule: Rule, base: Baselines, grid: int, after: int, until: int) -> tuple[Windows, Integers]:
    """Return the windows that end in (`after`, `until`] and are worth a look, and how many series count as judged at each end."""
    stride = max(1, CELLS_AT_ONCE // (until - _first(rule, grid)))
    n_judged = np.zeros(until - after, dtype=np.int64)
    parts = []
    for first in range(0, counts.n_series, stride):
        sums = _Sums(counts, rule=rule, base=base, rows=slice(first, min(first + stride, counts.n_series)), grid=grid, until=until)
        n_judged += sums.judged(after).sum(axis=0)
        parts += [sums.worth_a_look(column, after=after) for column in range(len(rule.lengths))]
    windows = Windows(*(np.concatenate([getattr(part, one.name) for part in parts]) if parts else np.zeros(0) for one in fields(Windows)))
    order = np.lexsort((windows.start, windows.series, windows.at))
    return Windows(*(getattr(windows, one.name)[order] for one in fields(Windows))), n_judged


def followed_windows(
    counts: Counts, *, rule: Rule, base: Baselines, grid: int, series: int, ends: Integers, opened_at: int
) -> tuple[Windows, Flags]:
    """Return all windows of one series that end at `ends`, and at which of those it is calm.

    It is calm when the shortest window of at least `resolves_after` that holds enough to tell, all of it after `opened_at`, is not
    unlikely any more.
    """
    sums = _Sums(counts, rule=rule, base=base, rows=slice(series, series + 1), grid=grid, until=int(ends[-1]))
    after = int(ends[0]) - 1
    parts = [sums.all_windows(length, column, after=after) for column, length in enumerate(rule.lengths)]
    windows = Windows(*(np.concatenate([getattr(part[0], one.name) for part in parts]) for one in fields(Windows)))
    return windows, _is_calm(sums, after=after, opened_at=opened_at)


def _is_calm(sums: "_Sums", *, after: int, opened_at: int) -> Flags:
    rule = sums.rule
    lengths = [rule.resolves_after, *(length for length in rule.lengths if length > rule.resolves_after)]
    calm, told = None, None
    for length in lengths:
        column = max(index for index, one in enumerate(rule.lengths) if one <= max(length, 1))
        windows, p_strict = sums.all_windows(length, column, after=after)
        is_calm = (p_strict > rule.resolves_above_p) & (windows.start >= opened_at)
        enough = sums.tells(windows)
        calm = is_calm if calm is None else np.where(told, calm, is_calm)
        told = enough if told is None else told | enough
    assert calm is not None
    return np.asarray(calm, dtype=np.bool_)


def _first(rule: Rule, grid: int) -> int:
    return grid - max(rule.window, rule.resolves_after)


class _Sums:
    """Running sums of some series from a fit's first window on, so that any window is a difference of two."""

    def __init__(self, counts: Counts, *, rule: Rule, base: Baselines, rows: slice, grid: int, until: int) -> None:
        self.rule, self.base, self.rows, self.until, self.start = rule, base, rows, until, _first(rule, grid)
        n, negative = counts.dense(rows.start, rows.stop, start=self.start, end=until)
        self.n, self.negative = _running(n), _running(negative)
        span = {"start": self.start, "end": until, "rhythm": rule.rhythm}
        self.likely = _running(base.counts.expected(rows, **span)) if base.counts else None
        self.share = _running(np.clip(base.shares.expected(rows, **span), *SHARE_BOUNDS) * n) if base.shares else None
        enough = base.n_past[rows] >= rule.min_baseline_records if rule.metric == "share" else base.n_past[rows] > 0
        self.is_ready = (base.since[rows] <= grid - LEAST_DAYS[rule.metric] * rule.rhythm.day) & (base.since[rows] != NEVER) & enough

    def judged(self, after: int) -> Flags:
        """Return which series count as judged at each end: those with enough records in the longest window."""
        n = _ending(self.n, self.rule.window, after - self.start)
        return np.asarray((n >= self.rule.min_records) & self.is_ready[:, None])

    def worth_a_look(self, column: int, *, after: int) -> Windows:
        """Return the windows of one length that stand out at first sight, judged."""
        rule, length = self.rule, self.rule.lengths[column]
        n, negative = (_ending(one, length, after - self.start) for one in (self.n, self.negative))
        main, expected, stray = self._main(length, column, after=after, n=n, negative=negative)
        plain = expected * (1 - expected / np.maximum(n, 1)) if rule.metric == "share" else expected
        far = main - expected > WORTH_A_LOOK * np.sqrt(plain * stray)
        large = (n >= rule.min_records) & self._stands_out(n, main, expected)
        large &= (negative >= rule.min_negatives) if rule.metric != "volume" else True
        row, end = np.nonzero(far & large & self.is_ready[:, None])
        share = None if self.share is None else _ending(self.share, length, after - self.start)[row, end]
        return self._windows(length, column, row, end + after + 1, n[row, end], negative[row, end], expected[row, end], share)[0]

    def all_windows(self, length: int, column: int, *, after: int) -> tuple[Windows, Floats]:
        """Return all windows of one length, and their probability where both number and share must be unlikely."""
        n, negative = (_ending(one, length, after - self.start) for one in (self.n, self.negative))
        _, expected, _ = self._main(length, column, after=after, n=n, negative=negative)
        row, end = (grid.ravel() for grid in np.indices(n.shape))
        share = None if self.share is None else _ending(self.share, length, after - self.start).ravel()
        return self._windows(length, column, row, end + after + 1, n.ravel(), negative.ravel(), expected.ravel(), share)

    def tells(self, windows: Windows) -> Flags:
        """Return which windows hold enough to tell a turn from calm."""
        if self.rule.metric == "share":
            return np.asarray(windows.n >= self.rule.min_records)
        least = self.rule.min_negatives if self.rule.metric == "negatives" else self.rule.min_records
        return np.asarray(windows.expected * self.rule.min_ratio >= least)

    def _main(self, length: int, column: int, *, after: int, n: Floats, negative: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the count in question, what was expected of it, and how many times a plain count's its variance is."""
        fit = self.base.shares if self.rule.metric == "share" else self.base.counts
        running = self.share if self.rule.metric == "share" else self.likely
        assert fit is not None
        assert running is not None
        expected = _ending(running, length, after - self.start)
        if self.rule.metric != "share":
            expected = np.maximum(expected, COUNT_FLOOR)
        size = np.maximum(n - 1, 0) if self.rule.metric == "share" else expected
        stray = fit.stray(self.rows, column, size)
        return (n if self.rule.metric == "volume" else negative), expected, stray

    def _stands_out(self, n: Floats, main: Floats, expected: Floats) -> Flags:
        """A share near one cannot double: there the rest must have shrunk by as much."""
        large = main >= self.rule.min_ratio * expected
        if self.rule.metric == "share":
            large |= (n - main) * self.rule.min_ratio <= n - expected
        return large

    def _windows(
        self, length: int, column: int, row: Integers, at: Integers, n: Floats, negative: Floats, expected: Floats, share: Floats | None
    ) -> tuple[Windows, Floats]:
        metric, series = self.rule.metric, row + self.rows.start
        p_share = np.zeros(len(row))
        if share is not None and self.base.shares is not None:
            stray = self.base.shares.stray(series, column, np.maximum(n - 1, 0))
            p_share = share_tail(n, negative, expected=share / np.maximum(n, 1), stray=stray)
        p = p_share
        if metric != "share" and self.base.counts is not None:
            count = n if metric == "volume" else negative
            p = count_tail(count, expected=expected, stray=self.base.counts.stray(series, column, expected))
        p_value = np.where(p_share <= SHARE_TOO, p, 1.0) if metric == "negatives" else p
        observed = negative / np.maximum(n, 1) if metric == "share" else n if metric == "volume" else negative
        usual = expected / np.maximum(n, 1) if metric == "share" else expected
        return Windows(series, at - length, at, n, negative, observed, usual, p_value), np.maximum(p, p_share)


def _running(x: Floats) -> Floats:
    return np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)


def _ending(running: Floats, length: int, first: int) -> Floats:
    """Return the sums of windows of `length` that end after each bucket from the `first` on."""
    return np.asarray(running[:, first + 1 :] - running[:, first + 1 - length : running.shape[1] - length], dtype=np.float64)

