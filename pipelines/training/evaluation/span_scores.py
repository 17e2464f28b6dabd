"""The figures of a task whose answers are spans, as they are printed, stored and put into a card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.training.data import Span
from pipelines.training.evaluation.choices import share
from pipelines.training.evaluation.found_spans import FoundSpans
from pipelines.training.evaluation.label_scores import LabelFigures
from pipelines.training.evaluation.reliability import Bin, calibration_error, reliability


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Exact-match figures over all spans together: a span counts only with its very start, end and label.

    `partial_f1` gives half a point to a span of the right type that only overlaps. `f1_served` leaves out spans without a
    letter or digit on both sides, as serving does: some sources mark a lone @. `ece` tells how honestly sure the model is of the
    spans it gives. `confusion[i][j]` counts spans of type i marked as type j at the very same place; its last column those not
    marked there, its last row those marked where people marked none.
    """

    HEADLINE: ClassVar = ("precision", "recall", "f1", "partial_f1", "f1_served")

    n: int
    precision: float
    recall: float
    f1: float
    partial_f1: float
    f1_served: float
    ece: float | None
    labels: tuple[str, ...]
    by_label: tuple[LabelFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[Bin, ...]


def score_spans(texts: Sequence[str], truth: Sequence[Sequence[Span]], answers: Sequence[Sequence[Span]]) -> SpanScores:
    """Compare the spans of each text; ValueError for different lengths."""
    return score_found(FoundSpans(tuple(texts), tuple(map(tuple, truth)), tuple(map(tuple, answers))))


def score_found(found: FoundSpans) -> SpanScores:
    """Draw all figures from what was found."""
    labels = tuple(sorted({span.label for spans in (*found.truth, *found.given) for span in spans}))
    confidences, right = _surety(found)
    bins = reliability(confidences, right)
    return SpanScores(
        n=found.n_units(),
        **found.figures(),
        ece=calibration_error(bins) if bins else None,
        labels=labels,
        by_label=tuple(_type(found, label) for label in labels),
        confusion=_confusion(found, labels),
        reliability=bins,
    )


def _surety(found: FoundSpans) -> tuple[np.ndarray, np.ndarray]:
    pairs = [
        (score, span in wanted)
        for wanted, given, scores in zip(found.truth, found.given, found.confidences, strict=False)
        for span, score in zip(given, scores, strict=True)
    ]
    return np.array([score for score, _ in pairs], dtype=np.float64), np.array([is_right for _, is_right in pairs], dtype=bool)


def _type(found: FoundSpans, label: str) -> LabelFigures:
    pairs = [
        ({span for span in wanted if span.label == label}, {span for span in given if span.label == label})
        for wanted, given in zip(found.truth, found.given, strict=True)
    ]
    hit, n, n_given = (sum(map(len, those)) for those in ((a & b for a, b in pairs), (a for a, _ in pairs), (b for _, b in pairs)))
    return LabelFigures(label, n, n_given, share(hit, n_given), share(hit, n), share(2 * hit, n + n_given))


def _confusion(found: FoundSpans, labels: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    nothing = len(labels)
    counts = np.zeros((nothing + 1, nothing + 1), dtype=np.int64)
    for wanted, given in zip(found.truth, found.given, strict=True):
        truth = {(span.start, span.end): labels.index(span.label) for span in wanted}
        answers = {(span.start, span.end): labels.index(span.label) for span in given}
        for place in truth.keys() | answers.keys():
            counts[truth.get(place, nothing), answers.get(place, nothing)] += 1
    return tuple(tuple(row) for row in counts.tolist())
