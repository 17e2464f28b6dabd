"""Draw the plots of docs/alerts.md from the figures that `simulate` and `nab` kept; measuring is left to them.

python tests/benchmarks/alerts/plots.py FOLDER

FOLDER holds simulated.json and, if it was scored, nab.json; the pictures go there too.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapes import World
from streams import MINUTES, SIZES

from pipelines.training.plots import Draw, draw_bars, draw_lines, save_png

Told = Mapping[str, Mapping[str, Any]]
LASTS = {15: "15 min", 60: "1 h", 240: "4 h", 1440: "1 day"}
MOST_FALSE = 0.5
"""False incidents in 1,000 series-days that the detector may have."""


def main() -> None:
    """Draw what there are figures for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    told: Told = json.loads((folder / "simulated.json").read_text(encoding="utf-8"))
    for world in ("calm", "rough"):
        save_png(_recall(told, world=world), folder / f"recall-{world}.png", height=2.8)
    save_png(_false(told), folder / "false.png", height=2.6)
    if (folder / "nab.json").exists():
        scores = json.loads((folder / "nab.json").read_text(encoding="utf-8"))
        save_png(lambda axes: draw_bars(axes, scores, x="NAB score of the five series, standard profile"), folder / "nab.png", height=2.4)


def _recall(told: Told, *, world: World) -> Draw:
    """Draw how many turns of the share are found at all, by how long they last, a line a size."""
    cell = told[f"share {world} 15 min"]
    places = [float(place) for place in range(len(MINUTES))]
    lines = {f"x{size}": (places, [cell[f"x{size} for {lasts} min"]["ever"]["value"] for lasts in MINUTES]) for size in SIZES}

    def draw(axes: Any) -> None:
        draw_lines(axes, lines, x="how long the turn lasts", y="found")
        axes.set_xticks(places, [LASTS[lasts] for lasts in MINUTES])
        axes.set_ylim(0, 1.03)

    return draw


def _false(told: Told) -> Draw:
    """Draw false incidents of the shipped rules where nothing was planted, with their intervals."""
    figures = {name: cell["false incidents in 1,000 series-days"] for name, cell in told.items() if not name.startswith("volume")}
    values = {name: figure["value"] for name, figure in figures.items()}
    intervals = [(figure["low"], figure["high"]) for figure in figures.values()]
    return lambda axes: draw_bars(axes, values, x="false incidents in 1,000 series-days", intervals=intervals, mark=MOST_FALSE)


if __name__ == "__main__":
    main()
