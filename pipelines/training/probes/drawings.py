"""The plots of the probes, each drawn on the axes that `pipelines.training.plots` gives."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipelines.training.plots import COLOURS, LINE, MUTED, draw_bars
from pipelines.training.probes.fairness.shifts import Shift
from pipelines.training.probes.robustness import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_APART = 0.22
"""How far the settings of one group stand from each other; groups are 1 apart."""


def draw_drops(axes: "Axes", trials: Sequence[Trial]) -> None:
    """Draw what each perturbation does to a task's main figure, in points, with its interval."""
    found = [(one, one.drops[one.main]) for one in trials if one.main in one.drops]
    values = {f"{one.perturbation}  ({one.n_changed:,})": -100 * drop.drop for one, drop in found}
    intervals = [(-100 * drop.interval.high, -100 * drop.interval.low) for _, drop in found]
    draw_bars(axes, values, x="change in points", intervals=intervals, mark=0)


def draw_shifts(axes: "Axes", shifts: Mapping[str, Sequence[Shift]], *, bound: float) -> None:
    """Draw every group's shift with its interval, one colour a setting, between lines at the bound."""
    groups = [one.group for one in next(iter(shifts.values()))]
    for number, (setting, those) in enumerate(shifts.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [place + (number - (len(shifts) - 1) / 2) * _APART for place in range(len(groups))]
        axes.hlines(places, [one.low for one in those], [one.high for one in those], color=colour, linewidth=1.4)
        axes.plot([one.shift for one in those], places, "o", color=colour, markersize=4.5, label=setting.removesuffix(" templates"))
    axes.axvspan(-bound, bound, color=LINE, alpha=0.35, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=1)
    reach = max(1.6 * bound, *(max(abs(one.low), abs(one.high)) for those in shifts.values() for one in those))
    axes.set_xlim(-1.06 * reach, 1.06 * reach)
    axes.set_yticks(range(len(groups)), groups)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("more negative than the others  |  more positive")
    if len(shifts) > 1:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.42 / (0.34 * len(groups) + 0.9)), ncols=len(shifts), borderaxespad=0)
