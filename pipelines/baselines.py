"""What the past of every series makes likely, fitted at one moment from what lay before it; what is unlikely is left to `spikes`.

A fit is height and shape (`levels`), and how far the series strays at each length of window (`straying`).
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.counts import Counts
from pipelines.levels import Level, fit_counts, fit_shares
from pipelines.rhythm import Rhythm
from pipelines.straying import Seen, with_count_straying, with_share_straying

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

CELLS_AT_ONCE = 400_000
"""Buckets times series fitted in one go: bounds memory, and stays in a cache."""


@dataclass(frozen=True, slots=True)
class Past:
    """How far a fit looks back, in buckets, from the bucket `at`; `windows` are the lengths that are going to be judged."""

    at: int
    season: int
    baseline: int
    windows: Sequence[int]
    rhythm: Rhythm

    @property
    def start(self) -> int:
        """The first bucket of the season, cut to whole days."""
        return self.at - max(1, self.season // self.rhythm.day) * self.rhythm.day

    @property
    def recent(self) -> int:
        """Buckets of the baseline, cut to whole days; never more than the season has."""
        return min(max(1, self.baseline // self.rhythm.day) * self.rhythm.day, self.at - self.start)


@dataclass(frozen=True, slots=True)
class Baselines:
    """Fits of every series (row). `since` is the first bucket of its past, or `NEVER`, `n_past` the records in it.

    `counts` fits records (metric volume) or negatives (metric negatives), `shares` the share of negatives; what a metric does not
    need is None. All figures have single precision, so that what was stored equals what was fitted.
    """

    since: Integers
    n_past: Floats
    counts: Level | None
    shares: Level | None

    def take(self, positions: Integers) -> "Baselines":
        """Return the rows at `positions`; -1 stands for a series without a past, whose figures mean nothing."""
        known = positions >= 0
        mapped = _mapped([self], lambda parts: _taken(parts[0], positions))
        return replace(mapped, since=np.where(known, mapped.since, NEVER))

    @classmethod
    def joined(cls, parts: "Sequence[Baselines]") -> "Baselines":
        """Return the rows of all parts, one after the other; there must be one at least."""
        return _mapped(parts, _single)

    def to_bytes(self) -> bytes:
        """Return everything in numpy's own file format, without pickles."""
        file = io.BytesIO()
        np.savez_compressed(file, **dict(_arrays(self)))  # type: ignore[arg-type]  # its stub takes no mapping
        return file.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what `to_bytes` returned."""
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            levels = {
                name: Level(*(_double(arrays[f"{name}.{one.name}"]) for one in fields(Level))) if f"{name}.height" in arrays else None
                for name in ("counts", "shares")
            }
            return cls(since=arrays["since"], n_past=_double(arrays["n_past"]), **levels)


NEVER = np.iinfo(np.int64).max
"""`since` of a series without a past: later than any bucket, so that it is never judged."""


def fit(counts: Counts, *, metric: str, past: Past) -> Baselines:
    """Fit every series from the rows before `past.at`, a part of the series at a time."""
    n_cells = past.recent + (past.at - past.start) // past.rhythm.hour
    stride = max(1, CELLS_AT_ONCE // n_cells)
    starts = range(0, counts.n_series, stride) or [0]
    parts = [_fit_part(counts, slice(first, min(first + stride, counts.n_series)), metric=metric, past=past) for first in starts]
    return Baselines.joined(parts)


def _fit_part(counts: Counts, part: slice, *, metric: str, past: Past) -> Baselines:
    rhythm, start, recent = past.rhythm, past.start, past.at - past.recent
    n, negative = counts.dense(part.start, part.stop, start=start, end=past.at, width=rhythm.hour)
    each_n, each_negative = counts.dense(part.start, part.stop, start=recent, end=past.at)
    since = counts.first_buckets(part.start, part.stop, start=start, end=past.at)
    known = start + np.arange(n.shape[1]) * rhythm.hour >= since[:, None]
    seen = Seen(
        start=recent,
        n=each_n.astype(np.float32),
        negative=each_negative.astype(np.float32),
        known=np.arange(recent, past.at) >= since[:, None],
        start_cells=start,
        n_cells=n,
        negative_cells=negative,
        known_cells=known,
        rhythm=rhythm,
    )
    n_recent, of_counts, of_shares = past.recent // rhythm.hour, None, None
    if metric != "share":
        x = negative if metric == "negatives" else n
        level, alike = fit_counts(x, known=known, start=start, recent=n_recent, rhythm=rhythm)
        of_counts = with_count_straying(level, seen.only(alike), of_negatives=metric == "negatives", windows=past.windows)
    if metric != "volume":
        level, alike = fit_shares(n, negative, start=start, recent=n_recent, rhythm=rhythm)
        of_shares = with_share_straying(level, seen.only(alike), windows=past.windows)
    return Baselines(since=np.where(since < past.at, since, NEVER), n_past=n.sum(axis=1), counts=of_counts, shares=of_shares)


def _mapped(parts: Sequence[Baselines], change: Callable[[list[NDArray[Any]]], NDArray[Any]]) -> Baselines:
    def levels(name: str) -> Level | None:
        found = [one for part in parts if (one := getattr(part, name)) is not None]
        return Level(*(change([getattr(one, field.name) for one in found]) for field in fields(Level))) if found else None

    return Baselines(
        since=change([part.since for part in parts]),
        n_past=change([part.n_past for part in parts]),
        counts=levels("counts"),
        shares=levels("shares"),
    )


def _single(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    """Join arrays, floats rounded to what single precision holds."""
    joined = np.concatenate(arrays)
    return _double(joined.astype(np.float32)) if joined.dtype == np.float64 else joined


def _taken(array: NDArray[Any], positions: Integers) -> NDArray[Any]:
    if len(array):
        return array[np.maximum(positions, 0)]
    return np.zeros((len(positions), *array.shape[1:]), dtype=array.dtype)


def _arrays(one: Baselines) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "since", one.since
    yield "n_past", one.n_past.astype(np.float32)
    for name, level in (("counts", one.counts), ("shares", one.shares)):
        if level is not None:
            yield from ((f"{name}.{field.name}", getattr(level, field.name).astype(np.float32)) for field in fields(Level))


def _double(array: NDArray[Any]) -> Floats:
    return array.astype(np.float64)
