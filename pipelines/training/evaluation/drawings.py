"""The plots of an evaluation, each drawn on the axes that `pipelines.training.plots` gives."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.training.evaluation.choices import Choices
from pipelines.training.evaluation.label_scores import LabelScores
from pipelines.training.evaluation.ranking import curve
from pipelines.training.evaluation.reliability import Bin
from pipelines.training.evaluation.slices import Slice
from pipelines.training.evaluation.span_scores import SpanScores
from pipelines.training.pages import figure_name, words
from pipelines.training.plots import COLOURS, LINE, MUTED, draw_bars, draw_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CURVES = 4
_DASHES = (0, (4, 3))


def draw_reliability(axes: "Axes", bins: Sequence[Bin]) -> None:
    """Draw how often answers are right by how sure they are, over the share of answers that are that sure."""
    n = sum(one.n for one in bins)
    axes.bar(
        [(one.low + one.high) / 2 for one in bins],
        [one.n / n for one in bins],
        width=[0.9 * (one.high - one.low) for one in bins],
        color=LINE,
        label="share of answers",
    )
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=1, linestyle=_DASHES, label="perfectly honest")
    axes.plot([one.confidence for one in bins], [one.right for one in bins], color=COLOURS[0], marker="o", markersize=4, label="right")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="how sure", ylabel="how often right")
    axes.legend(loc="upper left")


def draw_roc(axes: "Axes", choices: Choices, scores: LabelScores) -> None:
    """Draw the ROC curve of each label, at most MOST_CURVES."""
    lines = {}
    for index, one in enumerate(scores.by_label):
        if one.auc is not None:
            alarms, hits = curve(choices.probabilities[:, index], choices.truth == index)
            lines[f"{one.label} ({one.auc:.3f})"] = (alarms, hits)
    draw_lines(axes, dict(list(lines.items())[:MOST_CURVES]), x="share of false alarms", y="share found")
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=1, linestyle=_DASHES)
    axes.legend(loc="lower right")


def draw_labels(axes: "Axes", scores: LabelScores | SpanScores, *, n: int) -> None:
    """Draw F1 by label: the `n` lowest, the lowest first."""
    weakest = sorted((one for one in scores.by_label if one.n), key=lambda one: one.f1)[:n]
    draw_bars(axes, {words(one.label): one.f1 for one in weakest}, x="F1")
    axes.set_xlim(0, 1)


def draw_slices(axes: "Axes", slices: Sequence[Slice], *, whole: float) -> None:
    """Draw the main figure of each slice with its interval, and a line for all rows together."""
    values = {f"{one.name}  ({one.n:,})": one.figures[one.main] for one in slices}
    intervals = [(one.interval.low, one.interval.high) for one in slices]
    draw_bars(axes, values, x=figure_name(slices[0].main), intervals=intervals, mark=whole)
    axes.set_xlim(0, 1)
