"""How far series stray from their levels, at each length of window; the levels themselves are left to `levels`.

Real streams are over-dispersed, and by how much depends on the length: bursts even out and moods do not. It is measured on the
windows that lie side by side, each bounded, and drawn towards what the length before told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.levels import RECENT_COUNTS, RECENT_RECORDS, Level, of_cells
from pipelines.rhythm import Rhythm

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Belief:
    """What is believed of a series before anything was seen, by how much series differ in it, and what one window may add.

    `bound` is how many times the mean square that of one window counts for, at most; `least` the least spread ever believed.
    """

    clump: float
    clump_varies: float
    spread: float
    spread_varies: float
    least: float
    bound: float


OF_SHARES = _Belief(clump=0.2, clump_varies=0.5, spread=0.01, spread_varies=0.01, least=0.002, bound=16.0)
"""Some stories are retold, and a share wanders by a tenth of its spread."""

OF_COUNTS = _Belief(clump=0.5, clump_varies=1.0, spread=0.3, spread_varies=0.3, least=0.01, bound=64.0)
"""A count wanders by half; bursts have long tails."""

LEAST_FIRM = 2.0
"""Least weight of what the length before told, in windows of the usual size."""

HIDDEN = 1.0
"""Standard errors of the over-dispersion that are added to it: far out in the tail, a little more of it means ten times as many."""

LEAST_EXPECTED = 0.5
"""Count below which a residual is measured against this one: one record where none was likely is no burst."""

MOST_WINDOWS = 700
"""Windows of one length that are looked at, evenly apart: more would tell nothing new."""

WEEK = 5.0
"""Counts that draw the height of one stretch towards that of the season."""

SHARE_BOUNDS = 0.01, 0.98
"""Least and largest share that is ever expected."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of some series: records and negatives by bucket in the baseline, and by cell of about an hour in the season.

    `known` and `known_cells` mark what was watched; `start` and `start_cells` are the buckets at which each begins. Short windows
    are looked at bucket by bucket; long ones, of which a baseline holds too few, in the whole season, week by week.
    """

    start: int
    n: Floats
    negative: Floats
    known: Flags
    start_cells: int
    n_cells: Floats
    negative_cells: Floats
    known_cells: Flags
    rhythm: Rhythm

    def only(self, cells: Flags) -> "Seen":
        """Return what was seen in some cells: one turn must not make a series look restless."""
        buckets = np.repeat(cells[:, -(self.n.shape[1] // self.rhythm.hour) :], self.rhythm.hour, axis=1)
        return replace(
            self,
            n=self.n * buckets,
            negative=self.negative * buckets,
            known=self.known & buckets,
            n_cells=self.n_cells * cells,
            negative_cells=self.negative_cells * cells,
            known_cells=self.known_cells & cells,
        )

    def short(self, windows: Sequence[int]) -> list[int]:
        """Return the lengths below two cells, in buckets."""
        return [one for one in windows if one < 2 * self.rhythm.hour]

    def long(self, windows: Sequence[int]) -> list[int]:
        """Return the other lengths, in cells."""
        return [round(one / self.rhythm.hour) for one in windows if one >= 2 * self.rhythm.hour]

    def expected(self, level: Level) -> tuple[Floats, Floats]:
        """Return what is expected in each bucket and in each cell, or of a record in it."""
        end = self.start + self.n.shape[1]
        by_bucket = level.expected(slice(None), start=self.start, end=end, rhythm=self.rhythm).astype(np.float32)
        return by_bucket, of_cells(level, self.n_cells.shape[1], start=self.start_cells, rhythm=self.rhythm)

    def by_week(self, x: Floats, expected: Floats) -> Floats:
        """Return `expected` of cells as high as `x` was in each stretch of the season that is as long as the baseline."""
        length = self.n.shape[1] // self.rhythm.hour
        result = np.empty_like(expected)
        for end in range(x.shape[1], 0, -length):
            part = slice(max(0, end - length), end)
            result[:, part] = expected[:, part] * ((_sum(x[:, part]) + WEEK) / (_sum(expected[:, part]) + WEEK))[:, None]
        return result


def with_count_straying(level: Level, seen: Seen, *, of_negatives: bool, windows: Sequence[int]) -> Level:
    """Return `level` with how the counts of records, or of negatives, stray around it, and how unsure it is."""
    x, cells = (seen.negative, seen.negative_cells) if of_negatives else (seen.n, seen.n_cells)
    each, by_cell = seen.expected(level)
    expected, by_cell = each * seen.known, seen.by_week(cells, by_cell * seen.rhythm.hour * seen.known_cells)
    straying = _Straying(len(x), OF_COUNTS)
    for known, lengths, columns in (
        (seen.known, seen.short(windows), (x, expected)),
        (seen.known_cells, seen.long(windows), (cells, by_cell)),
    ):
        moods = _n_moods(known, seen.rhythm, n_cells=seen.n_cells.shape[1])
        for told, likely in _by_length(lengths, *columns):
            weight = np.maximum(likely, LEAST_EXPECTED)
            straying.add((told - likely) / np.sqrt(weight), size=weight * (likely > 0), n_known=(likely > 0).sum(axis=1), moods=moods)
    return straying.told(level, unsure=1.0 / (expected.sum(axis=1) + RECENT_COUNTS))


def with_share_straying(level: Level, seen: Seen, *, windows: Sequence[int]) -> Level:
    """Return `level` with how shares stray likewise; windows weigh by their pairs of records."""
    each, by_cell = seen.expected(level)
    each, by_cell = np.clip(each, *SHARE_BOUNDS), np.clip(by_cell, *SHARE_BOUNDS)
    by_cell = np.minimum(seen.by_week(seen.negative_cells, by_cell * seen.n_cells), SHARE_BOUNDS[1] * seen.n_cells)
    straying = _Straying(len(each), OF_SHARES)
    for known, lengths, columns in (
        (seen.n > 0, seen.short(windows), (seen.n, seen.negative, each * seen.n)),
        (seen.n_cells > 0, seen.long(windows), (seen.n_cells, seen.negative_cells, by_cell)),
    ):
        moods = _n_moods(known, seen.rhythm, n_cells=seen.n_cells.shape[1])
        for total, told, likely in _by_length(lengths, *columns):
            at_least_one = np.maximum(total, 1)
            variance = np.maximum(likely * (1 - likely / at_least_one), 1e-9)
            straying.add((told - likely) / np.sqrt(variance), size=at_least_one - 1, n_known=(total > 0).sum(axis=1), moods=moods)
    return straying.told(level, unsure=1.0 / (seen.n.sum(axis=1) + RECENT_RECORDS))


class _Straying:
    """Clump and spread, length by length."""

    def __init__(self, n_series: int, belief: _Belief) -> None:
        self.clump, self.spread = np.full(n_series, belief.clump), np.full(n_series, belief.spread)
        self.belief = belief
        self.columns: list[tuple[Floats, Floats, Floats]] = []

    def add(self, off: Floats, *, size: Floats, n_known: NDArray[np.int64], moods: Floats) -> None:
        """Regress the squares of standardised residuals, beyond one, on `size` over windows (columns), bounded.

        A window that was not watched has a residual and a size of 0. What the length before told is believed as firmly as series
        are alike: small windows tell little of how shares stray. Add what so few windows may have hidden, the more the longer moods
        last; `moods` is how many of those the windows show.
        """
        n = np.maximum(n_known, 1)
        square = _bounded(off * off, n_known=n, bound=self.belief.bound)
        mean = np.maximum(_sum(size) / n, 1.0)
        firm = 2 / self.belief.clump_varies**2, np.maximum(2 / (self.belief.spread_varies * mean) ** 2, LEAST_FIRM)
        s00, s01, s11 = n + firm[0], _sum(size) / mean, _dot(size, size) / mean**2 + firm[1]
        excess = _sum(square) - n_known
        t0 = excess + firm[0] * self.clump
        t1 = (_dot(square, size) - _sum(size)) / mean + firm[1] * self.spread * mean
        slope = np.clip((t1 * s00 - t0 * s01) / (s00 * s11 - s01**2), 0.0, np.maximum(t1 / s11, 0.0))
        self.clump = np.maximum((t0 - slope * s01) / s00, 0.0)
        slope = np.maximum((t1 - self.clump * s01) / s11, 0.0)
        self.spread = np.maximum(t1 / s11, 0.0) / mean
        lasting = np.sqrt(2 / moods) * np.maximum(_lasting(square, off) / n, 0.0)
        noise = 1 + np.maximum(excess, 0) / n
        hidden, hidden_spread = (HIDDEN * (np.sqrt(2 / one) * noise + lasting) for one in (s00, s11))
        self.columns.append((self.clump + hidden, slope / mean, self.spread + hidden_spread / mean))

    def told(self, level: Level, *, unsure: Floats) -> Level:
        """Return `level` with what was found, and with how unsure its height is."""
        clump, slope, spread = (np.stack([column[index] for column in self.columns], axis=1) for index in range(3))
        return replace(level, clump=clump, slope=slope + unsure[:, None], spread=np.maximum(spread, self.belief.least) + unsure[:, None])


def _bounded(square: Floats, *, n_known: NDArray[np.int64], bound: float) -> Floats:
    """Cut squares down to some times their own mean, so that one window alone makes no series look restless."""
    most = bound * np.maximum(_sum(square) / n_known, 1.0)
    for _ in range(2):
        most = bound * np.maximum(_sum(np.minimum(square, most[:, None])) / n_known, 1.0)
    return np.asarray(np.minimum(square, most[:, None]))


def _lasting(square: Floats, off: Floats) -> Floats:
    """Return the sum of products of neighbouring residuals: high where moods last longer than a window."""
    signed = np.copysign(np.sqrt(square), off)
    return _dot(signed[:, 1:], signed[:, :-1])


def _n_moods(known: Flags, rhythm: Rhythm, *, n_cells: int) -> Floats:
    """Return how many quarters of a day have something to tell: moods last for hours, so that many windows show but few of them."""
    width = rhythm.cells_a_quarter if known.shape[1] == n_cells else rhythm.quarter
    return np.asarray(np.maximum(known.reshape(len(known), known.shape[1] // width, width).any(axis=2).sum(axis=1), 1.0))


def _by_length(windows: Sequence[int], *columns: Floats) -> Iterator[list[Floats]]:
    """Yield `columns` summed over windows of each length, shortest first, side by side from the newest back, evenly thinned."""
    summed: dict[int, list[Floats]] = {1: list(columns)}
    for width in windows:
        if width not in summed:
            base = max(one for one in summed if width % one == 0)
            summed[width] = [_joined(one, width // base) for one in summed[base]]
        step = -(-summed[width][0].shape[1] // MOST_WINDOWS)
        yield [one[:, ::-1][:, ::step] for one in summed[width]] if step > 1 else summed[width]


def _joined(x: Floats, width: int) -> Floats:
    n = x.shape[1] // width
    late = x[:, x.shape[1] - n * width :]
    pairs = width == 2  # noqa: PLR2004  # halves are most of the work, and adding them is twice as fast
    return np.add(late[:, ::2], late[:, 1::2]) if pairs else np.einsum("ijk->ij", late.reshape(len(x), n, width))


def _sum(x: Floats) -> Floats:
    return np.asarray(x.sum(axis=1), dtype=np.float64)


def _dot(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", x, y, dtype=np.float64))
