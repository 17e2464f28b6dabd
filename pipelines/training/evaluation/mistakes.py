"""Pick what a person should look at first: a model's surest mistakes, and the labels that it takes for each other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.training.data import Example
from pipelines.training.evaluation.choices import Choices
from pipelines.training.evaluation.found_spans import FoundSpans
from pipelines.training.evaluation.label_scores import LabelScores
from pipelines.training.evaluation.measuring import Evaluation


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer: `row` is that of the file, `about` the mention it is about, if it is about one; either side may be ""."""

    row: int
    text: str
    about: str
    truth: str
    given: str
    confidence: float


def surest_mistakes(evaluation: Evaluation, *, n: int = 12) -> list[Mistake]:
    """Return the wrong answers of which the model was surest, the surest first; some of them are mistakes in the data."""
    if isinstance(evaluation.judged, Choices):
        found = list(_wrong_choices(evaluation.judged, evaluation, n=n))
    elif isinstance(evaluation.judged, FoundSpans):
        found = list(_wrong_spans(evaluation.judged, evaluation))
    else:
        found = []
    return sorted(found, key=lambda one: -one.confidence)[:n]


def confused_pairs(scores: LabelScores, *, n: int = 12) -> list[tuple[str, str, int, int]]:
    """Return the labels most often taken for another: truth, answer, how often, of how many with that truth."""
    counts = np.array(scores.confusion)[:, :-1]
    np.fill_diagonal(counts, 0)
    best = np.argsort(-counts, axis=None, kind="stable")[:n]
    pairs = [divmod(int(place), len(scores.labels)) for place in best]
    return [
        (scores.labels[truth], scores.labels[given], int(counts[truth, given]), scores.by_label[truth].n)
        for truth, given in pairs
        if counts[truth, given]
    ]


def _wrong_choices(choices: Choices, evaluation: Evaluation, *, n: int) -> Iterator[Mistake]:
    confidences = np.nan_to_num(choices.probabilities.max(axis=1, initial=0))
    confidences[choices.given == choices.truth] = -1
    for unit in np.argsort(-confidences, kind="stable")[:n].tolist():
        if confidences[unit] >= 0:
            example = evaluation.examples[row := int(choices.rows[unit])]
            given = choices.labels[choices.given[unit]] if choices.given[unit] >= 0 else ""
            about = _about(example, choices, unit, row)
            yield Mistake(example.row, example.text, about, choices.labels[choices.truth[unit]], given, float(confidences[unit]))


def _about(example: Example, choices: Choices, unit: int, row: int) -> str:
    if not example.spans:
        return ""
    span = example.spans[unit - int(np.searchsorted(choices.rows, row))]  # the units of a row stand together, in order
    return example.text[span.start : span.end]


def _wrong_spans(found: FoundSpans, evaluation: Evaluation) -> Iterator[Mistake]:
    for example, truth, given, confidences in zip(evaluation.examples, found.truth, found.given, found.confidences, strict=True):
        places = {(span.start, span.end): span.label for span in truth}
        for span, confidence in zip(given, confidences, strict=True):
            wanted = places.get((span.start, span.end), "")
            if wanted != span.label:
                yield Mistake(example.row, example.text, example.text[span.start : span.end], wanted, span.label, confidence)
