"""How likely a count is, given the blocks of time before it; which counts are asked about is left to `spikes`.

Shares are beta-binomial and counts negative-binomial, since real streams are over-dispersed: a plain binomial test opened
151 false incidents a day where the beta-binomial one opened none. Both baselines are fitted robustly (blocks far above the
rest are left out, and count only up to a bound towards the dispersion), and carry the uncertainty of their own estimate, so
that a short history makes nothing look unlikely.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHARE_FLOOR = 0.02
"""Least expected share of negatives: below it one record in fifty would look like a turn."""

COUNT_FLOOR = 1.0
"""Least expected count of negatives in a window, for the same reason."""

SHARE_DISPERSION, COUNT_DISPERSION = 0.03, 0.4
"""Over-dispersion believed before anything was seen; a share that wanders by a sixth of its spread, a count by two thirds."""

PRIOR_BLOCKS = 5.0
"""Weight of that belief, in blocks; no series is believed to be calmer than a tenth of it."""

OUTLIER = 4.0
"""Robust standard deviations above which a block is left out of its baseline."""

BOUND = 3.0
"""Robust standard deviations that one block counts for, at most, towards the dispersion."""

PRIOR_SHARE, PRIOR_RECORDS = 0.2, 5.0
"""What is believed before anything was seen, and its weight in records."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What blocks of time before a window make likely: an expected value and the spread around it."""

    expected: Floats
    spread: Floats


def fit_share(n: Integers, n_negative: Integers) -> Baseline:
    """Fit the share of negatives to blocks (one row a series, one column a block; a block without records weighs nothing).

    `spread` is the intra-class correlation of a beta-binomial: dispersion between blocks, and the uncertainty of the mean.
    """
    share = _share(n, n_negative)
    residuals = _share_residuals(n, n_negative, share=share)
    scale = _scale(residuals, known=n > 0)
    kept = residuals <= OUTLIER * scale
    share = _share(n * kept, n_negative * kept)
    bounded = np.clip(_share_residuals(n, n_negative, share=share), -BOUND * scale, BOUND * scale)
    pairs = np.maximum(n - 1, 0).sum(axis=1)
    belief = PRIOR_BLOCKS * np.maximum(pairs / np.maximum((n > 0).sum(axis=1), 1), 1.0)
    excess = ((bounded**2 - 1) * (n > 0)).sum(axis=1)
    dispersion = np.maximum((excess + SHARE_DISPERSION * belief) / (pairs + belief), SHARE_DISPERSION / 10)
    uncertainty = 1.0 / ((n * kept).sum(axis=1) + PRIOR_RECORDS)
    return Baseline(share, np.minimum(dispersion + uncertainty, 0.5))


def fit_count(n_negative: Integers, *, known: Flags) -> Baseline:
    """Fit the count of negatives a block; `known` marks the blocks that were watched at all.

    `spread` is the dispersion of a negative binomial (variance = mean + spread * mean squared), with the mean's uncertainty.
    """
    mean = _mean(n_negative, known=known)
    residuals = _root_residuals(n_negative, mean=mean)
    kept = known & (residuals <= OUTLIER * _scale(residuals, known=known))
    mean = _mean(n_negative, known=kept)
    n_known = np.maximum(known.sum(axis=1), 1)
    excess = (((n_negative - mean[:, None]) ** 2 - mean[:, None]) * kept).sum(axis=1) / mean**2
    dispersion = (excess + COUNT_DISPERSION * PRIOR_BLOCKS) / (kept.sum(axis=1) + PRIOR_BLOCKS)
    dispersion = np.maximum(dispersion, COUNT_DISPERSION / 10)
    return Baseline(mean, dispersion + (1.0 / mean + dispersion) / n_known)


def share_tail(n: Integers, n_negative: Integers, *, baseline: Baseline) -> Floats:
    """Return how likely `n_negative` or more of `n` are, under a beta-binomial; exact to about nine digits."""
    concentration = 1.0 / baseline.spread - 1.0
    a, b = baseline.expected * concentration, (1.0 - baseline.expected) * concentration
    k = n_negative.astype(np.float64)
    log_first = special.betaln(k + a, n - k + b) - special.betaln(a, b) - special.betaln(k + 1, n - k + 1) - np.log(n + 1.0)
    term = np.ones_like(k)
    total = np.ones_like(k)
    while (term > total * 1e-10).any():
        term = term * (n - k) / (k + 1) * (k + a) / np.maximum(n - k - 1 + b, 1e-12)
        total += term
        k = np.minimum(k + 1, n)
    return np.asarray(np.minimum(np.exp(log_first + np.log(total)), 1.0), dtype=np.float64)


def count_tail(n_negative: Integers, *, baseline: Baseline) -> Floats:
    """Return how likely `n_negative` or more are, under a negative binomial."""
    size = 1.0 / baseline.spread
    certain = n_negative <= 0
    tail = special.betainc(np.where(certain, 1, n_negative), size, baseline.expected / (size + baseline.expected))
    return np.where(certain, 1.0, tail)


def adjusted(p_values: Floats, *, n_tests: int) -> Floats:
    """Return Benjamini-Hochberg's adjusted p-values; tests beyond those given count as p = 1."""
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] * max(n_tests, len(p_values)) / np.arange(1, len(p_values) + 1)
    result = np.empty_like(p_values)
    result[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return result


def _share(n: Integers, n_negative: Integers) -> Floats:
    share = (n_negative.sum(axis=1) + PRIOR_SHARE * PRIOR_RECORDS) / (n.sum(axis=1) + PRIOR_RECORDS)
    return np.asarray(np.clip(share, SHARE_FLOOR, 1 - SHARE_FLOOR), dtype=np.float64)


def _share_residuals(n: Integers, n_negative: Integers, *, share: Floats) -> Floats:
    p = share[:, None]
    return np.asarray((n_negative - n * p) / np.sqrt(np.maximum(n, 1) * p * (1 - p)), dtype=np.float64)


def _mean(n_negative: Integers, *, known: Flags) -> Floats:
    mean = (n_negative * known).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.maximum(mean, COUNT_FLOOR), dtype=np.float64)


def _root_residuals(n_negative: Integers, *, mean: Floats) -> Floats:
    """Return residuals on the scale of square roots, on which counts are not skewed."""
    return np.asarray(2 * (np.sqrt(n_negative + 0.375) - np.sqrt(mean[:, None] + 0.375)), dtype=np.float64)


def _scale(residuals: Floats, *, known: Flags) -> Floats:
    """Return a robust standard deviation of each row's known residuals, at least 1, as a column."""
    ordered = np.sort(np.where(known, np.abs(residuals), np.inf), axis=1)
    middle = np.maximum(known.sum(axis=1) - 1, 0) // 2
    median = ordered[np.arange(len(ordered)), middle] if ordered.size else np.zeros(len(ordered))
    return np.maximum(1.4826 * np.where(np.isfinite(median), median, 0.0), 1.0)[:, None]
