"""How high a series stands and the shape of its days and weeks, fitted robustly; how far it strays is left to `straying`.

The past comes in cells of about an hour, (series, cells), oldest first. Blocks of a quarter of a day that are far from others
of that weekday and quarter count up to a bound, or not at all (a share, or the pause of a feed), so that one turn hides no
other. The shape comes from the whole past, the height from its `recent` cells: what fills half of those is their median,
hence the new normal.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.rhythm import DAYS, HOURS, Rhythm, shapes

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHARE_FLOOR = 0.02
"""Least expected share of negatives: below it one record in fifty would look like a turn."""

PRIOR_SHARE, PRIOR_RECORDS = 0.2, 10.0
"""The share believed before anything was seen, and the weight of that belief in records."""

SHAPE_COUNTS, SHAPE_RECORDS = 10.0, 200.0
"""What draws an hour, or a day of the week, towards no shape at all: counts for counts, records for shares."""

RECENT_COUNTS, RECENT_RECORDS = 10.0, 50.0
"""What draws the recent height towards that of the whole past, likewise."""

BOUND = 4.0
"""Robust standard deviations that a block may be off."""

SPREAD_OF_MEDIAN = 1.4826
"""Standard deviations in a median absolute deviation, if errors are normal."""

ROOT = 0.375
"""What makes the root of a count nearly normal, with a deviation of a half, once added (Anscombe)."""

LEAST_WEEKS = 2
"""Weeks of season from which weekdays differ at all, half as much as they seem to; medians of a weekday take one more."""

STEADY, LEAST_STEADY = 20.0, 5
"""Records in a block from which its own share says something, and blocks of that size from which their median does."""


@dataclass(frozen=True, slots=True)
class Level:
    """Every series (row): `height` a bucket (counts) or a record (shares), times `hours` (24) and `days` (7).

    How far the series strays has a column a length of window. The variance of a window is that of a Poisson (or binomial) count
    times the larger of 1 + `clump` + `slope` m and 1 + `spread` m, with m the expected count (or the records but one): stories that
    are retold come in clumps, in large and small windows alike, while moods and bursts weigh the more the more there is. Which of
    the two a series has can't be told beyond the sizes it has shown, so there the worse is believed.
    """

    height: Floats
    hours: Floats
    days: Floats
    clump: Floats
    slope: Floats
    spread: Floats

    def stray(self, rows: slice | Integers, column: int, size: Floats) -> Floats:
        """Return how many times a plain count's the variance of windows is; `size` is m, (series, ends) or one a row."""
        clump, slope, spread = (one[rows, column].reshape(-1, *[1] * (size.ndim - 1)) for one in (self.clump, self.slope, self.spread))
        return np.asarray(1 + np.maximum(clump + slope * size, spread * size), dtype=np.float64)

    def expected(self, rows: slice | Integers, *, start: int, end: int, rhythm: Rhythm, width: int = 1) -> Floats:
        """Return what is expected of a bucket (or of a record in it), on average over each `width` from `start` up to `end`."""
        hour, day = shapes(rhythm, start, end, width)
        shape = self.hours[rows] @ hour
        shape *= self.days[rows] @ day
        shape *= self.height[rows, None]
        return np.asarray(shape, dtype=np.float64)


def fit_counts(x: Floats, *, known: Flags, start: int, recent: int, rhythm: Rhythm) -> tuple[Level, Flags]:
    """Fit counts of cells; `known` marks the cells that were watched, `start` is the bucket at which they begin.

    Also return the cells that are like the rest: not those of blocks far off.
    """
    usual = _usual_blocks(x, known=known, rhythm=rhythm)
    bounded, kept, alike = _bounded(x, usual=usual, known=known, rhythm=rhythm)
    shape = _shape(bounded, kept * 1.0, start=start, rhythm=rhythm, weight=SHAPE_COUNTS)
    expected = of_cells(shape, x.shape[1], start=start, rhythm=rhythm) * rhythm.hour
    level = replace(shape, height=shape.height * _over(bounded, expected * kept, weight=1e-9))
    late = slice(x.shape[1] - recent, None)
    ratio, alike[:, late] = _recent_counts(x[:, late], expected=expected[:, late], known=known[:, late], rhythm=rhythm)
    return replace(level, height=level.height * ratio), alike


def fit_shares(n: Floats, negative: Floats, *, start: int, recent: int, rhythm: Rhythm) -> tuple[Level, Flags]:
    """Fit shares of negatives in cells; a cell without records weighs nothing. Also return the cells that are like the rest."""
    whole = np.ones_like(n)
    kept = _kept_shares(n, negative, share=whole, rhythm=rhythm)
    shape = _shape(negative * kept, n * kept, start=start, rhythm=rhythm, weight=SHAPE_RECORDS, is_share=True)
    flat = replace(shape, height=np.ones(len(n)))
    bent = of_cells(flat, n.shape[1], start=start, rhythm=rhythm)
    total, exposure = (negative * kept).sum(axis=1), (n * bent * kept).sum(axis=1)
    height = (total + PRIOR_SHARE * PRIOR_RECORDS) / (exposure + PRIOR_RECORDS)
    late = slice(n.shape[1] - recent, None)
    share = height[:, None] * bent[:, late]
    kept[:, late] = _kept_shares(n[:, late], negative[:, late], share=share, rhythm=rhythm)
    weight = RECENT_RECORDS * height
    ratio = ((negative * kept)[:, late].sum(axis=1) + weight) / (((n * kept)[:, late] * share).sum(axis=1) + weight)
    return replace(shape, height=np.clip(height * ratio, SHARE_FLOOR, 1 - SHARE_FLOOR)), kept


def _shape(x: Floats, exposure: Floats, *, start: int, rhythm: Rhythm, weight: float, is_share: bool = False) -> Level:
    """Fit hours and days that multiply the height, in turns; both are about one on average, the height makes up for the rest."""
    cells = start + np.arange(x.shape[1], dtype=np.int64) * rhythm.hour
    hour, day = rhythm.is_hour(cells, width=rhythm.hour), rhythm.is_day(cells, width=rhythm.hour)
    height = _over(x, exposure, weight=1e-9) + 1e-12
    pull = weight * height[:, None] if is_share else np.full((len(x), 1), weight)
    hours: Floats = np.ones((len(x), HOURS))
    days: Floats = np.ones((len(x), DAYS))
    n_weeks = x.shape[1] * rhythm.hour / rhythm.per_day / DAYS
    trust = 1.0 - 1.0 / n_weeks if n_weeks >= LEAST_WEEKS else 0.0
    for _ in range(2):
        expected = height[:, None] * exposure
        hours = _evened((x @ hour.T + pull) / ((expected * (days @ day)) @ hour.T + pull), rhythm=rhythm)
        days = 1.0 + trust * ((x @ day.T + pull) / ((expected * (hours @ hour)) @ day.T + pull) - 1.0)
    nothing = np.empty((len(x), 0))
    return Level(height if is_share else height / rhythm.hour, hours, days, nothing, nothing, nothing)


def of_cells(level: Level, n_cells: int, *, start: int, rhythm: Rhythm) -> Floats:
    """Return what is expected of a bucket (or of a record) in each cell."""
    return level.expected(slice(None), start=start, end=start + n_cells * rhythm.hour, rhythm=rhythm, width=rhythm.hour)


def _usual_blocks(x: Floats, *, known: Flags, rhythm: Rhythm) -> Floats:
    """Return the median count of each quarter of a day among those of its weekday, or of all days where weekdays are too few."""
    blocks = np.where(_whole(known, rhythm.cells_a_quarter), _blocks(x, rhythm.cells_a_quarter), np.nan)
    per_day = rhythm.quarters_a_day
    days = blocks.reshape(len(x), blocks.shape[1] // per_day, per_day)
    usual = np.repeat(_median(days, axis=1)[:, None], days.shape[1], axis=1)
    if days.shape[1] >= (LEAST_WEEKS + 1) * DAYS:
        for first in range(DAYS):
            same = days[:, first::DAYS]
            enough = (~np.isnan(same)).sum(axis=1) > LEAST_WEEKS
            usual[:, first::DAYS] = np.where(enough, _median(same, axis=1), usual[:, first])[:, None]
    return np.nan_to_num(usual.reshape(blocks.shape))


def _bounded(x: Floats, *, usual: Floats, known: Flags, rhythm: Rhythm) -> tuple[Floats, Flags, Flags]:
    """Return the cells with high blocks cut down to their bound, which to keep (not a pause), and which needed no cutting.

    After quarters of a day whole days are looked at: few records stand out only over many hours.
    """
    kept, each = known, np.ones_like(x)
    for width in (1, rhythm.quarters_a_day):
        cells = rhythm.cells_a_quarter * width
        blocks, whole, root = _blocks(x * each, cells), _whole(known, cells), np.sqrt(_blocks(usual, width) + ROOT)
        off = np.where(whole, 2 * (np.sqrt(blocks + ROOT) - root), np.nan)
        scale = np.maximum(SPREAD_OF_MEDIAN * np.nan_to_num(_median(np.abs(off), axis=1)), 1.0)[:, None]
        most = (root + BOUND / 2 * scale) ** 2 - ROOT
        kept = kept & np.repeat(~(off < -BOUND * scale), cells, axis=1)
        each = each * np.repeat(np.minimum(1.0, most / np.maximum(blocks, 1e-9)), cells, axis=1)
    return x * each * kept, kept, kept & (each >= 1)


def _recent_counts(x: Floats, *, expected: Floats, known: Flags, rhythm: Rhythm) -> tuple[Floats, Flags]:
    """Return how high a series stands now, over the height of its whole past, and which cells are like the rest."""
    day = rhythm.cells_a_quarter * rhythm.quarters_a_day
    told = np.where(_blocks(known * 1.0, day) >= day, 1.0, np.nan)
    ratio = np.nan_to_num(_median(_blocks(x, day) / np.maximum(_blocks(expected, day), 1e-9) * told, axis=1), nan=1.0)
    usual = _blocks(expected, rhythm.cells_a_quarter) * ratio[:, None]
    bounded, kept, alike = _bounded(x, usual=usual, known=known, rhythm=rhythm)
    return _over(bounded, expected * kept, weight=RECENT_COUNTS), alike


def _kept_shares(n: Floats, negative: Floats, *, share: Floats, rhythm: Rhythm) -> Flags:
    """Return the cells to keep: not those of blocks whose share is far off; `share` is what was believed so far, up to a factor."""
    kept = np.ones(n.shape, dtype=np.bool_)
    for cells in (rhythm.cells_a_quarter, rhythm.cells_a_quarter * rhythm.quarters_a_day):
        total, told, bent = (_blocks(one * kept, cells) for one in (n, negative, n * share))
        ratio = told / np.maximum(bent, 1e-9)
        steady = _median(np.where(total >= STEADY, ratio, np.nan), axis=1)
        pooled = (told.sum(axis=1) + 1e-9) / (bent.sum(axis=1) + 1e-9)
        many = (total >= STEADY).sum(axis=1) >= LEAST_STEADY
        usual = np.clip(bent / np.maximum(total, 1e-9) * np.where(many, steady, pooled)[:, None], SHARE_FLOOR, 1 - SHARE_FLOOR)
        off = np.where(total > 0, (told - total * usual) / np.sqrt(np.maximum(total, 1) * usual * (1 - usual)), np.nan)
        scale = np.maximum(SPREAD_OF_MEDIAN * np.nan_to_num(_median(np.abs(off), axis=1)), 1.0)[:, None]
        kept &= np.repeat(~(np.abs(off) > BOUND * scale), cells, axis=1)
    return kept


def _blocks(x: Floats, width: int) -> Floats:
    # Four times as fast as a sum over so short an axis and, unlike a product with ones, the same whatever rows stand beside it.
    return np.asarray(np.einsum("ijk->ij", x.reshape(len(x), x.shape[1] // width, width)))


def _whole(known: Flags, cells: int) -> Flags:
    return np.asarray(known.reshape(len(known), known.shape[1] // cells, cells).all(axis=2))


def _over(x: Floats, exposure: Floats, *, weight: float) -> Floats:
    return np.asarray((x.sum(axis=1) + weight) / (exposure.sum(axis=1) + weight), dtype=np.float64)


def _evened(hours: Floats, *, rhythm: Rhythm) -> Floats:
    """Smooth over neighbouring hours, where buckets are no longer than one."""
    if rhythm.per_day < HOURS:
        return hours
    smooth = hours / 2 + (np.roll(hours, 1, axis=1) + np.roll(hours, -1, axis=1)) / 4
    return np.asarray(smooth / smooth.mean(axis=1, keepdims=True), dtype=np.float64)


def _median(x: Floats, *, axis: int) -> Floats:
    """Return the median of what is not NaN; NaN where all is."""
    ordered = np.sort(x, axis=axis)  # NaN last
    n = (~np.isnan(x)).sum(axis=axis, keepdims=True)
    low, high = np.maximum(n - 1, 0) // 2, np.maximum(n, 1) // 2
    middle = np.take_along_axis(ordered, low, axis=axis) + np.take_along_axis(ordered, high, axis=axis)
    return np.asarray(np.squeeze(middle / 2, axis=axis))
