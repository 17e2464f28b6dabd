"""Measure models on labelled rows, whatever the task: answers, figures, calibration, slices, comparison, report.

How rows are read is left to `pipelines.training.data`, the command line to `workers.cli.evaluate`.
"""

from pipelines.training.evaluation.answers import Answer, answer, spans_of
from pipelines.training.evaluation.label_scores import LabelScores
from pipelines.training.evaluation.measuring import Evaluation, NoHeadError, evaluate_examples, evaluate_file, evaluate_split, head_for
from pipelines.training.evaluation.span_scores import SpanScores, score_spans

__all__ = [
    "Answer",
    "Evaluation",
    "LabelScores",
    "NoHeadError",
    "SpanScores",
    "answer",
    "evaluate_examples",
    "evaluate_file",
    "evaluate_split",
    "head_for",
    "score_spans",
    "spans_of",
]
