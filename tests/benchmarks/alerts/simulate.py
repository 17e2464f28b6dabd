"""Measure recall, precision, delay and false incidents on simulated streams; asserts nothing.

python tests/benchmarks/alerts/simulate.py [--seeds 1..20] [--metric share] [--world calm] [--minutes 15] [--quick] [--command]
    [--detector module:function] [--json FILE]
"""

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path

from detectors import Find, Incident, detector_rule, incidents_by_command, incidents_of, named
from scoring import LEAST_RECORDS, PROMPT, Figure, Tally, false_rate, median_delay, precision, recall
from shapes import Plant, Shape, World
from streams import MINUTES, SIZES, Stream, make_stream

METRICS = ("share", "negatives", "volume")
WORLDS: tuple[World, ...] = ("calm", "rough")


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1..3", help="from..to, or one")
    parser.add_argument("--metric", action="append", choices=METRICS)
    parser.add_argument("--world", action="append", choices=WORLDS)
    parser.add_argument("--minutes", action="append", type=int, help="width of a bucket")
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--quick", action="store_true", help="100 series of 21 days")
    parser.add_argument("--command", action="store_true", help="through `bellwether alerts replay` instead of the detector")
    parser.add_argument("--detector", default="detectors:shipped", help="module:function to compare with")
    parser.add_argument("--json", type=Path, help="write the figures here too, for plots")
    chosen = parser.parse_args()
    seeds = _range(chosen.seeds)
    shape = Shape(n_series=100 if chosen.quick else chosen.series, days=21 if chosen.quick else chosen.days)
    find = None if chosen.command else named(chosen.detector)
    figures: dict[str, dict[str, float]] = {}
    for minutes in chosen.minutes or [15]:
        for metric in chosen.metric or METRICS[: 1 if chosen.quick else 3]:
            for world in chosen.world or WORLDS:
                _measure(replace(shape, world=world, minutes=minutes), metric=metric, seeds=seeds, find=find, figures=figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _measure(shape: Shape, *, metric: str, seeds: range, find: Find | None, figures: dict[str, dict[str, float]]) -> None:
    """Print and keep what becomes of one metric in one world."""
    eventful = metric != "volume"  # a burst is a real turn of volume
    plant: Plant = "volume" if metric == "volume" else "share"
    name = f"{metric} {shape.world} {shape.minutes} min"
    started = time.process_time()
    quiet = _tally(replace(shape, eventful=eventful), metric=metric, seeds=seeds, find=find)
    turning = _tally(replace(shape, plant=plant, eventful=eventful), metric=metric, seeds=seeds, find=find)

    def tell(what: str, figure: Figure, note: str = "") -> None:
        figures[f"{name}: {what}"] = asdict(figure)
        print(f"{name}: {what:<44}{figure}{note}", flush=True)

    tell("false incidents in 1,000 series-days", false_rate(quiet))
    tell("false beside planted, in 1,000 series-days", false_rate(turning))
    tell("precision", precision(turning))
    for size in SIZES:
        outcomes = turning.chosen(size=size)
        tell(f"x{size} found within {PROMPT} buckets", recall(outcomes), f", median delay {median_delay(outcomes):.0f} min")
        for minutes in MINUTES:
            outcomes = turning.chosen(size=size, minutes=minutes)
            tell(
                f"x{size} for {minutes} min found at all", recall(outcomes, within=None), f", median delay {median_delay(outcomes):.0f} min"
            )
    found = [one for one in turning.outcomes if one.delay is not None]
    print(f"{name}: incidents a turn found {turning.n_true / max(len(found), 1):.2f}; turns have >= {LEAST_RECORDS} records a bucket")
    print(f"{name}: {time.process_time() - started:.1f} s of processor time, {len(seeds)} seeds", flush=True)


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
