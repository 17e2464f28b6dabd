"""Bucketed counts of many series as sorted arrays, summed over any stretch; what a sum means is left to `spikes`."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.floating]
_BITS = 40
_SPAN, _EPOCH = 1 << _BITS, 1 << (_BITS - 1)
"""Room for the buckets of one series in a combined key, and where in it the epoch lies; seconds reach 17,000 years either way."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Records and negatives by series and bucket; a bucket without records has no row.

    `series` numbers the series from 0, `bucket` the buckets since the epoch, negative before it. Rows are kept sorted by series
    and bucket; `keys` combines the two.
    """

    n_series: int
    keys: Integers
    n: Integers
    n_negative: Integers

    @classmethod
    def of(cls, *, n_series: int, series: ArrayLike, bucket: ArrayLike, n: ArrayLike, n_negative: ArrayLike) -> Self:
        """Make counts of rows in any order; rows of one series and bucket add up. Raise ValueError on a negative count."""
        rows, buckets = (np.asarray(one, dtype=np.int64) for one in (series, bucket))
        total, negative = (np.asarray(one) if len(rows) else np.zeros(0, dtype=np.int64) for one in (n, n_negative))
        if (negative < 0).any() or (negative > total).any():
            raise ValueError("counts need 0 <= n_negative <= n")
        keys = rows * _SPAN + buckets + _EPOCH
        if (keys[1:] >= keys[:-1]).all():  # as a database returns them: sorting millions of rows costs seconds
            return cls(n_series=n_series, keys=keys, n=total, n_negative=negative)
        order = np.argsort(keys, kind="stable")
        return cls(n_series=n_series, keys=keys[order], n=total[order], n_negative=negative[order])

    def dense(self, first: int, last: int, *, start: int, end: int, width: int = 1) -> tuple[Floats, Floats]:
        """Return records and negatives of the series `first` up to `last`, exclusive, in the buckets from `start` up to `end`.

        Two arrays (series, cells), each cell the sum of `width` buckets; `end` - `start` must be whole cells.
        """
        rows = self._rows(first, last, start=start, end=end)
        shape = (last - first, (end - start) // width)
        keys = self.keys[rows]
        cell = ((keys >> _BITS) - first) * shape[1] + ((keys & (_SPAN - 1)) - (_EPOCH + start)) // width
        size = shape[0] * shape[1]
        n, negative = (np.bincount(cell, weights=one[rows], minlength=size).astype(np.float64) for one in (self.n, self.n_negative))
        return n.reshape(shape), negative.reshape(shape)

    def first_buckets(self, first: int, last: int, *, start: int, end: int) -> Integers:
        """Return each series' first bucket with a record in [`start`, `end`), or `end` where it has none."""
        series = np.arange(first, last, dtype=np.int64) * _SPAN + _EPOCH
        position = np.searchsorted(self.keys, series + start)
        inside = position < np.searchsorted(self.keys, series + end)
        found = np.full(last - first, end, dtype=np.int64)
        found[inside] = self.keys[position[inside]] - series[inside]
        return found

    def _rows(self, first: int, last: int, *, start: int, end: int) -> Integers | slice:
        """Return the positions of the rows of these series in [`start`, `end`)."""
        series = np.arange(first, last, dtype=np.int64) * _SPAN + _EPOCH
        low, high = np.searchsorted(self.keys, series + start), np.searchsorted(self.keys, series + end)
        lengths = high - low
        n_rows = int(lengths.sum())
        if n_rows and n_rows == high[-1] - low[0]:
            return slice(int(low[0]), int(high[-1]))
        return np.repeat(low - np.cumsum(lengths) + lengths, lengths) + np.arange(n_rows, dtype=np.int64)
