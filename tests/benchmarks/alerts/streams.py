"""Make seeded streams of counts with turns planted in them, or none; worlds: `steady`, `calm`, `rough`. Judging is left to `scoring`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import calm
import numpy as np
import rough
import steady
from shapes import Floats, Integers, Randoms, Shape

from pipelines.counts import Counts

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
SIZES = (2, 3, 5)
MINUTES = (15, 60, 240, 1440)

QUIET_DAYS, PAST_DAYS = 10, 4
"""Days at the start of a stream, and of a series, in which nothing is planted: there must be some past to turn from."""

BETWEEN_HOURS = 60
"""Least calm between two turns of one series."""

ENOUGH = 36
"""Records expected in the bucket in which a turn is planted, at least."""

_WORLDS = {"calm": calm, "rough": rough, "steady": steady}


@dataclass(frozen=True, slots=True)
class Planted:
    """A turn that is really there, from bucket `start` up to `end`, exclusive; `n_start` are the records of the poorer of its first two."""

    series: int
    start: int
    end: int
    size: int
    n_start: int


@dataclass(frozen=True, slots=True)
class Stream:
    """Counts by series (rows) and bucket (columns), and what was planted; bucket numbers start at `first`."""

    shape: Shape
    n: Integers
    n_negative: Integers
    planted: tuple[Planted, ...]

    @property
    def first(self) -> int:
        """The first bucket, counted from the epoch."""
        return _first(self.shape)

    @property
    def until(self) -> int:
        """The end of the last bucket."""
        return self.first + self.shape.size[1]

    @property
    def series_days(self) -> float:
        """Days of all series together."""
        return float(self.shape.n_series * self.shape.days)

    def at(self, bucket: int) -> datetime:
        """Return when a bucket starts."""
        return datetime.fromtimestamp(0, UTC) + bucket * timedelta(minutes=self.shape.minutes)

    def counts(self) -> Counts:
        """Return the buckets that hold records."""
        series, column = np.nonzero(self.n)
        n, n_negative = self.n[series, column], self.n_negative[series, column]
        return Counts.of(n_series=len(self.n), series=series, bucket=column + self.first, n=n, n_negative=n_negative)


def make_stream(shape: Shape, *, seed: int) -> Stream:
    """Make a stream; the same shape and seed give the same one."""
    world = _WORLDS[shape.world]
    randoms = np.random.default_rng([seed, list(_WORLDS).index(shape.world), ("none", "share", "volume").index(shape.plant)])
    volume, share = world.expect(shape, randoms)
    spots = [] if shape.plant == "none" else _spots(shape, volume, randoms)
    for series, start, end, size in spots:
        if shape.plant == "volume":
            volume[series, start:end] *= size
        else:
            share[series, start:end] = np.minimum(share[series, start:end] * size, 0.95)
    n, n_negative = world.draw(volume, share, randoms)
    first = _first(shape)
    planted = [Planted(series, first + a, first + b, size, int(n[series, a : a + 2].min())) for series, a, b, size in spots]
    return Stream(shape, n, n_negative, tuple(planted))


def _first(shape: Shape) -> int:
    return int(START.timestamp()) // (shape.minutes * 60)


def _spots(shape: Shape, volume: Floats, randoms: Randoms) -> list[tuple[int, int, int, int]]:
    """Choose where turns lie (series, start, end, size): in a third of the series, where enough records are expected."""
    spots = []
    gap, n_buckets = BETWEEN_HOURS * 60 // shape.minutes, shape.size[1]
    for series in randoms.permutation(len(volume))[: len(volume) // 3]:
        known = np.cumsum(volume[series] > 0) >= PAST_DAYS * shape.per_day
        start = QUIET_DAYS * shape.per_day + int(randoms.integers(0, gap))
        while start < n_buckets:
            size, length = int(randoms.choice(SIZES)), max(1, int(randoms.choice(MINUTES)) // shape.minutes)
            fits = start + np.flatnonzero((volume[series] >= ENOUGH)[start : start + gap] & known[start : start + gap])
            if len(fits) and fits[-1] + length < n_buckets:
                begin = int(randoms.choice(fits))
                spots.append((int(series), begin, begin + length, size))
                start = begin + length
            start += gap + int(randoms.integers(0, gap))
    return spots
