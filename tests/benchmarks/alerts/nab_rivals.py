"""Simple detectors to hold ours against, as surprise by row from 0 to 1; scoring them is left to `nab_score`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from nab_score import Score, score
from numpy.typing import NDArray
from scipy.special import ndtr

if TYPE_CHECKING:
    from nab import File

Floats = NDArray[np.float64]
PAST = 1000
"""Rows of the Gaussian's sliding window."""


def windowed_gaussian(values: Floats) -> Floats:
    """Return how far a value stands in either tail of the normal distribution of the 1,000 rows before it."""
    surprise = np.zeros(len(values))
    for row in range(1, len(values)):
        past = values[max(0, row - PAST) : row]
        deviation = max(float(past.std()), 1e-6)
        surprise[row] = ndtr(abs(values[row] - past.mean()) / deviation)
    return surprise


def static_threshold(values: Floats) -> Floats:
    """Return the value over the file's largest: the best that one fixed limit could do, knowing the future."""
    return np.asarray(values / max(float(values.max()), 1.0), dtype=np.float64)


RIVALS: Mapping[str, Callable[[Floats], Floats]] = {"windowed Gaussian": windowed_gaussian, "static threshold": static_threshold}


def best_threshold(surprises: Mapping[str, Floats], *, files: Sequence["File"]) -> float:
    """Return the one limit that scores best on all files together."""
    levels = np.unique(np.concatenate([np.sort(one)[-400:] for one in surprises.values()]))

    def points(limit: float) -> float:
        told = [
            score(np.flatnonzero(surprises[file.name] >= limit).tolist(), windows=file.windows, n_rows=len(file.times)) for file in files
        ]
        return sum(told, Score(0.0, 0)).points

    return float(max(levels, key=points))
