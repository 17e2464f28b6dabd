"""Bucketed counts of many series as sorted arrays, summed over any window at once; what a sum means is left to `spikes`."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.int64]
_SPAN, _EPOCH = 1 << 40, 1 << 39
"""Room for the buckets of one series in a combined key, and where in it the epoch lies; seconds reach 17,000 years either way."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Records and negatives by series and bucket; a bucket without records has no row.

    `series` numbers the series from 0, `bucket` the buckets since the epoch, negative before it. Rows are kept sorted by series and bucket,
    with one empty row before each series, so that sums of one series never touch another's.
    """

    n_series: int
    keys: Integers
    cumulative: Integers
    cumulative_negative: Integers

    @classmethod
    def of(cls, *, n_series: int, series: ArrayLike, bucket: ArrayLike, n: ArrayLike, n_negative: ArrayLike) -> Self:
        """Make counts of rows in any order; rows of one series and bucket add up. Raise ValueError on a negative count."""
        rows, buckets, total, negative = (np.asarray(one, dtype=np.int64) for one in (series, bucket, n, n_negative))
        if (negative < 0).any() or (negative > total).any():
            raise ValueError("counts need 0 <= n_negative <= n")
        keys = np.concatenate([np.arange(n_series, dtype=np.int64) * _SPAN, rows * _SPAN + buckets + _EPOCH])
        order = np.argsort(keys, kind="stable")
        empty = np.zeros(n_series, dtype=np.int64)
        return cls(
            n_series=n_series,
            keys=keys[order],
            cumulative=_running(np.concatenate([empty, total])[order]),
            cumulative_negative=_running(np.concatenate([empty, negative])[order]),
        )

    def window(self, series: Integers, *, start: Integers, end: Integers) -> tuple[Integers, Integers]:
        """Return records and negatives of each `series` in the buckets from `start` up to, not including, `end`."""
        low = np.searchsorted(self.keys, series * _SPAN + start + _EPOCH)
        high = np.searchsorted(self.keys, series * _SPAN + end + _EPOCH)
        return self.cumulative[high] - self.cumulative[low], self.cumulative_negative[high] - self.cumulative_negative[low]


def _running(counts: Integers) -> Integers:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
