"""Draw how a run went, for its folder and its report; what the rounds hold is left to `metrics`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.training.own.metrics import Round
from pipelines.training.plots import COLOURS, MUTED, figure_svg, save_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = "curves.png"
MOST_DOTS = 30


def save_curves(rounds: Sequence[Round], folder: Path, *, best: int) -> None:
    """Write the picture of a run's losses."""
    save_png(lambda axes: _draw(axes, rounds, best=best), folder / CURVES)


def curves_svg(rounds: Sequence[Round], *, best: int) -> str:
    """Return the same for a page."""
    return figure_svg(lambda axes: _draw(axes, rounds, best=best), alt=_in_words(rounds, best=best))


def _draw(axes: "Axes", rounds: Sequence[Round], *, best: int) -> None:
    steps = [one.step for one in rounds]
    marker = "o" if len(rounds) <= MOST_DOTS else ""
    lines = {"rows to learn from": [one.loss for one in rounds], "held-out rows": [one.dev_loss for one in rounds]}
    for (name, losses), colour in zip(lines.items(), COLOURS, strict=False):
        axes.plot(steps, losses, color=colour, label=name, linewidth=1.8, marker=marker, markersize=3.5)
    chosen = next((one for one in rounds if one.number == best), None)
    if chosen:
        axes.axvline(chosen.step, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label=f"kept: round {best}")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.legend()


def _in_words(rounds: Sequence[Round], *, best: int) -> str:
    if not rounds:
        return "No round was run."
    first, last = rounds[0], rounds[-1]
    return (
        f"Loss by step: from {first.loss:.2f} to {last.loss:.2f} on the rows to learn from, from {first.dev_loss:.2f} to "
        f"{last.dev_loss:.2f} on held-out rows; round {best} was the best."
    )
