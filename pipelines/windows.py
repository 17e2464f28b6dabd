"""Judge windows of every length against a baseline: how likely each is; which of them are turns is left to `spikes`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from pipelines.baselines import Baselines
from pipelines.counts import Counts, Integers
from pipelines.levels import Level
from pipelines.likelihood import Flags, Floats, count_tail, share_tail
from pipelines.rules import Rule
from pipelines.straying import SHARE_BOUNDS

CELLS_AT_ONCE = 400_000
"""Buckets times series judged in one go: bounds memory."""

WORTH_A_LOOK = 3.0
"""Standard deviations above the expected from which a tail is computed; less is never a turn."""

SHARE_TOO = 5e-3
"""Probability of their share below which, if it stands out as far as their number must, the volume does not explain it."""

LEAST_DAYS = 3
"""Days of a series' past before it is judged, or its whole season where a rule looks back less: its days and moods must show first."""

COUNT_FLOOR = 1.0
"""Least expected count of a window: below it two or three records would look like a turn."""


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

    def rows(self, where: Integers) -> "Windows":
        """Return some rows."""
        return Windows(*(getattr(self, one.name)[where] for one in fields(self)))


def _stacked(parts: Sequence[Windows]) -> Windows:
    return Windows(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Windows)))


def _nothing() -> Windows:
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Windows(whole, whole, whole, real, real, real, real, real)


def candidates(counts: Counts, *, rule: Rule, base: Baselines, grid: int, after: int, until: int) -> tuple[Windows, Integers]:
    """Return the windows that end in (`after`, `until`] and are worth a look, and how many series count as judged at each end."""
    stride = max(1, CELLS_AT_ONCE // (until - _first(rule, grid)))
    n_judged = np.zeros(until - after, dtype=np.int64)
    parts = []
    for first in range(0, counts.n_series, stride):
        sums = _Sums(counts, rule=rule, base=base, rows=slice(first, min(first + stride, counts.n_series)), grid=grid, until=until)
        n_judged += sums.judged(after).sum(axis=0)
        parts += [sums.worth_a_look(column, after=after) for column in range(len(rule.lengths))]
    windows = _stacked(parts) if parts else _nothing()
    return windows.rows(np.lexsort((windows.start, windows.series, windows.at))), n_judged


def followed_windows(
    counts: Counts, *, rule: Rule, base: Baselines, grid: int, series: int, ends: Integers, opened_at: int
) -> tuple[Windows, Flags]:
    """Return all windows of one series that end at `ends`, and at which of those it is calm.

    It is calm when the shortest window of at least `resolves_after` that holds enough to tell, or the longest where none does, lies
    after `opened_at` and is neither unlikely any more nor above the middle between the expected and what could open a turn.
    """
    sums = _Sums(counts, rule=rule, base=base, rows=slice(series, series + 1), grid=grid, until=int(ends[-1]))
    after = int(ends[0]) - 1
    parts = [sums.all_windows(length, column, after=after) for column, length in enumerate(rule.lengths)]
    return _stacked([windows for windows, _ in parts]), _is_calm(sums, after=after, opened_at=opened_at)


def _is_calm(sums: "_Sums", *, after: int, opened_at: int) -> Flags:
    rule = sums.rule
    lengths = [rule.resolves_after, *(length for length in rule.lengths if length > rule.resolves_after)]
    calm, told = np.zeros(sums.until - after, dtype=np.bool_), np.zeros(sums.until - after, dtype=np.bool_)
    for length in lengths:
        column = max(index for index, one in enumerate(rule.lengths) if one <= length)
        windows, p_strict = sums.all_windows(length, column, after=after)
        is_calm = (p_strict > rule.resolves_above_p) & ~sums.is_still_high(windows) & (windows.start >= opened_at)
        calm = np.where(told, calm, is_calm)
        told |= sums.tells(windows)
    return calm


def _first(rule: Rule, grid: int) -> int:
    return grid - max(rule.window, rule.resolves_after)


class _Sums:
    """Running sums of some series from a fit's first window on, so that any window is a difference of two."""

    def __init__(self, counts: Counts, *, rule: Rule, base: Baselines, rows: slice, grid: int, until: int) -> None:
        self.rule, self.base, self.rows, self.until, self.start = rule, base, rows, until, _first(rule, grid)
        n, negative = counts.dense(rows.start, rows.stop, start=self.start, end=until)
        self.n, self.negative = _running(n), _running(negative)
        self.likely = _running(self._expected(base.counts)) if base.counts else None
        self.share = _running(np.clip(self._expected(base.shares), *SHARE_BOUNDS) * n) if base.shares else None
        enough = base.n_past[rows] >= rule.min_baseline_records if rule.metric == "share" else base.n_past[rows] > 0
        least = min(LEAST_DAYS, max(1, rule.season // rule.rhythm.day)) * rule.rhythm.day
        self.is_ready = (base.since[rows] <= grid - least) & enough

    def judged(self, after: int) -> Flags:
        """Return which series count as judged at each end: those with past enough, and records enough in the longest window."""
        n = _ending(self.n, self.rule.window, after - self.start)
        return np.asarray((n >= self.rule.min_records) & self.is_ready[:, None])

    def worth_a_look(self, column: int, *, after: int) -> Windows:
        """Return the windows of one length that stand out at first sight, judged."""
        rule, length = self.rule, self.rule.lengths[column]
        n, negative = (_ending(one, length, after - self.start) for one in (self.n, self.negative))
        main, expected, stray = self._main(length, column, after=after, n=n, negative=negative)
        plain = expected * (1 - expected / np.maximum(n, 1)) if rule.metric == "share" else expected
        far = main - expected > WORTH_A_LOOK * np.sqrt(plain * stray)
        large = (n >= rule.min_records) & self._stands_out(n, main, expected, ratio=rule.min_ratio, is_share=rule.metric == "share")
        large &= (negative >= rule.min_negatives) if rule.metric != "volume" else True
        row, end = np.nonzero(far & large & self.is_ready[:, None])
        return self._judged(length, column, row=row, at=end + after + 1)[0]

    def all_windows(self, length: int, column: int, *, after: int) -> tuple[Windows, Floats]:
        """Return all windows of one length, and the larger of the probabilities of their number and share."""
        row, end = (grid.ravel() for grid in np.indices((self.rows.stop - self.rows.start, self.until - after)))
        return self._judged(length, column, row=row, at=end + after + 1)

    def tells(self, windows: Windows) -> Flags:
        """Return which windows hold enough to tell a turn from calm."""
        if self.rule.metric == "share":
            return np.asarray(windows.n >= self.rule.min_records)
        least = self.rule.min_negatives if self.rule.metric == "negatives" else self.rule.min_records
        return np.asarray(windows.expected * self.rule.min_ratio >= least)

    def _expected(self, level: Level) -> Floats:
        return level.expected(self.rows, start=self.start, end=self.until, rhythm=self.rule.rhythm)

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

    def is_still_high(self, windows: Windows) -> Flags:
        """Return which windows are nearer to what could open a turn than to what was expected."""
        is_share = self.rule.metric == "share"
        scale = windows.n if is_share else np.ones(len(windows.n))
        ratio = (1 + self.rule.min_ratio) / 2
        high = self._stands_out(windows.n, windows.observed * scale, windows.expected * scale, ratio=ratio, is_share=is_share)
        return high & (windows.n > 0)

    @staticmethod
    def _stands_out(n: Floats, main: Floats, expected: Floats, *, ratio: float, is_share: bool) -> Flags:
        """Return where `main` is `ratio` times what was expected.

        A share near one cannot double: there it is enough that the rest has shrunk by as much.
        """
        large = main >= ratio * expected
        if is_share:
            large |= (n - main) * ratio <= n - expected
        return np.asarray(large)

    def _judged(self, length: int, column: int, *, row: Integers, at: Integers) -> tuple[Windows, Floats]:
        """Return windows, with the probability that opens a turn, and the one that keeps it open: the larger of number's and share's."""
        metric, series = self.rule.metric, row + self.rows.start
        n, negative, likely, share = (self._sum(one, length, row=row, at=at) for one in (self.n, self.negative, self.likely, self.share))
        count, expected = (n if metric == "volume" else negative), np.maximum(likely, COUNT_FLOOR)
        p: Floats = np.zeros(len(row))
        p_share = p
        if self.base.shares is not None:
            stray = self.base.shares.stray(series, column, np.maximum(n - 1, 0))
            p = p_share = share_tail(n, negative, expected=share / np.maximum(n, 1), stray=stray)
        if self.base.counts is not None:
            p = count_tail(count, expected=expected, stray=self.base.counts.stray(series, column, expected))
        p_value = p
        if metric == "negatives":
            high = self._stands_out(n, negative, share, ratio=self.rule.min_ratio, is_share=True)
            p_value = np.where((p_share <= SHARE_TOO) & high, p, 1.0)
        if metric == "share":
            count, expected = count / np.maximum(n, 1), share / np.maximum(n, 1)
        return Windows(series, at - length, at, n, negative, count, expected, p_value), np.maximum(p, p_share)

    def _sum(self, running: Floats | None, length: int, *, row: Integers, at: Integers) -> Floats:
        if running is None:
            return np.zeros(len(row))
        end = at - self.start
        return np.asarray(running[row, end] - running[row, end - length])


def _running(x: Floats) -> Floats:
    return np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)


def _ending(running: Floats, length: int, first: int) -> Floats:
    """Return the sums of windows of `length` that end after each bucket from the `first` on."""
    return np.asarray(running[:, first + 1 :] - running[:, first + 1 - length : running.shape[1] - length], dtype=np.float64)
