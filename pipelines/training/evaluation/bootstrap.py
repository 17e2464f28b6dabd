"""Tell how far figures would swing on other rows of the same kind: percentile intervals from resampled rows.

Rows are drawn with replacement, whole, with all their spans. What is compared with what is left to the callers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.training.evaluation.choices import Floats

N_RESAMPLES = 1_000
LEVEL = 0.95
SEED = 17


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure would lie in 95 of 100 such sets of rows."""

    low: float
    high: float

    def holds_zero(self) -> bool:
        """Tell whether 0 is among them: then a difference may be chance."""
        return self.low <= 0 <= self.high


def resamples(rows: NDArray[np.bool_], *, n: int = N_RESAMPLES, seed: int = SEED) -> Iterator[Floats]:
    """Yield `n` times how often each row was drawn, among those where `rows` is true; the same ones for the same seed."""
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(rows)
    for _ in range(n if len(chosen) else 0):
        weights = np.zeros(len(rows))
        weights[chosen] = np.bincount(rng.integers(len(chosen), size=len(chosen)), minlength=len(chosen))
        yield weights


def intervals(
    draw: Callable[[Floats], Mapping[str, float]], rows: NDArray[np.bool_], *, n: int = N_RESAMPLES, seed: int = SEED
) -> dict[str, Interval]:
    """Return the interval of every figure that `draw` gives for resampled rows; none where there are no rows.

    A figure that some resamples can't tell (no row of its label) is drawn from the others.
    """
    drawn: dict[str, list[float]] = {}
    for weights in resamples(rows, n=n, seed=seed):
        for name, value in draw(weights).items():
            drawn.setdefault(name, []).append(value)
    tail = (1 - LEVEL) / 2
    return {name: Interval(*np.quantile(values, (tail, 1 - tail)).tolist()) for name, values in drawn.items()}
