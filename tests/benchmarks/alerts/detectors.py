"""Call a detector on a stream and return what it would have told as incidents; what is made of them is left to `scoring`."""

import gzip
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from streams import Stream

from pipelines import spikes
from pipelines.counts import Counts
from pipelines.rules import Rule
from pipelines.spikes import Turn
from workers.alert_settings import STANDARD
from workers.clock import Clock
from workers.clock import detector_rule as converted

Find = Callable[[Counts, Rule, int, int, int], Sequence[Turn]]
"""find(counts, rule, first_bucket, after, until) -> turns."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A series and the bucket ends between which it was told of; `until` stands for a turn that is still open."""

    series: int
    opened_at: int
    resolved_at: int


def shipped(counts: Counts, rule: Rule, first_bucket: int, after: int, until: int) -> Sequence[Turn]:
    """Call the detector as the scan does, over the whole span at once."""
    return spikes.find_turns(counts, rule=rule, after=after, until=until)


def named(where: str) -> Find:
    """Return the function that `module:function` names."""
    module, _, name = where.partition(":")
    found: Find = getattr(importlib.import_module(module), name)
    return found


def detector_rule(metric: str, *, minutes: int) -> Rule:
    """Return the shipped rule of a metric in buckets."""
    return converted(STANDARD[metric], clock=Clock(timedelta(minutes=minutes)))


def incidents_of(stream: Stream, *, rule: Rule, find: Find) -> list[Incident]:
    """Judge every bucket of a stream by `find`."""
    turns = find(stream.counts(), rule, stream.first, stream.first, stream.until)
    return [Incident(turn.series, turn.opened_at, turn.resolved_at or stream.until) for turn in turns]


def incidents_by_command(stream: Stream, *, metric: str, seed: int) -> list[Incident]:
    """Judge a stream by `bellwether alerts replay`, its rows shuffled and some of them twice."""
    bucket = stream.shape.minutes * 60
    found = []
    for told in replayed(count_lines(stream, seed=seed), metric=metric):
        opened, resolved = (
            told[name] and int(datetime.fromisoformat(told[name]).timestamp()) // bucket for name in ("opened_at", "resolved_at")
        )
        found.append(Incident(int(told["series"].removeprefix("s")), opened, resolved or stream.until))
    return found


def replayed(lines: Iterable[str], *, metric: str) -> list[dict[str, Any]]:
    """Return what `bellwether alerts replay` prints of a counts file with these lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
            file.writelines(f"{line}\n" for line in lines)
        command = [str(Path(sys.executable).parent / "bellwether"), "alerts", "replay", "--counts", str(path), "--metric", metric, "--json"]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in printed.splitlines()]


def count_lines(stream: Stream, *, seed: int) -> Iterator[str]:
    """Yield rows as they would arrive late and twice: in any order, one in fifty repeated, one in fifty first told too low."""
    randoms = np.random.default_rng(seed)
    series, column = np.nonzero(stream.n)
    n, n_negative = stream.n[series, column], stream.n_negative[series, column]
    again, early = (np.flatnonzero(randoms.random(len(n)) < 0.02) for _ in range(2))
    rows = np.concatenate([np.arange(len(n)), again, early])
    n, n_negative = (np.concatenate([one, one[again], one[early] // 2]) for one in (n, n_negative))
    times = [stream.at(stream.first + one).isoformat() for one in range(stream.n.shape[1])]
    for row in randoms.permutation(len(rows)):
        at, name = times[column[rows[row]]], f"s{series[rows[row]]}"
        yield f'{{"at":"{at}","series":"{name}","n":{n[row]},"n_negative":{n_negative[row]}}}'
