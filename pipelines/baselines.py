"""What the past of every series makes likely, fitted at one moment from what lay before it; what is unlikely is left to `spikes`.

Beside height and shape (`levels`) a fit knows how far a series strays, at each length of window: real streams are
over-dispersed, and by how much depends on the length, since bursts even out and moods do not.
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

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHARE_CLUMP, COUNT_CLUMP = 0.2, 0.5
SHARE_SPREAD, COUNT_SPREAD = 0.01, 0.3
"""Over-dispersion believed before anything was seen: some stories are retold; a share wanders by a tenth of its spread, a count by half."""

LEAST_SHARE_SPREAD, LEAST_COUNT_SPREAD = 0.002, 0.01
"""No series is believed to be calmer."""

SHARE_BOUNDS = 0.01, 0.98
"""Least and largest share that is ever expected."""

PRIOR_WINDOWS = 5.0
"""Weight of a belief, in windows; the belief about a length is what its half was found to do."""

HIDDEN = 1.0
"""Standard errors of the over-dispersion that are added to it: far out in the tail, a little more of it means ten times as many."""

SHARE_BOUND, COUNT_BOUND = 16.0, 64.0
"""Times the mean square that one window's residual counts for, at most: counts have the longer tails."""

LEAST_EXPECTED = 0.5
"""Count below which a residual is measured against this one: one record where none was likely is no burst."""

CELLS_AT_ONCE = 2_000_000
"""Buckets times series fitted in one go: bounds memory."""


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
        """Buckets of the baseline, cut to whole days."""
        return min(max(1, self.baseline // self.rhythm.day) * self.rhythm.day, self.at - self.start)


@dataclass(frozen=True, slots=True)
class Baselines:
    """Fits of every series (row). `since` is the first bucket of its past, `n_past` the records in it.

    `counts` fits records (metric volume) or negatives (metric negatives), `shares` the share of negatives; what a metric does not
    need is None. All figures have single precision, so that what was stored equals what was fitted.
    """

    since: Integers
    n_past: Floats
    counts: Level | None
    shares: Level | None

    def take(self, positions: Integers) -> "Baselines":
        """Return the rows at `positions`; -1 stands for a series without a past."""
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
"""`since` of a series without a past."""


def fit(counts: Counts, *, metric: str, past: Past) -> Baselines:
    """Fit every series from the rows before `past.at`, a part of the series at a time."""
    n_cells = past.recent + (past.at - past.start) // past.rhythm.hour
    stride = max(1, CELLS_AT_ONCE // n_cells)
    starts = range(0, counts.n_series, stride) or [0]
    parts = [_fit_part(counts, slice(first, min(first + stride, counts.n_series)), metric=metric, past=past) for first in starts]
    return Baselines.joined(parts)


def _fit_part(counts: Counts, part: slice, *, metric: str, past: Past) -> Baselines:
    rhythm, start = past.rhythm, past.start
    n, negative = counts.dense(part.start, part.stop, start=start, end=past.at, width=rhythm.hour)
    since = counts.first_buckets(part.start, part.stop, start=start, end=past.at)
    known = start + np.arange(n.shape[1]) * rhythm.hour >= since[:, None]
    recent = counts.dense(part.start, part.stop, start=past.at - past.recent, end=past.at)
    is_recent = np.arange(past.at - past.recent, past.at) >= since[:, None]
    n_recent = past.recent // rhythm.hour
    levels: dict[str, Level | None] = {"counts": None, "shares": None}
    if metric != "share":
        which = int(metric == "negatives")
        level = fit_counts((n, negative)[which], known=known, start=start, recent=n_recent, rhythm=rhythm)
        levels["counts"] = _with_count_spread(level, recent[which], known=is_recent, past=past)
    if metric != "volume":
        level = fit_shares(n, negative, start=start, recent=n_recent, rhythm=rhythm)
        levels["shares"] = _with_share_spread(level, *recent, past=past)
    return Baselines(since=np.where(since < past.at, since, NEVER), n_past=n.sum(axis=1), **levels)


def _with_count_spread(level: Level, x: Floats, *, known: Flags, past: Past) -> Level:
    """Measure how counts stray around their level in the baseline, and add how unsure the level is."""
    expected = level.expected(slice(None), start=past.at - past.recent, end=past.at, rhythm=past.rhythm) * known
    moods = _n_moods(known, past)
    straying = _Straying(np.full(len(x), COUNT_CLUMP), np.full(len(x), COUNT_SPREAD), moods=moods, bound=COUNT_BOUND)
    for width in past.windows:
        sums, likely = _windows(x * known, width), _windows(expected, width)
        weight = np.maximum(likely, LEAST_EXPECTED)
        straying.add((sums - likely) / np.sqrt(weight), size=weight, known=likely > 0)
    return straying.told(level, unsure=1.0 / (expected.sum(axis=1) + 10.0), least=LEAST_COUNT_SPREAD)


def _with_share_spread(level: Level, n: Floats, negative: Floats, *, past: Past) -> Level:
    """Measure how shares stray likewise; windows weigh by their pairs of records."""
    share = level.expected(slice(None), start=past.at - past.recent, end=past.at, rhythm=past.rhythm)
    likely_each = n * np.clip(share, *SHARE_BOUNDS)
    moods = _n_moods(n > 0, past)
    straying = _Straying(np.full(len(n), SHARE_CLUMP), np.full(len(n), SHARE_SPREAD), moods=moods, bound=SHARE_BOUND)
    for width in past.windows:
        total, told, likely = (_windows(one, width) for one in (n, negative, likely_each))
        variance = np.maximum(likely * (1 - likely / np.maximum(total, 1)), 1e-9)
        straying.add((told - likely) / np.sqrt(variance), size=np.maximum(total - 1, 0), known=total > 0)
    return straying.told(level, unsure=1.0 / (n.sum(axis=1) + 50.0), least=LEAST_SHARE_SPREAD)


class _Straying:
    """Clump and spread, length by length: what mean squares tell, drawn towards what the length before told."""

    def __init__(self, clump: Floats, spread: Floats, *, moods: Floats, bound: float) -> None:
        self.clump, self.spread, self.moods, self.bound = clump, spread, moods, bound
        self.columns: list[tuple[Floats, Floats, Floats]] = []

    def add(self, off: Floats, *, size: Floats, known: Flags) -> None:
        """Regress the squares of standardised residuals, beyond one, on `size` by windows (columns), bounded, with a ridge.

        Add what so few windows may have hidden, the more the longer moods last.
        """
        n = np.maximum(known.sum(axis=1), 1)
        square = _bounded(off**2 * known, n_known=n, bound=self.bound)
        excess = (square - 1) * known
        signed = np.sign(off) * np.sqrt(square) * known
        lasting = np.maximum((signed[:, 1:] * signed[:, :-1]).sum(axis=1) / n, 0.0)
        mean = np.maximum((size * known).sum(axis=1) / n, 1.0)
        scaled = size * known / mean[:, None]
        s00, s01, s11 = n + PRIOR_WINDOWS, scaled.sum(axis=1), (scaled**2).sum(axis=1) + PRIOR_WINDOWS
        t0 = excess.sum(axis=1) + PRIOR_WINDOWS * self.clump
        t1 = (excess * scaled).sum(axis=1) + PRIOR_WINDOWS * self.spread * mean
        slope = np.clip((t1 * s00 - t0 * s01) / (s00 * s11 - s01**2), 0.0, np.maximum(t1 / s11, 0.0))
        self.clump = np.maximum((t0 - slope * s01) / s00, 0.0)
        hidden = HIDDEN * (np.sqrt(2 / s00) * (1 + np.maximum(excess.sum(axis=1), 0) / n) + np.sqrt(2 / self.moods) * lasting)
        slope = np.maximum((t1 - self.clump * s01) / s11, 0.0)
        self.spread = np.maximum(t1 / s11, 0.0) / mean
        self.columns.append((self.clump + hidden, slope / mean, self.spread + hidden / mean))

    def told(self, level: Level, *, unsure: Floats, least: float) -> Level:
        """Return `level` with what was found, and with how unsure its height is."""
        clump, slope, spread = (np.stack([column[index] for column in self.columns], axis=1) for index in range(3))
        return replace(level, clump=clump, slope=slope + unsure[:, None], spread=np.maximum(spread, least) + unsure[:, None])


def _bounded(square: Floats, *, n_known: Integers, bound: float) -> Floats:
    """Cut squares down to some times their own mean, so that one turn does not make a series look restless."""
    mean = square.sum(axis=1) / n_known
    for _ in range(3):
        mean = np.minimum(square, bound * np.maximum(mean, 1.0)[:, None]).sum(axis=1) / n_known
    return np.asarray(np.minimum(square, bound * np.maximum(mean, 1.0)[:, None]), dtype=np.float64)


def _n_moods(known: Flags, past: Past) -> Floats:
    """Return how many quarters of a day have something to tell: moods last for hours, so that many windows show but few of them."""
    return np.asarray(np.maximum(_windows(known * 1.0, past.rhythm.quarter).astype(np.bool_).sum(axis=1), 1.0), dtype=np.float64)


def _windows(x: Floats, width: int) -> Floats:
    """Sum windows of `width` buckets that lie side by side, from the newest back."""
    n = x.shape[1] // width
    return x[:, x.shape[1] - n * width :].reshape(len(x), n, width).sum(axis=2)


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
