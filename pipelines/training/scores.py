"""The figures a model is judged by: pure counting over truth and answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.training.data import Span


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Shares between 0 and 1; macro figures are means over the labels that occur in the truth."""

    n: int
    accuracy: float
    macro_f1: float
    macro_recall: float


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Exact-match figures over all spans together: a span counts only with its very start, end and label.

    `f1_served` leaves out spans without a letter or digit on both sides, as serving does: some sources mark a lone @.
    """

    n: int
    precision: float
    recall: float
    f1: float
    f1_served: float


def score_labels(truth: Sequence[str], answers: Sequence[str]) -> LabelScores:
    """Compare one label an example; ValueError for different lengths."""
    pairs = list(zip(truth, answers, strict=True))
    recalls, f1s = [], []
    for label in sorted(set(truth)):
        hit = sum(wanted == given == label for wanted, given in pairs)
        n_wanted, n_given = sum(wanted == label for wanted in truth), sum(given == label for given in answers)
        recalls.append(hit / n_wanted)
        f1s.append(2 * hit / (n_wanted + n_given))
    n_right = sum(wanted == given for wanted, given in pairs)
    return LabelScores(len(pairs), _share(n_right, len(pairs)), _share(sum(f1s), len(f1s)), _share(sum(recalls), len(recalls)))


def score_spans(texts: Sequence[str], truth: Sequence[Sequence[Span]], answers: Sequence[Sequence[Span]]) -> SpanScores:
    """Compare the spans of each text; ValueError for different lengths."""
    hit, n_wanted, n_given = _matches(truth, answers)
    served = _matches(_wordy(texts, truth), _wordy(texts, answers))
    return SpanScores(n_wanted, _share(hit, n_given), _share(hit, n_wanted), _f1(hit, n_wanted, n_given), _f1(*served))


def _matches(truth: Sequence[Sequence[Span]], answers: Sequence[Sequence[Span]]) -> tuple[int, int, int]:
    hit = sum(len(set(wanted) & set(given)) for wanted, given in zip(truth, answers, strict=True))
    return hit, sum(map(len, truth)), sum(map(len, answers))


def _wordy(texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[list[Span]]:
    return [
        [span for span in those if any(map(str.isalnum, text[span.start : span.end]))] for text, those in zip(texts, spans, strict=True)
    ]


def _f1(hit: int, n_wanted: int, n_given: int) -> float:
    return _share(2 * hit, n_wanted + n_given)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
