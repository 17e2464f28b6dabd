"""Score the volume rule on series of the Numenta Anomaly Benchmark, beside the published figures; asserts nothing.

python tests/benchmarks/alerts/nab.py DATA [--command] [--detector module:function] [--turns] [--json FILE]

DATA is a folder with the benchmark's `Twitter_volume_*.csv` and, as `windows.json`, its labelled windows by file name.
"""

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from detectors import Find, detector_rule, named, replayed
from nab_rivals import RIVALS, best_threshold
from nab_score import Score, Windows, score

from pipelines.counts import Counts

SECONDS = 300
PUBLISHED = {
    "random cut forest": {"AAPL": 0.75008, "CRM": 1.67850, "GOOG": 0.07322, "KO": -1.57420, "UPS": 2.31720},
    "windowed Gaussian": {"AAPL": 1.51400, "CRM": 0.76385, "GOOG": -0.14678, "KO": -0.91420, "UPS": -2.20516},
}
"""Points of single files in the benchmark's own result files (thresholds tuned on its whole corpus)."""


@dataclass(frozen=True, slots=True)
class File:
    """One series: rows in order, and the rows its labelled windows begin and end with."""

    name: str
    times: Sequence[datetime]
    values: Sequence[int]
    windows: Windows


def main() -> None:
    """Print one line a file and detector, then the scores of all files together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--command", action="store_true", help="through `bellwether alerts replay` instead of the detector")
    parser.add_argument("--detector", default="detectors:shipped", help="module:function to compare with")
    parser.add_argument("--turns", action="store_true", help="print each incident and whether a window holds it")
    parser.add_argument("--json", type=Path, help="write the scores here too, for plots")
    chosen = parser.parse_args()
    files = read_files(chosen.data)
    find = None if chosen.command else named(chosen.detector)
    found = {file.name: _by_command(file) if find is None else _by_detector(file, find=find) for file in files}
    if chosen.turns:
        for file in files:
            _print_turns(file, found[file.name])
    told = {"Bellwether, volume rule as shipped": {file.name: _score(found[file.name], file=file) for file in files}}
    for name, detect in RIVALS.items():
        surprises = {file.name: detect(np.array(file.values, dtype=np.float64)) for file in files}
        limit = best_threshold(surprises, files=files)
        told[f"{name}, limit fitted here"] = {
            file.name: _score(np.flatnonzero(surprises[file.name] >= limit).tolist(), file=file) for file in files
        }
    for name, points in PUBLISHED.items():
        if all(file.name in points for file in files):
            told[f"{name}, as published"] = {file.name: Score(points[file.name], len(file.windows)) for file in files}
    for name, scores in told.items():
        _print(name, scores)
    if chosen.json:
        totals = {name: round(_total(scores).normalised, 1) for name, scores in told.items()}
        chosen.json.write_text(json.dumps(totals, indent=1) + "\n", encoding="utf-8")


def read_files(folder: Path) -> list[File]:
    """Read every series that has labelled windows."""
    labelled = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    return [_read(folder / name, windows) for name, windows in sorted(labelled.items())]


def _read(path: Path, windows: Sequence[tuple[str, str]]) -> File:
    with path.open(newline="", encoding="utf-8") as lines:
        rows = [(_time(row["timestamp"]), int(row["value"])) for row in csv.DictReader(lines)]
    times = [at for at, _ in rows]
    row = {at: index for index, at in enumerate(times)}
    edges = [(row[_time(first)], row[_time(last)]) for first, last in windows]
    return File(path.stem.rpartition("_")[2], times, [value for _, value in rows], edges)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _by_detector(file: File, *, find: Find) -> list[int]:
    """Return the rows at which incidents opened."""
    buckets = [int(at.timestamp()) // SECONDS for at in file.times]
    counts = Counts.of(n_series=1, series=np.zeros(len(buckets)), bucket=buckets, n=file.values, n_negative=np.zeros(len(buckets)))
    turns = find(counts, detector_rule("volume", minutes=SECONDS // 60), buckets[0], buckets[0], buckets[-1] + 1)
    ends = np.array(buckets) + 1
    return [min(int(np.searchsorted(ends, turn.opened_at)), len(ends) - 1) for turn in turns]


def _by_command(file: File) -> list[int]:
    rows = zip(file.times, file.values, strict=True)
    lines = [json.dumps({"at": at.isoformat(), "series": file.name, "n": value, "n_negative": 0}) for at, value in rows]
    opened = [datetime.fromisoformat(told["opened_at"]).timestamp() - SECONDS for told in replayed(lines, metric="volume")]
    seconds = np.array([at.timestamp() for at in file.times])
    return [min(int(np.searchsorted(seconds, at)), len(seconds) - 1) for at in opened]


def _score(rows: Sequence[int], *, file: File) -> Score:
    return score(rows, windows=file.windows, n_rows=len(file.times))


def _total(scores: dict[str, Score]) -> Score:
    return sum(scores.values(), Score(0.0, 0))


def _print(what: str, scores: dict[str, Score]) -> None:
    parts = " ".join(f"{name} {one.points:+.2f}/{one.n_windows}" for name, one in scores.items())
    print(f"{what:<48}{_total(scores).normalised:6.1f}   points: {parts}", flush=True)


def _print_turns(file: File, rows: Sequence[int]) -> None:
    for row in rows:
        held = any(first <= row <= last for first, last in file.windows)
        print(f"{file.name} {file.times[row]:%Y-%m-%d %H:%M} {'in a window' if held else 'outside'}")


if __name__ == "__main__":
    main()
