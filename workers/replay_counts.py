"""Say what rules would have found in a file of plain counts, as a live scan would have seen it; no database is needed.

Reading the file is left to `counts_file`, its buckets to `count_grid`, the judging to `pipelines.spikes`; stored history to `replay`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workers.alert_settings import STANDARD, Rule
from workers.clock import Clock, detector_rule
from workers.count_grid import CountGrid, grid_of
from workers.counts_file import read_counts
from workers.errors import UsageError
from workers.rules_file import RulesFile, fit_buckets

if TYPE_CHECKING:
    from pipelines.counts import Counts, Integers
    from pipelines.rules import Rule as DetectorRule
    from pipelines.spikes import Turn

Metric = Literal["share", "negatives", "volume"]

LEAST_P = 1e-300
"""What a smaller p-value is told as: nothing is impossible."""


@dataclass(frozen=True, slots=True)
class CountedIncident:
    """A turn of one series; `opened_at` and `peak_at` are ends of buckets, `resolved_at` is None while it lasts at the file's end."""

    series: str
    opened_at: datetime
    resolved_at: datetime | None
    peak_at: datetime
    metric: Metric
    observed: float
    expected: float
    p_value: float


def replay_counts(
    path: Path, *, metric: Metric, rules: RulesFile | None = None, bucket: timedelta | None = None
) -> tuple[CountedIncident, ...]:
    """Judge every bucket of the file, all series together, and return the incidents, oldest first.

    Without `rules` by the shipped rule of the metric, its lengths cut to what the buckets allow; with, by each of the metric's,
    and what several find in one series at once is one incident. Nothing looks ahead of the bucket that it judges.
    """
    chosen = [rule for rule in rules.rules.values() if rule.metric == metric] if rules else [STANDARD[metric]]
    if not chosen:
        raise UsageError(f'no rule watches {metric}: write metric = "{metric}" in one, or ask for another --metric')
    grid = grid_of(read_counts(path, needs_negatives=metric != "volume"), bucket=bucket)
    if rules:
        fit_buckets(rules, bucket=grid.bucket, whole=False)
    if not len(grid.number):
        return ()
    found = [one for rule in chosen for one in _incidents(_turns(grid, rule=rule), grid=grid, metric=metric)]
    return tuple(sorted(_merged(found), key=lambda one: (one.opened_at, one.p_value, one.series)))


def _counts(grid: CountGrid, *, rule: "DetectorRule") -> "tuple[Counts, Integers]":
    """Return the counts of the series that can be judged, and which these are."""
    import numpy as np

    from pipelines.busy import busy_series
    from pipelines.counts import Counts

    first, last = int(grid.number.min()), int(grid.number.max())
    busy = busy_series(grid.series, grid.number, grid.n, rule=rule, after=first, until=last + 1)
    rows = np.flatnonzero(np.isin(grid.series, busy)) if len(busy) < len(grid.names) else slice(None)
    series = np.searchsorted(busy, grid.series[rows])
    counts = Counts.of(n_series=len(busy), series=series, bucket=grid.number[rows], n=grid.n[rows], n_negative=grid.n_negative[rows])
    return counts, busy


def _turns(grid: CountGrid, *, rule: Rule) -> "list[Turn]":
    """Judge all buckets from the first of the file on, as one scan after another would."""
    from pipelines.spikes import find_turns

    detector = detector_rule(rule, clock=Clock(grid.bucket))
    counts, numbers = _counts(grid, rule=detector)
    turns: dict[tuple[int, int], Turn] = {}
    for after, until in _stretches(grid, memory=detector.season + 2 * detector.window):
        found = find_turns(counts, rule=detector, after=after, until=until, turns=list(turns.values()))
        turns |= {(one.series, one.opened_at): one for one in found}
    return [replace(turn, series=int(numbers[turn.series])) for turn in turns.values()]


def _stretches(grid: CountGrid, *, memory: int) -> Iterator[tuple[int, int]]:
    """Yield the buckets to judge; decades without rows lie behind one wrong date, and nothing turns once the past is forgotten."""
    import numpy as np

    numbers = np.unique(grid.number)
    ends = np.append(np.flatnonzero(np.diff(numbers) > memory), len(numbers) - 1)
    after = int(numbers[0])
    for end in ends:
        last = end == len(numbers) - 1
        yield after, int(numbers[end]) + (1 if last else memory)
        after = int(numbers[end]) if last else int(numbers[end + 1])


def _incidents(turns: "Iterable[Turn]", *, grid: CountGrid, metric: Metric) -> list[CountedIncident]:
    return [
        CountedIncident(
            series=grid.names[turn.series],
            opened_at=grid.time(turn.series, turn.opened_at),
            resolved_at=None if turn.resolved_at is None else grid.time(turn.series, turn.resolved_at),
            peak_at=grid.time(turn.series, turn.peak.at),
            metric=metric,
            observed=turn.peak.observed,
            expected=turn.peak.expected,
            p_value=max(turn.peak.p_value, LEAST_P),
        )
        for turn in turns
    ]


def _merged(found: Sequence[CountedIncident]) -> list[CountedIncident]:
    """Make one incident of those of a series that overlap; its figures are those of its least likely window."""
    merged: list[CountedIncident] = []
    for one in sorted(found, key=lambda one: (one.series, one.opened_at)):
        last = merged[-1] if merged else None
        if last and last.series == one.series and (last.resolved_at is None or one.opened_at <= last.resolved_at):
            ends = None if last.resolved_at is None or one.resolved_at is None else max(last.resolved_at, one.resolved_at)
            merged[-1] = replace(min(last, one, key=lambda each: each.p_value), opened_at=last.opened_at, resolved_at=ends)
        else:
            merged.append(one)
    return merged
