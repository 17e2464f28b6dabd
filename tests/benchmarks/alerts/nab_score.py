"""Score detections as the Numenta Anomaly Benchmark does (standard profile), after its published formula; detecting is left to `nab`.

A window counts once, by its earliest detection, more the earlier in the window; a window without any costs 1; every detection
outside windows costs up to 0.11, less just after a window. The first 15% of a file (at most 750 rows) are probation. The sum is
scaled so that no detections at all are 0 and every window at its left edge, with nothing else, is 100 (Lavin and Ahmad,
arXiv 1510.03336).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp

FALSE, MISSED = 0.11, 1.0
PROBATION, MOST_PROBATION = 0.15, 5000

Windows = Sequence[tuple[int, int]]
"""First and last row of each labelled window."""


@dataclass(frozen=True, slots=True)
class Score:
    """Raw points of one file or of several together, and how many windows they hold."""

    points: float
    n_windows: int

    def __add__(self, other: "Score") -> "Score":
        return Score(self.points + other.points, self.n_windows + other.n_windows)

    @property
    def normalised(self) -> float:
        """Return it between 0 (nothing detected) and 100 (everything, at once)."""
        return 100 * (self.points + MISSED * self.n_windows) / ((1 + MISSED) * self.n_windows)


def score(detections: Iterable[int], *, windows: Windows, n_rows: int) -> Score:
    """Score the rows detected in one file."""
    since = probation(n_rows)
    rows = sorted({row for row in detections if row >= since})
    counted = [window for window in windows if window[1] >= since]
    points = sum(_best(rows, window=window) for window in counted)
    outside = [row for row in rows if not any(first <= row <= last for first, last in windows)]
    return Score(points + sum(FALSE * _worth(_past(row, windows=windows)) for row in outside), len(counted))


def probation(n_rows: int) -> int:
    """Return how many rows at the start are not scored."""
    return int(PROBATION * min(n_rows, MOST_PROBATION))


def _best(rows: Sequence[int], *, window: tuple[int, int]) -> float:
    first, last = window
    width = last - first + 1
    inside = [_worth(-(last - row + 1) / width) / _worth(-1.0) for row in rows if first <= row <= last]
    return max(inside, default=-MISSED)


def _past(row: int, *, windows: Windows) -> float:
    """Return how far a row lies behind the last window before it, in widths of that window."""
    before = [window for window in windows if window[1] < row]
    if not before:
        return 3.0
    first, last = before[-1]
    return (row - last) / (last - first)


def _worth(position: float) -> float:
    """Return the worth of a detection by its place: -1 is a window's left edge, 0 its right edge, above 0 behind it."""
    return -1.0 if position >= 3.0 else 2 / (1 + exp(5 * position)) - 1
