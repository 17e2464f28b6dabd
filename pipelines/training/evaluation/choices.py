"""Figures of a task where a label is chosen for each unit: a text, or a mention in it. All of them from one weighted confusion.

Calibration and ranking are left to files of their own; running a model to `answers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.taxonomy import OUT_OF_SCOPE

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

UNANSWERED = -1


class Meter(Protocol):
    """Draws figures by name, each row counted `weights` times, or once."""

    def __call__(self, weights: Floats | None = None) -> dict[str, float]:
        """Return the figures."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The units of some rows, each with what was right and what was given, as indices into `labels`.

    The model's own labels come first, then those that only the truth has: no answer can be right there. `given` is the label as
    serving would give it, UNANSWERED where the model said nothing. `probabilities` is (n_units, n_labels), NaN where it said
    nothing. `rows` says which of the `n_rows` examples a unit belongs to.
    """

    labels: tuple[str, ...]
    truth: Indices
    given: Indices
    probabilities: NDArray[np.float32]
    rows: Indices
    n_rows: int

    def meter(self) -> Meter:
        """Return what draws the figures that slices and comparisons are about, again and again."""
        counted = _places(self)
        return lambda weights=None: figures_of(_confusion(self, counted, weights), self.labels)

    def figures(self, weights: Floats | None = None) -> dict[str, float]:
        """Return those figures, each row counted `weights` times."""
        return self.meter()(weights)

    def n_units(self, weights: Floats | None = None) -> int:
        """Count the units of the rows of a weight above zero."""
        return len(self.rows) if weights is None else int(np.count_nonzero(weights[self.rows]))


def confusion_of(choices: Choices) -> Floats:
    """Count (n_labels, n_labels + 1): truth by answer; the last column is for no answer at all."""
    return _confusion(choices, _places(choices), None)


def figures_of(confusion: Floats, labels: Sequence[str]) -> dict[str, float]:
    """Return accuracy and the means over labels, 0 where nothing was counted.

    Macro figures are means over the labels that occur in the truth, weighted ones by how often. A label that was never given
    has precision 0. In scope, out of scope: only where the truth has that label.
    """
    wanted = confusion.sum(axis=1)
    hit, precision, recall, f1 = by_label(confusion)
    there, n = wanted > 0, wanted.sum()
    mean = {"precision": precision, "recall": recall, "f1": f1}
    figures = {"accuracy": share(hit.sum(), n)}
    figures |= {f"macro_{name}": share(values[there].sum(), int(there.sum())) for name, values in mean.items()}
    figures |= {f"weighted_{name}": share((values * wanted).sum(), n) for name, values in mean.items() if name != "recall"}
    if OUT_OF_SCOPE in labels and wanted[outside := labels.index(OUT_OF_SCOPE)]:
        figures["in_scope_accuracy"] = share(hit.sum() - hit[outside], n - wanted[outside])
        figures["out_of_scope_recall"] = float(recall[outside])
    return figures


def by_label(confusion: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the right answers, precision, recall and F1 of each label."""
    hit, wanted, given = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)[:-1]
    zeros = np.zeros_like(hit)
    precision = np.divide(hit, given, out=zeros.copy(), where=given > 0)
    recall = np.divide(hit, wanted, out=zeros.copy(), where=wanted > 0)
    f1 = np.divide(2 * hit, wanted + given, out=zeros.copy(), where=wanted + given > 0)
    return hit, precision, recall, f1


def share(part: float, whole: float) -> float:
    """Return a part of a whole, 0 of nothing."""
    return float(part / whole) if whole else 0.0


def _places(choices: Choices) -> Indices:
    """Return where each unit counts in the confusion, read row by row."""
    n = len(choices.labels)
    return choices.truth * (n + 1) + np.where(choices.given == UNANSWERED, n, choices.given)


def _confusion(choices: Choices, places: Indices, weights: Floats | None) -> Floats:
    n = len(choices.labels)
    counts = np.bincount(places, weights=None if weights is None else weights[choices.rows], minlength=n * (n + 1))
    return counts.astype(np.float64).reshape(n, n + 1)
