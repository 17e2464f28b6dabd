"""A world without moods: volumes as in `calm`, bursts, swings and pauses included, and a share that changes only when it turns."""

import calm
import numpy as np
from shapes import Floats, Integers, Randoms, Shape, usual_shares

ALIKE = 0.003
"""Intra-class correlation of a bucket's records."""


def expect(shape: Shape, randoms: Randoms) -> tuple[Floats, Floats]:
    """Return the records and the share of negatives to expect: (series, buckets) each."""
    volume, _ = calm.expect(shape, randoms)
    return volume, np.broadcast_to(usual_shares(shape, randoms), shape.size).copy()


def draw(volume: Floats, share: Floats, randoms: Randoms) -> tuple[Integers, Integers]:
    """Draw over-dispersed volumes, and beta-binomial negatives."""
    n = randoms.poisson(volume * randoms.gamma(10, 0.1, volume.shape))
    return n, randoms.binomial(n, randoms.beta(share * (1 / ALIKE - 1), (1 - share) * (1 / ALIKE - 1)))
