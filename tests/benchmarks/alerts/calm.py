"""A world much as the detector assumes it: gamma-Poisson volumes with days and weeks, beta-binomial shares that wander slowly.

Bursts common to a group, swings of days, gaps, pauses of the whole feed, and series that start from nothing come on top.
"""

import numpy as np
from scipy.signal import lfilter
from scipy.special import expit, logit
from shapes import Floats, Integers, Randoms, Shape, usual_shares, usual_volumes

ALIKE = 0.001, 0.01
"""Intra-class correlation of the records of a bucket, least and most; with 0.03 not even `ceiling` finds nineteen turns in twenty."""


def expect(shape: Shape, randoms: Randoms) -> tuple[Floats, Floats]:
    """Return the records and the share of negatives to expect: (series, buckets) each."""
    group = randoms.integers(0, max(1, shape.n_series // 10), shape.n_series)
    return _volumes(shape, group, randoms), _shares(shape, group, randoms)


def draw(volume: Floats, share: Floats, randoms: Randoms) -> tuple[Integers, Integers]:
    """Draw records and negatives, each series with an over-dispersion of its own."""
    spread = randoms.uniform(0.01, 0.2, (len(volume), 1))
    n = randoms.poisson(volume * randoms.gamma(1 / spread, spread, volume.shape))
    alike = 1 / randoms.uniform(*ALIKE, (len(volume), 1)) - 1
    return n, randoms.binomial(n, randoms.beta(share * alike, (1 - share) * alike))


def _volumes(shape: Shape, group: Integers, randoms: Randoms) -> Floats:
    since_noon = shape.hour() - randoms.uniform(11, 19, int(group.max()) + 1)[group][:, None] - shape.each(randoms, -2, 2)
    tide = shape.each(randoms, 0.2, 1.2) * np.cos(since_noon * (2 * np.pi / 24))
    tide += shape.each(randoms, 0, 0.3) * np.cos(since_noon * (4 * np.pi / 24))
    weekend = np.where(shape.day() % 7 >= 5, np.log(shape.each(randoms, 0.4, 1.1)), 0.0)
    wander = 0.15 * _common_drift(shape, group, randoms, hours=6) + 0.15 * _drift(shape.size, shape, randoms, hours=2)
    events = _bursts(shape, group, randoms) + _swings(shape, randoms) if shape.eventful else 0.0
    return usual_volumes(shape, randoms) * np.exp(tide + weekend + wander + events) * _presence(shape, randoms)


def _shares(shape: Shape, group: Integers, randoms: Randoms) -> Floats:
    season = shape.each(randoms, 0, 0.25) * np.cos((shape.hour() - shape.each(randoms, 0, 24)) * (2 * np.pi / 24))
    own = shape.each(randoms, 0.05, 0.2) * _drift(shape.size, shape, randoms, hours=6)
    common = 0.1 * _common_drift(shape, group, randoms, hours=12)
    return np.asarray(expit(logit(usual_shares(shape, randoms)) + season + own + common))


def _common_drift(shape: Shape, group: Integers, randoms: Randoms, *, hours: float) -> Floats:
    return _drift((int(group.max()) + 1, shape.size[1]), shape, randoms, hours=hours)[group]


def _drift(size: tuple[int, int], shape: Shape, randoms: Randoms, *, hours: float) -> Floats:
    """Return AR(1) noise of standard deviation 1 that forgets within `hours`."""
    keep = float(np.exp(-1 / shape.per_hour / hours))
    start = randoms.normal(0, 1, (size[0], 1)) * keep
    return np.asarray(lfilter([np.sqrt(1 - keep**2)], [1.0, -keep], randoms.normal(0, 1, size), axis=1, zi=start)[0])


def _bursts(shape: Shape, group: Integers, randoms: Randoms) -> Floats:
    """Return bursts (in logarithms): one in three days a group, of up to ten times, fading within hours, felt by most of the group."""
    result = np.zeros(shape.size)
    for one in range(int(group.max()) + 1):
        members = np.flatnonzero(group == one)
        for start in randoms.integers(0, shape.size[1], randoms.poisson(shape.days / 3)):
            touched = members[randoms.random(len(members)) < 0.6]
            height = np.minimum(1 + randoms.pareto(2.5), 10) * randoms.uniform(0.5, 1.5, (len(touched), 1))
            fading = 0.5 ** (np.arange(shape.size[1] - start) * shape.minutes / randoms.uniform(15, 120))
            result[touched, start:] += np.log1p(height * fading)
    return result


def _swings(shape: Shape, randoms: Randoms) -> Floats:
    """Return (in logarithms) a threefold rise or fall of one to four days, in a fifth of the series."""
    result = np.zeros(shape.size)
    for series in np.flatnonzero(randoms.random(shape.n_series) < 0.2):
        start = int(randoms.integers(0, shape.size[1]))
        result[series, start : start + int(randoms.uniform(1, 4) * shape.per_day)] = randoms.choice([-1, 1]) * np.log(3)
    return result


def _presence(shape: Shape, randoms: Randoms) -> Floats:
    """Return 0 where a series or the whole feed says nothing: gaps, pauses, and the time before a series begins."""
    result = np.ones(shape.size)
    for series in range(shape.n_series):
        for start in randoms.integers(0, shape.size[1], randoms.poisson(shape.days / 10)):
            result[series, start : start + int(randoms.uniform(1, 8) * shape.per_hour)] = 0
    for start in randoms.integers(0, shape.size[1], randoms.poisson(shape.days / 15)):
        result[:, start : start + int(randoms.uniform(1, 6) * shape.per_hour)] = 0
    for late in np.flatnonzero(randoms.random(shape.n_series) < 0.1):
        result[late, : int(randoms.uniform(0.1, 0.7) * shape.size[1])] = 0
    return result
