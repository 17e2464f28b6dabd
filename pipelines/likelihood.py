"""How likely a count is, given what was expected of it and how far its series strays; both are left to `baselines`.

Shares are beta-binomial and counts negative-binomial: real streams are over-dispersed, and a plain binomial test opened 151
false incidents a day where the beta-binomial one opened none.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

MANY = 2000
"""Records from which a share is as good as continuous."""


def share_tail(n: Floats, n_negative: Floats, *, expected: Floats, stray: Floats) -> Floats:
    """Return how likely `n_negative` or more of `n` are, under a beta-binomial of mean share `expected`.

    `stray` is how many times a binomial count's its variance is.

    Exact to about nine digits up to `MANY` records, beyond that by the beta distribution of the same variance.
    """
    result = np.ones(len(n))
    spread = np.clip((stray - 1) / np.maximum(n - 1, 1), 1e-6, 0.5)
    few = (n_negative > 0) & (n <= MANY)
    result[few] = _share_sum(n[few], n_negative[few], expected=expected[few], spread=spread[few])
    many = (n_negative > 0) & (n > MANY)
    precision = np.maximum(n[many] / stray[many] - 1, 1e-3)
    least = np.clip((n_negative[many] - 0.5) / n[many], 0, 1)
    result[many] = special.betaincc(expected[many] * precision, (1 - expected[many]) * precision, least)
    return result


def count_tail(count: Floats, *, expected: Floats, stray: Floats) -> Floats:
    """Return how likely `count` or more are, under a negative binomial; `stray` is how many times its mean its variance is."""
    size = expected / np.maximum(stray - 1, 1e-6)
    tail = special.betainc(np.maximum(count, 1), size, expected / (size + expected))
    return np.asarray(np.where(count <= 0, 1.0, tail), dtype=np.float64)


def adjusted(p_values: Floats, *, n_tests: int) -> Floats:
    """Return Benjamini-Hochberg's adjusted p-values; tests beyond those given count as p = 1."""
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] * max(n_tests, len(p_values)) / np.arange(1, len(p_values) + 1)
    result = np.empty_like(p_values)
    result[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return result


def _share_sum(n: Floats, n_negative: Floats, *, expected: Floats, spread: Floats) -> Floats:
    """Add up the terms of a beta-binomial from `n_negative` on."""
    concentration = 1.0 / spread - 1.0
    a, b = expected * concentration, (1.0 - expected) * concentration
    k = n_negative
    log_first = special.betaln(k + a, n - k + b) - special.betaln(a, b) - special.betaln(k + 1, n - k + 1) - np.log(n + 1.0)
    term, total = np.ones_like(k), np.ones_like(k)
    while (term > total * 1e-10).any():
        term = term * (n - k) / (k + 1) * (k + a) / np.maximum(n - k - 1 + b, 1e-12)
        total += term
        k = np.minimum(k + 1, n)
    return np.asarray(np.minimum(np.exp(log_first + np.log(total)), 1.0), dtype=np.float64)
