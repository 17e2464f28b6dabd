"""How likely a count is, given what was expected of it and how far its series strays; both are left to `baselines`.

Shares are beta-binomial and counts negative-binomial: real streams are over-dispersed, and a plain binomial test opened 151
false incidents a day where the beta-binomial one opened none.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]

MANY = 2000
"""Records from which a share is as good as continuous."""

TERMS = 32
"""Terms of a sum added up at a time."""


def share_tail(n: Floats, n_negative: Floats, *, expected: Floats, stray: Floats) -> Floats:
    """Return how likely `n_negative` or more of `n` are, under a beta-binomial of mean share `expected`.

    `stray` is how many times a binomial count's its variance is. Exact to about nine digits up to
    `MANY` records, beyond that by the beta distribution of the same variance.
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
    log_first = special.betaln(n_negative + a, n - n_negative + b) - special.betaln(a, b)
    log_first -= special.betaln(n_negative + 1, n - n_negative + 1) + np.log(n + 1.0)
    last, total = np.ones_like(n_negative), np.ones_like(n_negative)
    rows, done = np.arange(len(n)), 0
    while rows.size:
        k = n_negative[rows, None] + np.arange(done, done + TERMS)
        left = np.maximum(n[rows, None] - k, 0)
        ratio = left / (k + 1) * (k + a[rows, None]) / np.maximum(left - 1 + b[rows, None], 1e-12)
        terms = last[rows, None] * np.cumprod(ratio, axis=1)
        total[rows] += terms.sum(axis=1)
        last[rows] = terms[:, -1]
        rows, done = rows[last[rows] > total[rows] * 1e-10], done + TERMS
    return np.asarray(np.minimum(np.exp(log_first + np.log(total)), 1.0), dtype=np.float64)
