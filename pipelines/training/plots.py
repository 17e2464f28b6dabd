"""Draw the workshop's plots, all in one look, without a display; what is plotted, and where it stands, is the caller's."""

import contextlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.training.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, LINE = "#1f2933", "#5f6b7a", "#d9dee5"
COLOURS = ("#1f6f8b", "#b8702a", "#6b5b95", "#4f7d3a")
"""Accent first. In a page each stands for the page's own colour, so that plots are light or dark with it."""

_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line"} | dict(zip(COLOURS, ("accent", "second", "third", "fourth"), strict=True))
_PAGE_FONT = "system-ui, sans-serif"

Draw = Callable[["Axes"], None]


def figure_svg(draw: Draw, *, alt: str, width: float = 6.4, height: float = 3.4) -> str:
    """Return a plot as an `<svg>` for a page: `draw` gets the axes, `alt` says in words what it shows; sizes in inches at 72 dots.

    The string is marked as safe, so that a template shows it as it is.
    """
    markupsafe = require("markupsafe", wanted_for="a plot in a page")
    with _look():
        figure = _figure(draw, width=width, height=height)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = stream.getvalue()
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    for colour, name in _VARIABLES.items():
        body = body.replace(colour, f"var(--{name})")
    body = re.sub(r"(font: [^;\"]*?px) [^;\"]+", rf"\1 {_PAGE_FONT}", body)
    body = re.sub(r"font-family: [^;\"]+", f"font-family: {_PAGE_FONT}", body)
    body = re.sub(r' id="([^"]+)"', lambda found: found.group() if f"#{found.group(1)}" in text else "", body)  # a page holds several
    safe: str = markupsafe.Markup(body.replace("<svg ", f'<svg role="img" aria-label="{markupsafe.escape(alt)}" ', 1).strip())
    return safe


def save_png(draw: Draw, path: Path, *, width: float = 6.4, height: float = 3.4) -> None:
    """Write the same plot as a picture on white, for a folder or a card."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _look():
        _figure(draw, width=width, height=height).savefig(path, format="png", dpi=150, facecolor="white", metadata={"Software": None})


def draw_lines(axes: "Axes", lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, x: str, y: str) -> None:
    """Draw named lines (x values, y values) with a legend if there is more than one."""
    for (name, (xs, ys)), colour in zip(lines.items(), _endless(len(lines)), strict=True):
        axes.plot(xs, ys, color=colour, label=name, linewidth=1.8)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if len(lines) > 1:
        axes.legend()


def draw_bars(
    axes: "Axes", values: Mapping[str, float], *, x: str, intervals: Sequence[tuple[float, float]] | None = None, mark: float | None = None
) -> None:
    """Draw named horizontal bars, the first on top, with their intervals (low, high); `mark` draws a dashed line to compare with."""
    places = range(len(values))
    axes.barh(places, list(values.values()), color=COLOURS[0], alpha=0.75, height=0.62)
    for place, (low, high) in zip(places, intervals or (), strict=False):
        axes.plot((low, high), (place, place), color=INK, linewidth=1.3, solid_capstyle="butt")
    if mark is not None:
        axes.axvline(mark, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_yticks(places, list(values))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(x)


def _endless(n: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(n)]


def _figure(draw: Draw, *, width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure  # a figure of its own, without pyplot: no state, no display

    figure = Figure(figsize=(width, height), layout="constrained")
    draw(figure.subplots())
    return figure


def _look() -> "contextlib.AbstractContextManager[None]":
    matplotlib = require("matplotlib", wanted_for="a plot")
    found: contextlib.AbstractContextManager[None] = matplotlib.rc_context(
        {
            "axes.edgecolor": LINE,
            "axes.labelcolor": MUTED,
            "axes.labelsize": 10,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "font.size": 10,
            "grid.color": LINE,
            "grid.linewidth": 0.7,
            "legend.frameon": False,
            "legend.labelcolor": INK,
            "svg.fonttype": "none",
            "svg.hashsalt": "bellwether",
            "text.color": INK,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.major.size": 0,
            "ytick.major.size": 0,
        }
    )
    return found
