"""Measure recall, precision, delay and false incidents on simulated streams; asserts nothing, draws nothing (`plots` does).

python tests/benchmarks/alerts/simulate.py [--seeds 1..20] [--metric share] [--world calm] [--minutes 15] [--quick] [--command]
    [--detector module:function] [--json FILE]

Turns counted have at least 30 records in each of their first two buckets.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from detectors import Find, Incident, detector_rule, incidents_by_command, incidents_of, named
from scoring import PROMPT, Figure, Outcome, Tally, false_rate, median_delay, precision, recall
from shapes import Plant, Shape, World
from streams import MINUTES, SIZES, Stream, make_stream

METRICS = ("share", "negatives", "volume")
WORLDS: tuple[World, ...] = ("calm", "rough", "steady")


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1..3", help="from..to, or one")
    parser.add_argument("--metric", action="append", choices=METRICS)
    parser.add_argument("--world", action="append", choices=WORLDS)
    parser.add_argument("--minutes", action="append", type=int, help="width of a bucket")
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--quick", action="store_true", help="the share alone, 14 days")
    parser.add_argument("--command", action="store_true", help="through `bellwether alerts replay` instead of the detector")
    parser.add_argument("--detector", default="detectors:shipped", help="module:function to compare with")
    parser.add_argument("--json", type=Path, help="add the figures to this file, for plots")
    chosen = parser.parse_args()
    seeds = _range(chosen.seeds)
    shape = Shape(n_series=chosen.series, days=14 if chosen.quick else chosen.days)
    find = None if chosen.command else named(chosen.detector)
    for minutes in chosen.minutes or [15]:
        for metric in chosen.metric or METRICS[: 1 if chosen.quick else 3]:
            for world in chosen.world or WORLDS:
                told = _measure(replace(shape, world=world, minutes=minutes), metric=metric, seeds=seeds, find=find)
                _print(told)
                if chosen.json:
                    _keep(told, chosen.json)


def _measure(shape: Shape, *, metric: str, seeds: range, find: Find | None) -> dict[str, Any]:
    """Return what becomes of one metric in one world: figures by name."""
    shape = replace(shape, eventful=metric != "volume")  # a burst is a real turn of volume
    plant: Plant = "volume" if metric == "volume" else "share"
    started = time.process_time()
    quiet = _tally(shape, metric=metric, seeds=seeds, find=find)
    turning = _tally(replace(shape, plant=plant), metric=metric, seeds=seeds, find=find)
    n_found = sum(one.delay is not None for one in turning.outcomes)
    return {
        "name": f"{metric} {shape.world} {shape.minutes} min",
        "false incidents in 1,000 series-days": asdict(false_rate(quiet)),
        "false beside planted, in 1,000 series-days": asdict(false_rate(turning)),
        "precision": asdict(precision(turning)),
        **{f"x{size}": _found(turning.chosen(size=size)) for size in SIZES},
        **{f"x{size} for {lasts} min": _found(turning.chosen(size=size, minutes=lasts)) for size in SIZES for lasts in MINUTES},
        "incidents a turn found": turning.n_true / max(n_found, 1),
        "seconds of processor time": time.process_time() - started,
        "seeds": len(seeds),
    }


def _found(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return how many of these turns were found in time, and at all, and after how many minutes."""
    ever = recall(outcomes, within=None)
    return {"prompt": asdict(recall(outcomes)), "ever": asdict(ever), "median delay": median_delay(outcomes)}


def _print(told: dict[str, Any]) -> None:
    for what, figure in told.items():
        if isinstance(figure, dict):
            print(f"{told['name']}: {what:<44}{_words(figure)}", flush=True)
        elif what != "name":
            print(f"{told['name']}: {what:<44}{round(figure, 2)}", flush=True)


def _words(figure: dict[str, Any]) -> str:
    if "ever" not in figure:
        return str(Figure(**figure))
    ever, delay = figure["ever"]["value"], figure["median delay"]
    return f"in {PROMPT} buckets {Figure(**figure['prompt'])}, at all {ever:.3f}, delay {delay:.0f} min"


def _keep(told: dict[str, Any], path: Path) -> None:
    """Add the figures to those that the file holds, in place of older ones of that name."""
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rounded = json.loads(json.dumps(held | {told["name"]: told}), parse_float=lambda text: round(float(text), 5))
    path.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")


def _tally(shape: Shape, *, metric: str, seeds: range, find: Find | None) -> Tally:
    tally = Tally()
    for seed in seeds:
        stream = make_stream(shape, seed=seed)
        tally.add(stream, _incidents(stream, metric=metric, seed=seed, find=find))
    return tally


def _incidents(stream: Stream, *, metric: str, seed: int, find: Find | None) -> list[Incident]:
    if find is None:
        return incidents_by_command(stream, metric=metric, seed=seed)
    return incidents_of(stream, rule=detector_rule(metric, minutes=stream.shape.minutes), find=find)


def _range(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    main()
