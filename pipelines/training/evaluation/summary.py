"""Say in plain sentences how good a model is, for readers who know no F1."""

from pipelines.training.evaluation.label_scores import LabelFigures, LabelScores
from pipelines.training.evaluation.measuring import Evaluation
from pipelines.training.evaluation.span_scores import SpanScores
from pipelines.training.pages import words

FEW = 10
"""Of labels that occur less often nothing is said, unless all do."""

HONEST, WAY_OFF = 0.04, 0.1
"""Calibration errors: up to the first a score may be taken at its word, beyond the second it must not."""


def summary(evaluation: Evaluation) -> str:
    """Return a few sentences: how often it is right, where it is weakest, whether its scores can be trusted."""
    scores = evaluation.scores
    if not scores.n:
        return "There was nothing to measure."
    parts = [_spans(scores) if isinstance(scores, SpanScores) else _labels(scores), _weakest(scores.by_label), _surety(scores.ece)]
    return " ".join(part for part in parts if part)


def _labels(scores: LabelScores) -> str:
    common = max(scores.by_label, key=lambda one: one.n)
    always = common.n / scores.n
    text = f'It is right {scores.accuracy:.0%} of the time; always saying "{words(common.label)}" would be right {always:.0%}.'
    if scores.out_of_scope_recall is not None:
        text += f" Of texts that fit no label it turns away {scores.out_of_scope_recall:.0%}."
    if scores.answered is not None and scores.answered_accuracy is not None:
        text += f" It is sure enough to answer {scores.answered:.0%}, and right on {scores.answered_accuracy:.0%} of those."
    return text


def _spans(scores: SpanScores) -> str:
    found, right = 100 * scores.recall, 100 * scores.precision
    return f"Of 100 spans that people marked it finds {found:.0f} exactly, and of 100 that it marks {right:.0f} are right."


def _weakest(figures: tuple[LabelFigures, ...]) -> str:
    there = [one for one in figures if one.n]
    if len(there) < 2:  # noqa: PLR2004  (of one label there is no weakest)
        return ""
    weakest = min([one for one in there if one.n >= FEW] or there, key=lambda one: one.f1)
    found = f'It is weakest at "{words(weakest.label)}": it finds {weakest.recall:.0%} of these {weakest.n:,}'
    return f"{found}, and {weakest.precision:.0%} of what it calls so is right."


def _surety(error: float | None) -> str:
    if error is None:
        return ""
    off = f"on average they are {100 * error:.1f} points off"
    if error <= HONEST:
        return f"Its scores may be taken at their word: {off}."
    if error <= WAY_OFF:
        return f"Its scores are roughly honest: {off}."
    return f"Its scores must not be taken at their word: {off}."
