"""A world that the detector does not assume: clusters of records that share one sentiment, heavy tails, office hours, polled feeds.

It shares no code with `calm` but the usual volumes and shares, so that a detector tuned on one is tested by the other.
"""

import numpy as np
from scipy.signal import lfilter
from scipy.special import expit, logit
from shapes import Floats, Integers, Randoms, Shape, usual_shares, usual_volumes

CLUSTERS = ((1, 0.70), (2, 0.12), (4, 0.08), (8, 0.06), (16, 0.04))
"""Records of one sentiment that come together (an item and its repetitions), and the part of all records that come so."""


def expect(shape: Shape, randoms: Randoms) -> tuple[Floats, Floats]:
    """Return the records and the share of negatives to expect: (series, buckets) each."""
    return _volumes(shape, randoms), _shares(shape, randoms)


def draw(volume: Floats, share: Floats, randoms: Randoms) -> tuple[Integers, Integers]:
    """Draw clusters; none is larger than a quarter of what a bucket usually holds."""
    n, n_negative = np.zeros(volume.shape, dtype=np.int64), np.zeros(volume.shape, dtype=np.int64)
    most = np.maximum(np.median(volume, axis=1, keepdims=True) // 4, 1).astype(np.int64)
    for records, part in CLUSTERS:
        held = np.minimum(records, most)
        clusters = randoms.poisson(volume * part / held)
        n += clusters * held
        n_negative += randoms.binomial(clusters, share) * held
    return n, n_negative


def _volumes(shape: Shape, randoms: Randoms) -> Floats:
    opens, lasts = shape.each(randoms, 5, 10), shape.each(randoms, 8, 12)
    office = np.where((shape.hour() >= opens) & (shape.hour() < opens + lasts), 1.0, shape.each(randoms, 0.3, 0.9))
    weekday = randoms.lognormal(0, 0.2, (shape.n_series, 7))[:, shape.day() % 7]
    unrest = lfilter([1.0], [1.0, -0.8], randoms.standard_t(3, shape.size) * 0.12, axis=1)
    volume = usual_volumes(shape, randoms) * office * weekday * np.exp(np.clip(unrest, -2.5, 2.5))
    if shape.eventful:
        hits = randoms.random(shape.size) < 0.3 / shape.per_day
        bursts = np.where(hits, np.minimum(randoms.pareto(1.5, shape.size) * 3, 30), 0.0)
        volume *= 1 + lfilter([1.0], [1.0, -0.7], bursts, axis=1)
    return _polled(volume, randoms)


def _polled(volume: Floats, randoms: Randoms) -> Floats:
    """Let three feeds in ten miss a bucket in thirty-three and bring its records with the next."""
    skipped = randoms.random(volume.shape) < np.where(randoms.random((len(volume), 1)) < 0.3, 0.03, 0.0)
    caught_up = np.pad(np.where(skipped, volume, 0.0), ((0, 0), (1, 0)))[:, :-1]
    return np.where(skipped, 0.0, volume + caught_up)


def _shares(shape: Shape, randoms: Randoms) -> Floats:
    """Return shares whose logit is an AR(1) that forgets within one to forty-eight hours, by series."""
    keep = np.exp(-1 / shape.per_hour / np.exp(randoms.uniform(np.log(1), np.log(48), shape.n_series)))
    noise = randoms.normal(0, 1, shape.size) * np.sqrt(1 - keep**2)[:, None]
    unrest = np.stack([lfilter([1.0], [1.0, -one], row) for one, row in zip(keep, noise, strict=True)])
    return np.asarray(expit(logit(usual_shares(shape, randoms)) + shape.each(randoms, 0.05, 0.25) * unrest))
