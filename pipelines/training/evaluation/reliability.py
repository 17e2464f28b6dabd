"""Tell whether a model is as sure as it is right: calibration error, Brier score and the curve that shows both.

The expected calibration error is that of Guo and others, "On Calibration of Modern Neural Networks" (2017), over 15 bins of
equal width. Making a model honest is left to `pipelines.training.calibrate`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers that were about equally sure: how many, how sure on average, which share of them was right."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


def reliability(confidences: NDArray[np.floating], right: NDArray[np.bool_], *, n_bins: int = N_BINS) -> tuple[Bin, ...]:
    """Return the bins of equal width that hold any answer, the least sure first."""
    places = np.minimum((confidences * n_bins).astype(np.intp), n_bins - 1)
    return tuple(
        Bin(
            round(place / n_bins, 4),
            round((place + 1) / n_bins, 4),
            int(within.sum()),
            float(confidences[within].mean()),
            float(right[within].mean()),
        )
        for place in range(n_bins)
        if (within := places == place).any()
    )


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Return the mean distance, over all answers, between how sure their bin is and how often it is right; 0 of nothing."""
    n = sum(one.n for one in bins)
    return sum(one.n * abs(one.confidence - one.right) for one in bins) / n if n else 0.0


def brier(probabilities: NDArray[np.floating], truth: NDArray[np.intp]) -> float:
    """Return the mean over units of the summed squares of what was wrong with their probabilities: from 0 to 2; 0 of nothing."""
    if not len(truth):
        return 0.0
    wanted = np.zeros(probabilities.shape)
    wanted[np.arange(len(truth)), truth] = 1
    return float(((probabilities - wanted) ** 2).sum(axis=1).mean())
