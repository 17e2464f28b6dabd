"""Tell which series can be judged at all: most entities never have the records, and fitting their past would be in vain."""

import numpy as np
from numpy.typing import NDArray

from pipelines.rules import Rule

Integers = NDArray[np.int64]
_SPAN, _EPOCH = 1 << 40, 1 << 39
"""Room for the buckets of one series in a combined key, as in `counts`."""


def busy_series(series: Integers, bucket: Integers, n: Integers, *, rule: Rule, after: int, until: int) -> Integers:
    """Return, sorted, the series with enough records for `rule` in a window that ends in (`after`, `until`]; rows in any order.

    The others count in no test at any of these moments, so leaving them out changes nothing that is found.
    """
    judged = np.flatnonzero((bucket > after - rule.window) & (bucket < until))
    keys = series[judged].astype(np.int64) * _SPAN + bucket[judged] + _EPOCH
    order = np.argsort(keys, kind="stable")
    keys, running = keys[order], np.concatenate([[0], np.cumsum(n[judged][order])])
    # The fullest windows end with a row.
    first, last = np.searchsorted(keys, keys - rule.window, side="right"), np.searchsorted(keys, keys, side="right")
    enough = running[last] - running[first] >= rule.min_records
    busy: Integers = np.unique(keys[enough] // _SPAN)
    return busy
