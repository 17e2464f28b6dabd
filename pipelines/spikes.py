"""Find turns: stretches in which a series' negatives, their share or its volume are far above what its own past makes likely.

The method is a scan of windows: at the end of every bucket each series is judged over windows of 1, 2, 4 ... buckets up to the
rule's longest, so that a sudden turn is seen in its first buckets and a slow one once it has added up. It stands where a CUSUM
would: a CUSUM adds up evidence for a turn of one size, chosen beforehand, and has no probability of its own, while the tail of a
window needs no guess of the size and can be corrected for how many series are looked at. What is likely comes from a robust
seasonal baseline (`baselines`); shares are beta-binomial and counts negative-binomial, with the over-dispersion that the series
itself shows at each length of window, since a plain binomial test opened 151 false incidents a day where a beta-binomial one
opened none. The probabilities of all series at one moment go through Benjamini and Hochberg's procedure, at a level that the
rule's budget of false incidents sets. A series is judged once it has three days of past, or a whole season where that is less.

Negatives turn only where their share turns too, unlikely and as far up as their number must be: what mere volume explains is no
turn of sentiment, so a series whose records are multiplied opens nothing.

A turn resolves at its first calm moment. What tells is the shortest window of at least `resolves_after` that holds enough (the
longest where none does); it is calm when it began no earlier than the turn opened, is no longer unlikely (for negatives: in
number or in share) and lies below the middle between what was expected and what could open a turn. Neither would do alone: few
records are never unlikely however high they are, and many may be far from the usual without being that high.
Windows that reach into an ended turn open nothing.

Nothing looks ahead: baselines are fitted a few times a day, on a fixed grid, from what lay before, so judging in two steps gives
the same turns as in one. How windows are judged is left to `windows`, storing turns to `workers.alerting`.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.baselines import Baselines, Past, fit
from pipelines.counts import Counts, Integers
from pipelines.likelihood import Floats, adjusted
from pipelines.rules import Rule
from pipelines.windows import Windows, candidates, followed_windows

N_LENGTHS = 4.0
"""Independent tests that the lengths of window amount to, at one moment: each holds the shorter ones, and long ones change little."""

MOST_FALSE = 0.05
"""False discoveries among those of one moment, at most, however many series there are."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One window judged, from bucket `start` up to `at`, exclusive; `observed` and `expected` are in the metric's own unit.

    `p_value` is of this window alone, `p_adjusted` corrected for the lengths of window and the `n_judged` series judged with it;
    `baseline_from` is the first bucket of its past.
    """

    at: int
    start: int
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


def refit_every(rule: Rule) -> int:
    """Return the buckets between two fits: about a quarter of a day, as wide as the blocks of `levels`, so that those keep their hours."""
    return rule.rhythm.quarter


def grid_point(end: int, rule: Rule) -> int:
    """Return the bucket at which the baselines were fitted that judge windows ending at `end`."""
    return (end - 1) // refit_every(rule) * refit_every(rule)


def reaches_back(rule: Rule, *, grid: int, is_fitted: bool) -> int:
    """Return the first bucket whose rows are needed to judge by the fit at `grid`."""
    longest = grid - max(rule.window, rule.resolves_after)
    return longest if is_fitted else min(longest, _past(rule, grid).start)


def fit_at(counts: Counts, *, rule: Rule, grid: int) -> Baselines:
    """Fit the baselines of a grid point; each series by itself, so a part of them may be fitted at a time."""
    return fit(counts, metric=rule.metric, past=_past(rule, grid))


def find_turns(
    counts: Counts,
    *,
    rule: Rule,
    after: int,
    until: int,
    turns: Sequence[Turn] = (),
    fitted: MutableMapping[int, Baselines] | None = None,
) -> list[Turn]:
    """Judge every bucket end in (`after`, `until`] and return the turns that are new or have changed, oldest first.

    `turns` are those known so far, at least the open ones and each series' last. `fitted` are baselines by grid point, a row for
    each series of `counts`; those missing are fitted and put there. `counts` must reach back as far as `reaches_back` says.
    """
    known = fitted if fitted is not None else {}
    watch = _Watch(turns)
    for grid in range(grid_point(after + 1, rule), until, refit_every(rule)):
        if grid not in known:
            known[grid] = fit_at(counts, rule=rule, grid=grid)
        stretch = _Stretch(
            counts, rule=rule, base=known[grid], grid=grid, after=max(after, grid), until=min(until, grid + refit_every(rule))
        )
        watch.go_through(stretch)
        if fitted is None:
            del known[grid]
    return watch.changed(until)


def _past(rule: Rule, grid: int) -> Past:
    return Past(at=grid, season=rule.season, baseline=rule.baseline, windows=rule.lengths, rhythm=rule.rhythm)


class _Watch:
    """The turns of one rule as time goes on."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.open = {turn.series: turn for turn in turns if turn.resolved_at is None}
        self.calm_since: dict[int, int] = {}
        for turn in turns:
            if turn.resolved_at is not None:
                self.calm_since[turn.series] = max(turn.resolved_at, self.calm_since.get(turn.series, turn.resolved_at))
        self.ended: list[Turn] = []

    def go_through(self, stretch: "_Stretch") -> None:
        """Take the turns that are open through a stretch, and open what is new at each of its moments."""
        for series in sorted(self.open):
            self._follow(self.open.pop(series), stretch)
        for at, rows in stretch.moments():
            free = [not self._is_barred(int(stretch.found.series[row]), int(stretch.found.start[row])) for row in rows]
            for series, verdict in stretch.openings(at, rows[free]):
                self._follow(Turn(series, opened_at=at, peak=verdict, judged_at=at), stretch)

    def changed(self, until: int) -> list[Turn]:
        """Return every turn that ended or is open at `until`."""
        lasting = [replace(turn, judged_at=max(turn.judged_at, until)) for turn in self.open.values()]
        return sorted([*self.ended, *lasting], key=lambda turn: (turn.opened_at, turn.series))

    def _is_barred(self, series: int, start: int) -> bool:
        """Tell whether a window opens nothing: its series is open already, or it reaches into an ended turn and says nothing new."""
        return series in self.open or start < self.calm_since.get(series, start)

    def _follow(self, turn: Turn, stretch: "_Stretch") -> None:
        """Take one turn to its end, or to the end of the stretch, and remember which."""
        turn = stretch.followed(turn, fresh_from=self.calm_since.get(turn.series))
        if turn.resolved_at is None:
            self.open[turn.series] = turn
        else:
            self.ended.append(turn)
            self.calm_since[turn.series] = turn.resolved_at


class _Stretch:
    """The moments between two fits: what is unlikely at each, and how an open turn goes on."""

    def __init__(self, counts: Counts, *, rule: Rule, base: Baselines, grid: int, after: int, until: int) -> None:
        self.counts, self.rule, self.base, self.grid, self.after, self.until = counts, rule, base, grid, after, until
        self.found, self.n_judged = candidates(counts, rule=rule, base=base, grid=grid, after=after, until=until)

    def moments(self) -> Iterator[tuple[int, Integers]]:
        """Yield the bucket ends at which something may open, each with the rows of `found` that end there."""
        found = self.found
        if not len(found.at):
            return
        bounds = np.flatnonzero(np.diff(found.at, prepend=found.at[0] - 1))
        for first, last in zip(bounds, np.append(bounds[1:], len(found.at)), strict=True):
            at = int(found.at[first])
            rows = np.arange(first, last)
            if _least(found.p_value[rows], n_judged=self._judged_at(at)) <= self._level(at):
                yield at, rows

    def openings(self, at: int, rows: Integers) -> Iterator[tuple[int, Verdict]]:
        """Yield the series that turn at one moment, each with its least likely window; `rows` are the windows in question."""
        found = self.found
        order = rows[np.lexsort((found.p_value[rows], found.series[rows]))]
        best = order[np.flatnonzero(np.diff(found.series[order], prepend=-1))]
        p_adjusted = adjusted(np.minimum(found.p_value[best] * N_LENGTHS, 1.0), n_tests=self._judged_at(at))
        for row, p in zip(best, p_adjusted, strict=True):
            if p <= self._level(at):
                yield int(found.series[row]), self._verdict(found, int(row), p_adjusted=float(p))

    def followed(self, turn: Turn, *, fresh_from: int | None) -> Turn:
        """Return an open turn as it is at the end of the stretch: with its peak, and resolved at its first calm moment."""
        ends = np.arange(max(turn.judged_at, self.after) + 1, self.until + 1, dtype=np.int64)
        if not len(ends):
            return turn
        windows, is_calm = followed_windows(
            self.counts, rule=self.rule, base=self.base, grid=self.grid, series=turn.series, ends=ends, opened_at=turn.opened_at
        )
        resolved = int(ends[is_calm][0]) if is_calm.any() else None
        last = resolved or self.until
        inside = (windows.at <= last) & (windows.start >= (fresh_from if fresh_from is not None else windows.start))
        peak = turn.peak
        if inside.any():
            rows = np.flatnonzero(inside)
            best = int(rows[np.argmin(windows.p_value[rows])])
            if windows.p_value[best] < peak.p_value:
                p_adjusted = min(1.0, float(windows.p_value[best]) * N_LENGTHS * self._judged_at(int(windows.at[best])))
                peak = self._verdict(windows, best, p_adjusted=p_adjusted)
        return replace(turn, peak=peak, judged_at=last, resolved_at=resolved)

    def _judged_at(self, at: int) -> int:
        return max(1, int(self.n_judged[at - self.after - 1]))

    def _level(self, at: int) -> float:
        """Return the false discovery rate that the budget allows: that of one series times the series judged."""
        return min(MOST_FALSE, self.rule.false_per_bucket * self._judged_at(at))

    def _verdict(self, windows: Windows, row: int, *, p_adjusted: float) -> Verdict:
        at = int(windows.at[row])
        return Verdict(
            at=at,
            start=int(windows.start[row]),
            n=int(windows.n[row]),
            n_negative=int(windows.n_negative[row]),
            observed=float(windows.observed[row]),
            expected=float(windows.expected[row]),
            p_value=float(windows.p_value[row]),
            p_adjusted=p_adjusted,
            n_judged=self._judged_at(at),
            baseline_from=int(self.base.since[windows.series[row]]),
        )


def _least(p_values: Floats, *, n_judged: int) -> float:
    """Return a bound below which no adjusted p-value of these windows lies; several may be of one series."""
    ordered = np.sort(p_values)
    return float((ordered * N_LENGTHS * n_judged / np.arange(1, len(ordered) + 1)).min())
