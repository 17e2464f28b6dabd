"""What the simulated worlds are told: how large a stream is, how busy its series are, what the clock says; the rest is theirs."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Randoms = np.random.Generator
World = Literal["calm", "rough", "steady"]
Plant = Literal["none", "share", "volume"]


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
        """Buckets in a day."""
        return 1440 // self.minutes

    @property
    def per_hour(self) -> float:
        """Buckets in an hour."""
        return 60 / self.minutes

    @property
    def size(self) -> tuple[int, int]:
        """Series and buckets."""
        return self.n_series, self.days * self.per_day

    def each(self, randoms: Randoms, low: float, high: float) -> Floats:
        """Draw a number a series, as a column."""
        return randoms.uniform(low, high, (self.n_series, 1))

    def hour(self) -> Floats:
        """Return the hour of the day of every bucket."""
        return np.arange(self.size[1]) * self.minutes % 1440 / 60

    def day(self) -> Integers:
        """Return the day of every bucket, a Monday first."""
        return np.arange(self.size[1]) // self.per_day


def usual_volumes(shape: Shape, randoms: Randoms) -> Floats:
    """Return records a bucket: half of the series have 30 to 300, the rest anything from one in many hours up."""
    large = np.exp(shape.each(randoms, np.log(30), np.log(300)))
    small = np.exp(shape.each(randoms, np.log(0.02), np.log(30)))
    return np.where(randoms.random((shape.n_series, 1)) < 0.5, large, small)


def usual_shares(shape: Shape, randoms: Randoms) -> Floats:
    """Return shares of negatives; where they will be multiplied they are near a fifth, so that five times is still a share."""
    return shape.each(randoms, 0.15, 0.22) if shape.plant == "share" else shape.each(randoms, 0.05, 0.4)
