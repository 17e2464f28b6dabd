"""Make seeded streams of counts as real ones behave, with turns planted in them or none; holding a detector to them is left to `scoring`.

Two worlds that share no code but the planting, so that a detector tuned on one is tested by the other:

- `calm`: gamma-Poisson volumes with days and weeks, bursts common to a group, swings, gaps, feed pauses and series that start
  from nothing; beta-binomial shares around a slowly wandering logit.
- `rough`: records arrive in clusters that share one sentiment (retweets), volumes jump by heavy tails, polled feeds skip buckets
  and catch up, and the share's logit is an AR(1) of each series' own speed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import expit, logit

from pipelines.counts import Counts

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
World = Literal["calm", "rough"]
Plant = Literal["none", "share", "volume"]

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
SIZES = (2, 3, 5)
MINUTES = (15, 60, 240, 1440)
QUIET_DAYS = 10
"""Days at the start in which nothing is planted: a series needs some past."""
BETWEEN_HOURS = 60
"""Least calm between two turns of one series."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of a stream to make, and of which kind; `eventful` streams have bursts and swings of volume."""

    world: World = "calm"
    plant: Plant = "none"
    n_series: int = 200
    days: int = 35
    minutes: int = 15
    eventful: bool = True

    @property
    def per_day(self) -> int:
        return 1440 // self.minutes

    @property
    def n_buckets(self) -> int:
        return self.days * self.per_day


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
        return int(START.timestamp()) // (self.shape.minutes * 60)

    @property
    def until(self) -> int:
        return self.first + self.n.shape[1]

    @property
    def series_days(self) -> float:
        return self.n.shape[0] * self.n.shape[1] / self.shape.per_day

    def at(self, bucket: int) -> datetime:
        return datetime.fromtimestamp(0, UTC) + bucket * timedelta(minutes=self.shape.minutes)

    def counts(self) -> Counts:
        """Return the buckets that hold records."""
        series, column = np.nonzero(self.n)
        n, n_negative = self.n[series, column], self.n_negative[series, column]
        return Counts.of(n_series=len(self.n), series=series, bucket=column + self.first, n=n, n_negative=n_negative)


def make_stream(shape: Shape, *, seed: int) -> Stream:
    """Make a stream; the same shape and seed give the same one."""
    randoms = np.random.default_rng([seed, ("calm", "rough").index(shape.world), ("none", "share", "volume").index(shape.plant)])
    volume, share = (_calm if shape.world == "calm" else _rough)(shape, randoms)
    spots = [] if shape.plant == "none" else _spots(shape, volume, randoms)
    for series, start, end, size in spots:
        if shape.plant == "volume":
            volume[series, start:end] *= size
        else:
            share[series, start:end] = np.minimum(share[series, start:end] * size, 0.95)
    n, n_negative = (_calm_counts if shape.world == "calm" else _rough_counts)(volume, share, randoms)
    first = int(START.timestamp()) // (shape.minutes * 60)
    planted = [Planted(series, first + a, first + b, size, int(n[series, a : a + 2].min())) for series, a, b, size in spots]
    return Stream(shape, n, n_negative, tuple(planted))


def _spots(shape: Shape, volume: Floats, randoms: np.random.Generator) -> list[tuple[int, int, int, int]]:
    """Choose where turns lie: in a third of the series, where at least 36 records are expected in the first buckets."""
    spots = []
    gap = BETWEEN_HOURS * 60 // shape.minutes
    for series in randoms.permutation(len(volume))[: len(volume) // 3]:
        start = QUIET_DAYS * shape.per_day + int(randoms.integers(0, gap))
        while start < shape.n_buckets:
            size, length = int(randoms.choice(SIZES)), max(1, int(randoms.choice(MINUTES)) // shape.minutes)
            fits = np.flatnonzero(volume[series, start : start + gap] >= 36)
            if fits.size and start + int(fits[0]) + length + gap // 4 < shape.n_buckets:
                begin = start + int(randoms.choice(fits[: max(1, len(fits) // 2)]))
                spots.append((int(series), begin, min(begin + length, shape.n_buckets), size))
                start = begin + length
            start += gap + int(randoms.integers(0, gap))
    return spots


def _calm(shape: Shape, randoms: np.random.Generator) -> tuple[Floats, Floats]:
    size, n_groups = (shape.n_series, shape.n_buckets), max(1, shape.n_series // 10)
    group = randoms.integers(0, n_groups, shape.n_series)
    hour, day = _clock(shape)
    phase = randoms.uniform(11, 19, n_groups)[group] + randoms.normal(0, 1, shape.n_series)
    tide = randoms.uniform(0.2, 1.2, (shape.n_series, 1)) * np.cos((hour - phase[:, None]) * (2 * np.pi / 24))
    tide += randoms.uniform(0, 0.3, (shape.n_series, 1)) * np.cos((hour - phase[:, None]) * (4 * np.pi / 24))
    weekend = np.where(day % 7 >= 5, np.log(randoms.uniform(0.4, 1.1, (shape.n_series, 1))), 0.0)
    wander = _drift((n_groups, size[1]), hours=6, shape=shape, randoms=randoms)[group] * 0.15
    log_volume = (
        np.log(_levels(shape, randoms))[:, None] + tide + weekend + wander + 0.15 * _drift(size, hours=2, shape=shape, randoms=randoms)
    )
    if shape.eventful:
        log_volume += _bursts(shape, group=group, randoms=randoms) + _swings(shape, randoms)
    volume = np.exp(log_volume) * _presence(shape, randoms)
    base = logit(
        randoms.uniform(0.15, 0.22, (shape.n_series, 1)) if shape.plant == "share" else randoms.uniform(0.05, 0.4, (shape.n_series, 1))
    )
    mood = 0.1 * _drift((n_groups, size[1]), hours=12, shape=shape, randoms=randoms)[group]
    mood += randoms.uniform(0.05, 0.2, (shape.n_series, 1)) * _drift(size, hours=6, shape=shape, randoms=randoms)
    season = randoms.uniform(0, 0.25, (shape.n_series, 1)) * np.cos((hour - randoms.uniform(0, 24, (shape.n_series, 1))) * (2 * np.pi / 24))
    return volume, expit(base + season + mood)


def _calm_counts(volume: Floats, share: Floats, randoms: np.random.Generator) -> tuple[Integers, Integers]:
    spread = randoms.uniform(0.01, 0.2, (len(volume), 1))
    n = randoms.poisson(volume * randoms.gamma(1 / spread, spread, volume.shape))
    alike = 1 / randoms.uniform(0.002, 0.03, (len(volume), 1)) - 1
    return n, randoms.binomial(n, randoms.beta(share * alike, (1 - share) * alike))


def _rough(shape: Shape, randoms: np.random.Generator) -> tuple[Floats, Floats]:
    size = (shape.n_series, shape.n_buckets)
    hour, day = _clock(shape)
    opening = randoms.uniform(5, 10, (shape.n_series, 1))
    office = np.where(
        (hour >= opening) & (hour < opening + randoms.uniform(8, 12, (shape.n_series, 1))),
        1.0,
        randoms.uniform(0.3, 0.9, (shape.n_series, 1)),
    )
    weekday = randoms.lognormal(0, 0.2, (shape.n_series, 7))[:, day % 7]
    jumps = randoms.standard_t(3, size) * 0.12
    level = lfilter([1.0], [1.0, -0.8], jumps, axis=1)
    volume = _levels(shape, randoms)[:, None] * office * weekday * np.exp(np.clip(level, -2.5, 2.5))
    if shape.eventful:
        hits = randoms.random(size) < 0.3 / shape.per_day
        bursts = np.where(hits, np.minimum(randoms.pareto(1.5, size) * 3, 30), 0.0)
        volume *= 1 + lfilter([1.0], [1.0, -0.7], bursts, axis=1)
    skipped = randoms.random(size) < np.where(randoms.random((shape.n_series, 1)) < 0.3, 0.03, 0.0)
    caught_up = np.pad(np.where(skipped, volume, 0.0), ((0, 0), (1, 0)))[:, :-1]
    volume = np.where(skipped, 0.0, volume + caught_up)
    base = logit(
        randoms.uniform(0.15, 0.22, (shape.n_series, 1)) if shape.plant == "share" else randoms.uniform(0.05, 0.4, (shape.n_series, 1))
    )
    keeps = np.exp(-shape.minutes / 60 / np.exp(randoms.uniform(np.log(1), np.log(48), shape.n_series)))
    noise = randoms.normal(0, 1, size) * np.sqrt(1 - keeps**2)[:, None]
    logits = np.stack([lfilter([1.0], [1.0, -keep], row) for keep, row in zip(keeps, noise, strict=True)])
    return volume, expit(base + randoms.uniform(0.05, 0.25, (shape.n_series, 1)) * logits)


def _rough_counts(volume: Floats, share: Floats, randoms: np.random.Generator) -> tuple[Integers, Integers]:
    """Draw clusters of 1 to 16 records that share one sentiment; none is larger than a quarter of what is usual."""
    n, n_negative = np.zeros(volume.shape, dtype=np.int64), np.zeros(volume.shape, dtype=np.int64)
    usual = np.median(volume, axis=1, keepdims=True)
    for records, weight in ((1, 0.70), (2, 0.12), (4, 0.08), (8, 0.06), (16, 0.04)):
        held = records if records == 1 else np.maximum(np.minimum(records, usual // 4), 1).astype(np.int64)
        clusters = randoms.poisson(volume * weight / held)
        n += clusters * held
        n_negative += randoms.binomial(clusters, share) * held
    return n, n_negative


def _levels(shape: Shape, randoms: np.random.Generator) -> Floats:
    """Return records a bucket: half of the series have 30 to 300, the rest anything from one in many hours up."""
    large = np.exp(randoms.uniform(np.log(30), np.log(300), shape.n_series))
    small = np.exp(randoms.uniform(np.log(0.02), np.log(30), shape.n_series))
    return np.where(randoms.random(shape.n_series) < 0.5, large, small)


def _clock(shape: Shape) -> tuple[Floats, Integers]:
    minute = np.arange(shape.n_buckets) * shape.minutes
    return minute % 1440 / 60, minute // 1440


def _drift(size: tuple[int, int], *, hours: float, shape: Shape, randoms: np.random.Generator) -> Floats:
    """Return AR(1) noise of standard deviation 1 that forgets within `hours`."""
    keep = float(np.exp(-shape.minutes / 60 / hours))
    start = randoms.normal(0, 1, (size[0], 1)) * keep
    return np.asarray(lfilter([np.sqrt(1 - keep**2)], [1.0, -keep], randoms.normal(0, 1, size), axis=1, zi=start)[0])


def _bursts(shape: Shape, *, group: Integers, randoms: np.random.Generator) -> Floats:
    """Return bursts (in logarithms): one in three days a group, of up to ten times, fading within hours, felt by most of the group."""
    result = np.zeros((shape.n_series, shape.n_buckets))
    for one in range(int(group.max()) + 1):
        members = np.flatnonzero(group == one)
        for start in randoms.integers(0, shape.n_buckets, randoms.poisson(shape.days / 3)):
            touched = members[randoms.random(len(members)) < 0.6]
            height = np.minimum(1 + randoms.pareto(2.5), 10) * randoms.uniform(0.5, 1.5, (len(touched), 1))
            fading = 0.5 ** (np.arange(shape.n_buckets - start) * shape.minutes / randoms.uniform(15, 120))
            result[touched, start:] += np.log1p(height * fading)
    return result


def _swings(shape: Shape, randoms: np.random.Generator) -> Floats:
    """Return a threefold rise or fall of one to four days, in a fifth of the series."""
    result = np.zeros((shape.n_series, shape.n_buckets))
    for series in np.flatnonzero(randoms.random(shape.n_series) < 0.2):
        start = int(randoms.integers(0, shape.n_buckets))
        result[series, start : start + int(randoms.uniform(1, 4) * shape.per_day)] = randoms.choice([-1, 1]) * np.log(3)
    return result


def _presence(shape: Shape, randoms: np.random.Generator) -> Floats:
    """Return 0 where a series or the whole feed says nothing: gaps, pauses, and the time before a series begins."""
    result = np.ones((shape.n_series, shape.n_buckets))
    for series in range(shape.n_series):
        for start in randoms.integers(0, shape.n_buckets, randoms.poisson(shape.days / 10)):
            result[series, start : start + int(randoms.uniform(1, 8) * shape.per_day / 24)] = 0
    for start in randoms.integers(0, shape.n_buckets, randoms.poisson(shape.days / 15)):
        result[:, start : start + int(randoms.uniform(1, 6) * shape.per_day / 24)] = 0
    for series in np.flatnonzero(randoms.random(shape.n_series) < 0.1):
        result[series, : int(randoms.uniform(0.1, 0.7) * shape.n_buckets)] = 0
    return result
