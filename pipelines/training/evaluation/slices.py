"""Measure a model apart on parts of the rows: by source, length, language or time, each with its size and interval."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from pipelines.text.language import detect_language
from pipelines.training.data import Example
from pipelines.training.evaluation.bootstrap import N_RESAMPLES, SEED, Interval, intervals
from pipelines.training.evaluation.comparison import MAIN, SHOWN
from pipelines.training.evaluation.measuring import Evaluation
from pipelines.training.tasks import parse_task

UNTOLD = "(not told)"
OTHERS = "(others)"
MOST_SLICES = 20
LEAST_ROWS = 10
"""Fewer rows say nothing by themselves."""

LENGTHS = (10, 20, 40, 100)
"""Upper ends of the slices by length, in words."""


class Slicing(StrEnum):
    """What rows are told apart by."""

    SOURCE = "source"
    LENGTH = "length"
    LANGUAGE = "language"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Slice:
    """The figures of some of the rows; `n` counts texts or spans; `interval` is that of the figure `main`."""

    by: Slicing
    name: str
    n_rows: int
    n: int
    figures: dict[str, float]
    main: str
    interval: Interval


def slices_of(evaluation: Evaluation, by: Slicing, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> list[Slice]:
    """Return a slice for each value, in their order, those of rare values together; none where no row tells its value."""
    judged = evaluation.judged
    told, order = NAMES[by](evaluation.examples)
    if judged is None or set(told) <= {UNTOLD}:
        return []
    names = np.array(_gathered(told))
    draw, main = judged.meter(), MAIN[parse_task(evaluation.task).kind]
    found = []
    for name in (one for one in (*order, OTHERS, UNTOLD) if one in names):
        rows = names == name
        weights = rows.astype(np.float64)
        drawn = draw(weights)
        figures = {figure: drawn[figure] for figure in SHOWN if figure in drawn}
        interval = intervals(draw, rows, n=n_resamples, seed=seed)[main]
        found.append(Slice(by, str(name), int(rows.sum()), judged.n_units(weights), figures, main, interval))
    return found


def _gathered(names: Sequence[str]) -> list[str]:
    """Put the values of few rows together, and the rarest of very many; a value that stands alone keeps its name."""
    counts = Counter(name for name in names if name != UNTOLD)
    kept = {name for name, n in counts.most_common(MOST_SLICES) if n >= LEAST_ROWS} | {UNTOLD}
    if len(set(counts) - kept) == 1:
        return list(names)
    return [name if name in kept else OTHERS for name in names]


Named = tuple[list[str], Sequence[str]]
"""The name of each row's slice, and all names in their order."""


def _sources(examples: Sequence[Example]) -> Named:
    names = [example.source or UNTOLD for example in examples]
    return names, [name for name, _ in Counter(names).most_common() if name != UNTOLD]


def _lengths(examples: Sequence[Example]) -> Named:
    starts = (1, *(end + 1 for end in LENGTHS))
    order = [*(f"{start} to {end} words" for start, end in zip(starts, LENGTHS, strict=False)), f"over {LENGTHS[-1]} words"]
    return [order[int(np.searchsorted(LENGTHS, len(example.text.split())))] for example in examples], order


def _languages(examples: Sequence[Example]) -> Named:
    """Name each row's language as it says, or as its text looks."""
    names = [example.language or detect_language(example.text) or UNTOLD for example in examples]
    return names, [name for name, _ in Counter(names).most_common() if name != UNTOLD]


def _times(examples: Sequence[Example]) -> Named:
    """Name each row's day, month or year, by how long a time they span together."""
    known = [example.at for example in examples if example.at]
    form = _form(known)
    names = [example.at.strftime(form) if example.at else UNTOLD for example in examples]
    return names, sorted(set(names) - {UNTOLD})


def _form(times: Sequence[datetime]) -> str:
    span = max(times) - min(times) if times else timedelta(0)
    return "%Y-%m-%d" if span <= timedelta(days=14) else "%Y-%m" if span <= timedelta(days=600) else "%Y"


NAMES: dict[Slicing, Callable[[Sequence[Example]], Named]] = {
    Slicing.SOURCE: _sources,
    Slicing.LENGTH: _lengths,
    Slicing.LANGUAGE: _languages,
    Slicing.TIME: _times,
}
