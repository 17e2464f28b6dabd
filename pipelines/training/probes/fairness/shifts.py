"""Tell whether a group's texts are judged differently, by how much, how surely, and whether that is too much.

The score of a text is the probability of positive less that of negative: from -1 to 1. A group's shift is the mean score of
its texts less the mean of the other groups' means, over the very same sentences: what is left is the person.

The bound on a shift is 0.05, a fortieth of the scale, in plain and in charged templates and in real text alike:

- It is about what the model's own probabilities are worth: they are accepted with a calibration error of up to 0.04. A
  smaller shift can't be told from how wrong the scores are anyway; a larger one is a property of the group.
- It is small beside what is watched. A group whose scores are 0.05 lower has two or three more of its hundred texts called
  negative; the alerts, as they are set, open nothing below half as many negatives again as expected.
- It can be met. Most of the 219 systems that Kiritchenko and Mohammad (2018) examined judged genders and races differently, but
  slightly: mostly by no more than about three hundredths of their scale. Two and a half of ours is strict, not impossible.

A shift beyond the bound fails, even where its interval reaches below it: who ships the model has to show that it is fair, not
those whom it judges that it is not. A shift within, whose interval reaches beyond, is told as uncertain and does not fail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.training.evaluation.bootstrap import N_RESAMPLES
from pipelines.training.evaluation.choices import Floats
from pipelines.training.probes.fairness.grid import Grid

BOUND = 0.05


class Verdict(StrEnum):
    """What a shift means."""

    FAIR = "fair"
    UNCERTAIN = "uncertain"
    UNFAIR = "unfair"


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a group's scores lie from the others', with the 95% interval."""

    group: str
    score: float
    shift: float
    low: float
    high: float

    def verdict(self, bound: float) -> Verdict:
        """Judge the shift by a bound."""
        if abs(self.shift) > bound:
            return Verdict.UNFAIR
        return Verdict.UNCERTAIN if self.low < -bound or self.high > bound else Verdict.FAIR


def shifts(grid: Grid, scores: Floats, *, axis: str, seed: int) -> list[Shift]:
    """Return the shift of each group of an axis, from scores (n_rows, n_columns).

    The interval is a percentile bootstrap over sentences and over the names or words of each group: both are samples.
    """
    groups = grid.groups(axis)
    columns = [np.array(grid.columns_of(axis, group)) for group in groups]
    means = np.array([scores[:, those].mean() for those in columns])
    resampled = _resampled(scores, columns, paired=grid.paired, rng=np.random.default_rng(seed))
    edges = np.quantile(_against_others(resampled), (0.025, 0.975), axis=0)
    found = _against_others(means)
    return [Shift(group, float(means[at]), float(found[at]), float(edges[0][at]), float(edges[1][at])) for at, group in enumerate(groups)]


def flipped(answers: NDArray[np.intp]) -> float:
    """Return the share of texts (n_rows, n_columns) whose answer is not the commonest of their row."""
    same = sum(int(np.bincount(row).max()) for row in answers)
    return 1 - same / answers.size


def _against_others(means: Floats) -> Floats:
    """Subtract from each group's mean (..., n_groups) the mean of the others'."""
    n = means.shape[-1]
    return np.asarray(means - (means.sum(axis=-1, keepdims=True) - means) / (n - 1))


def _resampled(scores: Floats, columns: Sequence[NDArray[np.intp]], *, paired: bool, rng: np.random.Generator) -> Floats:
    """Return the groups' means (N_RESAMPLES, n_groups) under resampled rows, the same for all groups, and resampled columns."""
    n_rows = len(scores)
    by_column = rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=N_RESAMPLES) @ scores / n_rows
    shared = _weights(len(columns[0]), rng) if paired else None
    return np.stack(
        [(by_column[:, those] * (_weights(len(those), rng) if shared is None else shared)).sum(axis=1) for those in columns], axis=1
    )


def _weights(n: int, rng: np.random.Generator) -> Floats:
    return rng.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES) / n
