"""The figures of a task whose answers are labels, as they are printed, stored and put into a card."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

import numpy as np

from pipelines.taxonomy import OUT_OF_SCOPE
from pipelines.training.evaluation.choices import UNANSWERED, Choices, by_label, confusion_of, figures_of
from pipelines.training.evaluation.ranking import areas
from pipelines.training.evaluation.reliability import Bin, brier, calibration_error, reliability


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """The figures of one label; `n` units have it, `n_given` were given it.

    `auc` is None where it can't be told: no unit has the label, all have it, or the label is a type of spans.
    """

    label: str
    n: int
    n_given: int
    precision: float
    recall: float
    f1: float
    auc: float | None = None


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Shares between 0 and 1; `choices.figures_of` says how they are defined.

    `auc` is the mean over labels, one against the rest. `ece` and `brier` judge the probabilities of the label that the model
    finds likeliest. `answered` is the share of units that serving would give a label, and `answered_accuracy` holds for those:
    both None where the model knows no threshold. `confusion[i][j]` counts truth i answered j; its last column no answer.
    """

    HEADLINE: ClassVar = ("accuracy", "macro_f1", "macro_recall", "in_scope_accuracy", "out_of_scope_recall", "ece")

    n: int
    accuracy: float
    macro_f1: float
    macro_recall: float
    macro_precision: float
    weighted_f1: float
    weighted_precision: float
    auc: float | None
    ece: float
    brier: float
    in_scope_accuracy: float | None
    out_of_scope_recall: float | None
    answered: float | None
    answered_accuracy: float | None
    labels: tuple[str, ...]
    by_label: tuple[LabelFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[Bin, ...]


def score_choices(choices: Choices, *, threshold: float | None = None) -> LabelScores:
    """Draw all figures from what was chosen; `threshold` is the model's own, where its task has no label for "none of these"."""
    confusion = confusion_of(choices)
    found = figures_of(confusion, choices.labels)
    said = ~np.isnan(choices.probabilities[:, 0]) if len(choices.truth) else np.zeros(0, dtype=bool)
    probabilities, truth = choices.probabilities[said].astype(np.float64), choices.truth[said]
    best = probabilities.argmax(axis=1)
    confidences = probabilities.max(axis=1, initial=0)
    bins = reliability(confidences, best == truth)
    ranked = areas(probabilities, truth)
    figures = _by_label(choices, confusion, ranked)
    known = [one.auc for one in figures if one.auc is not None and one.n]
    answered, answered_accuracy = _answered(choices, threshold)
    return LabelScores(
        n=len(choices.truth),
        **_plain(found),
        auc=fmean(known) if known else None,
        ece=calibration_error(bins),
        brier=brier(probabilities, truth),
        in_scope_accuracy=found.get("in_scope_accuracy"),
        out_of_scope_recall=found.get("out_of_scope_recall"),
        answered=answered,
        answered_accuracy=answered_accuracy,
        labels=choices.labels,
        by_label=figures,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
        reliability=bins,
    )


def _plain(found: Mapping[str, float]) -> dict[str, float]:
    names = ("accuracy", "macro_f1", "macro_recall", "macro_precision", "weighted_f1", "weighted_precision")
    return {name: found[name] for name in names}


def _by_label(choices: Choices, confusion: np.ndarray, ranked: list[float | None]) -> tuple[LabelFigures, ...]:
    _, precision, recall, f1 = by_label(confusion)
    wanted, given = confusion.sum(axis=1), confusion.sum(axis=0)
    return tuple(
        LabelFigures(
            label, int(wanted[index]), int(given[index]), float(precision[index]), float(recall[index]), float(f1[index]), ranked[index]
        )
        for index, label in enumerate(choices.labels)
    )


def _answered(choices: Choices, threshold: float | None) -> tuple[float | None, float | None]:
    if threshold is None or OUT_OF_SCOPE in choices.labels or not len(choices.truth):
        return None, None
    sure = (choices.probabilities.max(axis=1) >= threshold) & (choices.given != UNANSWERED)
    right = (choices.given == choices.truth)[sure]
    return float(sure.mean()), float(right.mean()) if len(right) else None
