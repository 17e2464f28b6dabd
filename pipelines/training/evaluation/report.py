"""Show an evaluation as a page that a person would show a colleague; what is measured is left to the other files here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.training.evaluation.bootstrap import intervals
from pipelines.training.evaluation.choices import Choices
from pipelines.training.evaluation.comparison import Comparison
from pipelines.training.evaluation.drawings import MOST_CURVES, draw_labels, draw_reliability, draw_roc, draw_slices
from pipelines.training.evaluation.label_scores import LabelScores
from pipelines.training.evaluation.means import mean_row
from pipelines.training.evaluation.measuring import Evaluation
from pipelines.training.evaluation.mistakes import confused_pairs, surest_mistakes
from pipelines.training.evaluation.slices import Slice, Slicing
from pipelines.training.evaluation.span_scores import SpanScores
from pipelines.training.evaluation.summary import summary
from pipelines.training.pages import DASH, figure_name, number, percent, render, save_page, words
from pipelines.training.plots import figure_svg

MOST_HEAT = 12
"""The most labels whose confusion is shown as a square; of more, the pairs most often confused."""

MOST_BARS = 15


@dataclass(frozen=True, slots=True)
class Part:
    """What a report says of one task: an evaluation a model, all on the same rows; the first is told in detail."""

    evaluations: Sequence[Evaluation]
    comparison: Comparison | None = None
    slices: Mapping[Slicing, Sequence[Slice]] = field(default_factory=dict)


def save_report(path: Path, parts: Sequence[Part], *, title: str = "Evaluation", lead: str = "", texts: bool = True) -> None:
    """Write the page; `texts` says whether it may quote the rows that the model got wrong."""
    sections = [section(part, texts=texts) for part in parts]
    save_page(path, render("evaluation.html", title=title, lead=lead, sections=sections))


def section(part: Part, *, texts: bool = True) -> dict[str, Any]:
    """Return what the macro `evaluated` of `evaluation_parts.html` shows of one task, for a page of one's own too."""
    first = part.evaluations[0]
    scores = first.scores
    return {
        "task": first.task,
        "file": first.file,
        "notes": first.notes,
        "facts": _facts(first),
        "summary": summary(first),
        "models": _models(part.evaluations),
        "labels": _labels(scores),
        "plots": _plots(first),
        "confusion": _confusion(scores),
        "pairs": confused_pairs(scores) if isinstance(scores, LabelScores) and len(scores.labels) > MOST_HEAT else [],
        "slices": [_slices(those, first) for those in part.slices.values() if those],
        "comparison": part.comparison,
        "mistakes": surest_mistakes(first) if texts else [],
    }


def _facts(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    figures, judged = evaluation.figures(), evaluation.judged
    found = intervals(judged.meter(), np.ones(judged.n_rows, dtype=bool)) if judged else {}
    unit = "spans" if isinstance(evaluation.scores, SpanScores) else "rows"
    if isinstance(judged, Choices) and judged.n_rows != len(judged.rows):
        unit = "mentions"
    facts = [(unit, number(evaluation.scores.n), "")]
    for name in evaluation.scores.HEADLINE:
        if name in figures:
            small = f"{percent(found[name].low)} to {percent(found[name].high)}" if name in found else ""
            facts.append((figure_name(name), percent(figures[name]), small))
    return facts


def _models(evaluations: Sequence[Evaluation]) -> list[list[str]]:
    """Return a table of the models with their mean, its heading first; nothing for a single model."""
    if len(evaluations) == 1:
        return []
    names = [name for name in evaluations[0].scores.HEADLINE if any(name in one.figures() for one in evaluations)]
    rows = [[_model(one), *(percent(one.figures().get(name)) for name in names)] for one in evaluations]
    mean = mean_row(evaluations)
    return [["model", *map(figure_name, names)], *rows, ["mean", *(percent(_figure(mean.get(name))) for name in names)]]


def _figure(value: str | float | None) -> float | None:
    return value if isinstance(value, float) else None


def _model(evaluation: Evaluation) -> str:
    return f"{evaluation.model.name} ({evaluation.model.revision})" if evaluation.model else DASH


def _labels(scores: LabelScores | SpanScores) -> list[list[str]]:
    return [
        [
            words(one.label),
            number(one.n),
            number(one.n_given),
            percent(one.precision),
            percent(one.recall),
            percent(one.f1),
            *([number(one.auc)] if isinstance(scores, LabelScores) else []),
        ]
        for one in sorted(scores.by_label, key=lambda one: -one.n)
    ]


def _plots(evaluation: Evaluation) -> list[tuple[str, str]]:
    scores, judged = evaluation.scores, evaluation.judged
    plots = []
    if scores.reliability:
        plot = figure_svg(lambda axes: draw_reliability(axes, scores.reliability), alt="how often answers are right by how sure they are")
        caption = "Above the dashed line the model is right more often than it says, below it is too sure of itself."
        plots.append((plot, f"{caption} Calibration error {percent(scores.ece)}."))
    if isinstance(scores, LabelScores) and isinstance(judged, Choices) and 1 < len(scores.labels) <= MOST_CURVES and scores.auc:
        plot = figure_svg(lambda axes: draw_roc(axes, judged, scores), alt="ROC curve of each label")
        plots.append((plot, "How many of a label are found at the price of how many false alarms; beside each name its area."))
    n_bars = min(MOST_BARS, sum(one.n > 0 for one in scores.by_label))
    if n_bars:
        plot = figure_svg(lambda axes: draw_labels(axes, scores, n=n_bars), alt="F1 by label", height=0.8 + 0.26 * n_bars)
        plots.append((plot, f"F1 by label, the {n_bars} weakest." if n_bars < len(scores.by_label) else "F1 by label, the weakest first."))
    return plots


def _confusion(scores: LabelScores | SpanScores) -> dict[str, Any] | None:
    if not 1 <= len(scores.labels) <= MOST_HEAT:
        return None
    names = [words(label) for label in scores.labels]
    counts = [list(row) for row in scores.confusion]
    if isinstance(scores, SpanScores):
        return {"labels": [*names, "not marked"], "answers": [*names, "not found"], "counts": counts}
    if not any(row[-1] for row in counts):  # it always answered
        return {"labels": names, "answers": names, "counts": [row[:-1] for row in counts]}
    return {"labels": names, "answers": [*names, "no answer"], "counts": counts}


def _slices(slices: Sequence[Slice], evaluation: Evaluation) -> dict[str, Any]:
    figures, main = list(slices[0].figures), slices[0].main
    whole = evaluation.figures()[main]
    height = 0.8 + 0.3 * len(slices)
    return {
        "by": slices[0].by.value,
        "figures": [figure_name(name) for name in figures],
        "rows": [
            [one.name, number(one.n), *(percent(one.figures.get(name)) for name in figures), _between(one)]
            for one in slices
        ],
        "main": figure_name(main),
        "plot": figure_svg(lambda axes: draw_slices(axes, slices, whole=whole), alt=f"{main} by {slices[0].by}", height=height),
    }  # fmt: skip


def _between(one: Slice) -> str:
    return f"{percent(one.interval.low)} to {percent(one.interval.high)}"
