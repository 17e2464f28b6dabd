"""Fit on held-out rows what makes a head's scores honest: a temperature, and the probability below which it should say "none of these".

Temperature scaling is that of Guo and others, "On Calibration of Modern Neural Networks" (2017): one number a head, which
leaves every ranking as it was. Which rows are held out is left to `splits`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from pipelines.merging import Array, log_softmax

COOLEST, HOTTEST = 0.05, 20.0
"""The range of temperatures; a handful of rows that a model gets all right would otherwise ask for 0."""

REFUSED = 0.02
"""The share of rows that belong to a topic which may be refused for the sake of those that belong to none."""


def fit_temperature(logits: Sequence[Array], targets: Sequence[int], *, n_tokens: Sequence[Sequence[int]] | None = None) -> float:
    """Return the temperature at which `targets` are likeliest; 1 where there are no rows.

    Each row's logits are (n_labels,) or, for a text of several windows, (n_windows, n_labels) with its windows' `n_tokens`, which
    are merged as serving does. Negative log-likelihood is minimised over the logarithm of the temperature.
    """
    if not len(logits):
        return 1.0
    rows = [np.atleast_2d(row) for row in logits]
    sizes = n_tokens or [[1] * len(row) for row in rows]

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(rows, targets, n_tokens=sizes, temperature=float(np.exp(log_temperature)))

    found = minimize_scalar(loss, bounds=(np.log(COOLEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-2})
    return round(float(np.exp(found.x)), 4)


def negative_log_likelihood(
    rows: Sequence[Array], targets: Sequence[int], *, n_tokens: Sequence[Sequence[int]], temperature: float
) -> float:
    """Return the mean over rows, each (n_windows, n_labels), of minus the logarithm of the target's probability, in nats."""
    weights = np.concatenate([np.asarray(size, dtype=np.float64) / sum(size) for size in n_tokens])
    starts = np.cumsum([0, *map(len, rows[:-1])])
    windows = log_softmax(np.concatenate(rows) / np.float32(temperature))
    merged = log_softmax(np.add.reduceat(windows * weights[:, None], starts, axis=0).astype(np.float32))
    return float(-merged[np.arange(len(rows)), np.asarray(targets)].mean())


def fit_threshold(probabilities: Sequence[float] | NDArray[np.float32], *, refused: float = REFUSED) -> float:
    """Return the probability below which the share `refused` of rows lies: theirs are the best topics of rows that do have one.

    It needs no example of what is out of scope, so that it holds for a head that was never shown any.
    """
    if not len(probabilities):
        return 0.0
    return float(np.quantile(np.asarray(probabilities, dtype=np.float64), refused, method="lower"))
