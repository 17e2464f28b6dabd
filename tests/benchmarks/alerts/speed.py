"""Measure the processor time and memory of a scan over many series: from nothing, and one bucket later; asserts nothing.

python tests/benchmarks/alerts/speed.py [--series 20000] [--days 60] [--metric share] [--per-hour 1.6] [--quick]

Series have a median of `--per-hour` records an hour and a long tail (one in twenty has five times as many), a bucket is 5 minutes.
"From nothing" fits every baseline and judges the last bucket; "one bucket later" has the baselines and reads the last window.
"""

# ruff: noqa: E402  # the threads of numpy are set, as the product sets them, before it is loaded
from workers.settings import keep_to_one_thread

keep_to_one_thread()

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from detectors import detector_rule
from numpy.typing import NDArray

from pipelines import spikes
from pipelines.counts import Counts

MINUTES = 5
PER_DAY = 1440 // MINUTES
FIRST = 20_000 * PER_DAY

Integers = NDArray[np.int32]
Result = TypeVar("Result")


def main() -> None:
    """Print one line a step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--per-hour", type=float, default=1.6)
    parser.add_argument("--metric", action="append", choices=("share", "negatives", "volume"))
    parser.add_argument("--quick", action="store_true", help="2,000 series of 30 days")
    chosen = parser.parse_args()
    n_series, days = (2_000, 30) if chosen.quick else (chosen.series, chosen.days)
    until = FIRST + days * PER_DAY  # a day's end, so the last two moments share one fit
    columns = _columns(n_series, days, per_hour=chosen.per_hour)
    print(f"{n_series:,} series, {days} days of {MINUTES} minutes, {len(columns['n']):,} rows; {_peak():.0f} MB before anything")
    for metric in chosen.metric or ("share", "negatives", "volume"):
        _measure(columns, metric=metric, n_series=n_series, until=until)


def _measure(columns: dict[str, Integers], *, metric: str, n_series: int, until: int) -> None:
    """Time two scans on end, each given the rows that it needs, as the stored scan reads them."""
    rule = detector_rule(metric, minutes=MINUTES)
    grid = spikes.grid_point(until - 1, rule)
    fitted: dict[int, Any] = {}
    back, late = (spikes.reaches_back(rule, grid=grid, is_fitted=is_fitted) for is_fitted in (False, True))
    counts = _timed(f"{metric}: rows to counts", lambda: _since(columns, back, n_series=n_series))
    _timed(
        f"{metric}: from nothing, all fits",
        lambda: spikes.find_turns(counts, rule=rule, after=until - 2, until=until - 1, fitted=fitted),
    )
    recent = _timed(f"{metric}: recent rows to counts", lambda: _since(columns, late, n_series=n_series))
    _timed(f"{metric}: one bucket later", lambda: spikes.find_turns(recent, rule=rule, after=until - 1, until=until, fitted=fitted))


def _columns(n_series: int, days: int, *, per_hour: float) -> dict[str, Integers]:
    """Draw sparse rows series by series, so that the drawing itself stays small."""
    randoms = np.random.default_rng(7)
    rates = per_hour * MINUTES / 60 * np.exp(randoms.normal(0, 1.0, n_series))
    tide = 1 + 0.6 * np.cos(np.arange(days * PER_DAY) * (2 * np.pi / PER_DAY))
    parts = []
    for series, rate in enumerate(rates):
        drawn = randoms.poisson(rate * tide)
        bucket = np.flatnonzero(drawn)
        parts.append((np.full(len(bucket), series, dtype=np.int32), (bucket + FIRST).astype(np.int32), drawn[bucket].astype(np.int32)))
    columns = {name: np.concatenate([part[index] for part in parts]) for index, name in enumerate(("series", "bucket", "n"))}
    return columns | {"n_negative": randoms.binomial(columns["n"], 0.2).astype(np.int32)}


def _since(columns: dict[str, Integers], start: int, *, n_series: int) -> Counts:
    kept = columns["bucket"] >= start
    return Counts.of(n_series=n_series, **{name: column[kept] for name, column in columns.items()})


def _timed(what: str, run: Callable[[], Result]) -> Result:
    """Run once and print its processor time (user and system) and the most memory that the process has held."""
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    result = run()
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:<34}{spent:7.2f} s of processor time, {time.perf_counter() - started:.2f} s passed, peak {_peak():,.0f} MB", flush=True)
    return result


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
