"""Compare the same rows before and after their texts were changed; changing them and asking the model is left to the caller."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.training.evaluation.bootstrap import Interval, intervals
from pipelines.training.evaluation.choices import Choices, Floats
from pipelines.training.evaluation.found_spans import FoundSpans
from pipelines.training.evaluation.measuring import Judged

Rows = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Drop:
    """A figure before and after, and the interval of what was lost."""

    before: float
    after: float
    interval: Interval

    @property
    def drop(self) -> float:
        """How much was lost; below zero, gained."""
        return self.before - self.after


def drops(before: Judged, after: Judged, *, rows: Rows, seed: int) -> dict[str, Drop]:
    """Compare every figure on the chosen rows, which both sides hold in one order; none chosen, none compared.

    The same resampled rows go to both sides, so that they share its luck.
    """
    if not rows.any():
        return {}
    first, second = before.meter(), after.meter()

    def lost(weights: Floats) -> dict[str, float]:
        one, two = first(weights), second(weights)
        return {name: value - two[name] for name, value in one.items() if name in two}

    plain = rows.astype(np.float64)
    one, two = first(plain), second(plain)
    return {name: Drop(one[name], two[name], found) for name, found in intervals(lost, rows, seed=seed).items() if name in one}


def changed_answers(before: Judged, after: Judged) -> Rows:
    """Tell of each row whether its answer changed: a label of it, or which of its spans were found and how many others."""
    if isinstance(before, Choices) and isinstance(after, Choices):
        return np.bincount(before.rows, weights=before.given != after.given, minlength=before.n_rows) > 0
    assert isinstance(before, FoundSpans)
    assert isinstance(after, FoundSpans)
    return np.asarray((before.counts() != after.counts()).any(axis=1))
