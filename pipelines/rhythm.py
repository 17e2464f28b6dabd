"""How buckets lie in hours, days and weeks; what follows from it is left to `levels` and `baselines`.

Cells, quarters and days are whole numbers of buckets. Where those do not fit, as with seven minutes, they are as near as can be:
what is cut into days then moves along the clock, while hours and weekdays are always told by the clock itself.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]
HOURS, DAYS = 24, 7


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Buckets numbered from the epoch on, `per_day` of them a day."""

    per_day: float

    @property
    def hour(self) -> int:
        """Buckets in a cell of about an hour, at least one."""
        return max(1, round(self.per_day / HOURS))

    @property
    def cells_a_quarter(self) -> int:
        """Cells in about a quarter of a day, at least one."""
        return max(1, round(self.per_day / 4 / self.hour))

    @property
    def quarters_a_day(self) -> int:
        """Quarters in a day: four, unless buckets are so long that fewer fit better."""
        return max(1, round(self.per_day / self.hour / self.cells_a_quarter))

    @property
    def quarter(self) -> int:
        """Buckets in about a quarter of a day."""
        return self.hour * self.cells_a_quarter

    @property
    def day(self) -> int:
        """Buckets in about a day, exactly so where whole cells fill it."""
        return self.quarter * self.quarters_a_day

    def is_hour(self, bucket: Integers, *, width: int = 1) -> Floats:
        """Return one where the midst of `width` buckets lies in an hour of the day: (24, buckets)."""
        return _is((bucket + width / 2) / self.per_day % 1.0 * HOURS, HOURS)

    def is_day(self, bucket: Integers, *, width: int = 1) -> Floats:
        """Return one where the midst of `width` buckets lies in a day of the week: (7, buckets)."""
        return _is((bucket + width / 2) / self.per_day % DAYS, DAYS)

    def between_hours(self, bucket: Integers) -> Floats:
        """Return how far each bucket belongs to the hours beside it, from midst to midst: (24, buckets); long ones to one."""
        if self.per_day < HOURS:
            return self.is_hour(bucket)
        hour = (bucket + 0.5) / self.per_day % 1.0 * HOURS - 0.5
        after = hour - np.floor(hour)
        return np.asarray(_is(np.floor(hour) % HOURS, HOURS) * (1 - after) + _is((np.floor(hour) + 1) % HOURS, HOURS) * after)


@lru_cache(maxsize=16)
def shapes(rhythm: Rhythm, start: int, end: int, width: int) -> tuple[Floats, Floats]:
    """Return how far each `width` buckets from `start` up to `end` belong to the hours, (24, cells), and to the days, (7, cells)."""
    bucket = np.arange(start, end, dtype=np.int64)
    hour, day = (one.reshape(len(one), -1, width).mean(axis=2) for one in (rhythm.between_hours(bucket), rhythm.is_day(bucket)))
    return hour, day


def _is(number: Floats, n: int) -> Floats:
    return np.asarray(np.floor(number)[None, :] == np.arange(n)[:, None], dtype=np.float64)
