"""Find the buckets that rows of counts lie in: how wide they are, where each series' start, and what counts twice.

Reading the rows is left to `counts_file`, judging them to `replay_counts`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workers.count_rows import EPOCH
from workers.errors import UsageError

if TYPE_CHECKING:
    from workers.counts_file import CountRows

Integers = NDArray[np.int64]

MOST_MISSING, MOST_EMPTY = 4, 100
"""Common divisors that the nearest rows, and the usual ones, may lie apart in a grid with gaps; what is further apart is crooked."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CountGrid:
    """Rows by series and numbered bucket; bucket `k` of series `s` starts `phase[s]` after k whole buckets from the epoch."""

    names: tuple[str, ...]
    bucket: timedelta
    phase: Integers
    series: Integers
    number: Integers
    n: Integers
    n_negative: Integers

    def time(self, series: int, number: int) -> datetime:
        """Return when a bucket of a series starts."""
        return EPOCH + number * self.bucket + int(self.phase[series]) * _MICROSECOND


def grid_of(rows: "CountRows", *, bucket: timedelta | None = None) -> CountGrid:
    """Number the buckets; without `bucket` they are as wide as the rows lie apart.

    Of rows of one series and time the one with the most records counts, so that a row sent twice counts once and a correction
    replaces what it corrects; rows at other times within a bucket add up. Raise UsageError if there is no telling the width.
    """
    kept = _kept(rows)
    series, at = rows.series[kept], rows.at[kept]
    gaps = np.diff(at)[np.diff(series) == 0]
    if not gaps.size:
        gaps = np.diff(np.unique(at))
    if bucket is not None and bucket <= timedelta():
        raise UsageError("a bucket must be longer than nothing: write --bucket 5m")
    width = bucket // _MICROSECOND if bucket else _width(gaps)
    step = int(np.gcd.reduce(gaps, initial=width)) if bucket else width
    phase = _phases(series, at % step, n_series=len(rows.names))
    return CountGrid(
        names=rows.names,
        bucket=width * _MICROSECOND,
        phase=phase,
        series=series,
        number=(at - phase[series]) // width,
        n=rows.n[kept],
        n_negative=rows.n_negative[kept],
    )


def _kept(rows: "CountRows") -> Integers:
    """Return which rows count, by series and time: of equals the one with the most records, then negatives."""
    key = _keys(rows)
    order: Integers = np.argsort(key)
    repeated = np.diff(key[order]) == 0
    if repeated.any():
        order = np.lexsort((rows.n_negative, rows.n, key))
    kept: Integers = order[np.concatenate([~repeated, np.ones(min(len(order), 1), dtype=np.bool_)])]
    return kept


def _keys(rows: "CountRows") -> Integers:
    """Return a number for the series and time of each row, in their order."""
    ticks = rows.at - rows.at.min(initial=0)
    ticks //= max(1, int(np.gcd.reduce(ticks)))
    span = int(ticks.max(initial=0)) + 1
    if span * len(rows.names) >= np.iinfo(np.int64).max:
        raise UsageError("the rows' times are too far apart for their fineness: write whole seconds, and look for a wrong date")
    keys: Integers = rows.series * span + ticks
    return keys


def _width(gaps: Integers) -> int:
    """Return how far rows lie apart, in microseconds: what divides every gap, or the most usual gap where the rows lie crookedly."""
    if not gaps.size:
        return timedelta(minutes=5) // _MICROSECOND  # a single moment: too little to judge, however wide it is
    divisor = int(np.gcd.reduce(gaps))
    if gaps.min() <= MOST_MISSING * divisor and np.median(gaps) <= MOST_EMPTY * divisor:
        return divisor
    usual, times = np.unique(gaps, return_counts=True)
    if times.max() * 2 < len(gaps):
        shown = f"{int(gaps.min()) * _MICROSECOND} to {int(gaps.max()) * _MICROSECOND}"
        raise UsageError(f"the rows of a series lie {shown} apart: say how wide a bucket is, as in --bucket 5m")
    return int(usual[times.argmax()])


def _phases(series: Integers, residue: Integers, *, n_series: int) -> Integers:
    """Return how far from a whole bucket each series' rows lie: where most of them do."""
    if not residue.size or residue.min() == residue.max():
        return np.full(n_series, residue[0] if residue.size else 0, dtype=np.int64)
    pairs, times = np.unique(np.stack([series, residue]), axis=1, return_counts=True)
    order = np.lexsort((-pairs[1], times, pairs[0]))  # the most usual comes last, of equals the smallest
    phase = np.zeros(n_series, dtype=np.int64)
    phase[pairs[0, order]] = pairs[1, order]
    return phase
