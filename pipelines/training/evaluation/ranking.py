"""Tell how well a model's scores put the rows of a label before the others: the area under the ROC curve, one label against the rest."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def areas(probabilities: NDArray[np.floating], truth: NDArray[np.intp]) -> list[float | None]:
    """Return, for each label, the chance that one of its units scores above one of another, a tie counting half.

    None for a label that all units or none have: there is nothing to compare.
    """
    return [_area(probabilities[:, label], truth == label) for label in range(probabilities.shape[1])]


def _area(scores: NDArray[np.floating], wanted: NDArray[np.bool_]) -> float | None:
    n_wanted, n_other = int(wanted.sum()), int((~wanted).sum())
    if not n_wanted or not n_other:
        return None
    return float((rankdata(scores)[wanted].sum() - n_wanted * (n_wanted + 1) / 2) / (n_wanted * n_other))


def curve(scores: NDArray[np.floating], wanted: NDArray[np.bool_]) -> tuple[list[float], list[float]]:
    """Return the ROC curve of a label: shares of false and of true alarms, from the strictest threshold to the mildest."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # equal scores can't be told apart: one step
    hits = np.cumsum(wanted[order])[ends]
    alarms = ends + 1 - hits
    return [0.0, *(alarms / max(1, alarms[-1])).tolist()], [0.0, *(hits / max(1, hits[-1])).tolist()]
