"""Which topics and entities drive a change, by what they add to it beyond their usual part; the counts come from `db.evidence`.

Were a change nobody's in particular, each topic and entity would have the same part of the negatives as before. A driver has more:
its excess over that, less what chance allows (95%), is above zero. What it is told with is its contribution: its negatives now, less
its part of what was to be expected, hence topics add up to the whole change. The interval knows the chance of independent records.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from db.evidence import Series, Slice

N_DRIVERS, N_WEIGHED = 3, 12
"""Drivers told of each dimension, and of how many the strongest are looked at for being the same thing by two names."""

LEAST = 3
"""Fewer records drive nothing."""

Z_95 = 1.96

SAME = 0.8
"""Share of the records in common from which two names are one driver."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A topic or entity that adds to a change: `contribution` with its 95% interval, in shares of all records or in records.

    `excess` is what it adds beyond its usual part; `same_as` names entities that come with it.
    """

    dimension: str
    key: str
    contribution: float
    low: float
    high: float
    excess: float
    n: int
    n_negative: int
    n_before: int
    n_negative_before: int
    same_as: tuple[str, ...] = ()

    def told(self) -> dict[str, object]:
        """Return the driver as JSON, rounded."""
        rounded = {name: round(getattr(self, name), 4) for name in ("contribution", "low", "high", "excess")}
        return {**asdict(self), **rounded, "same_as": list(self.same_as)}


def find_drivers(slices: Sequence[Slice], *, metric: str, expected: float, series: Series) -> list[Driver]:
    """Return the topics, then the entities, that drive the change of `series`, strongest first; at most N_WEIGHED of each.

    `slices` hold the whole series first; `expected` is what the detector made likely, in the metric's own unit.
    """
    if not slices or not slices[0].n:
        return []
    whole, others = slices[0], [one for one in slices[1:] if (one.dimension, one.key) != (series.dimension, series.key)]
    found = [driver for one in others if (driver := _driver(one, whole=whole, metric=metric, expected=expected))]
    best: list[Driver] = []
    for dimension in ("topic", "entity"):
        same_kind = [one for one in found if one.dimension == dimension]
        best += sorted(same_kind, key=lambda one: (-one.excess, one.key))[:N_WEIGHED]
    return best


def merge_names(found: Sequence[Driver], *, together: Mapping[tuple[str, str], int]) -> list[Driver]:
    """Return the strongest topics and entities, those under several names once; `together` counts records that name two entities."""
    entities: list[Driver] = []
    for one in (one for one in found if one.dimension == "entity"):
        place = _first(entities, lambda other: _is_same(one.key, other.key, together=together))  # noqa: B023  # called at once
        if place is None:
            entities.append(one)
        else:
            entities[place] = replace(entities[place], same_as=(*entities[place].same_as, one.key))
    return [*[one for one in found if one.dimension == "topic"][:N_DRIVERS], *entities[:N_DRIVERS]]


def _driver(one: Slice, *, whole: Slice, metric: str, expected: float) -> Driver | None:
    """Return what a slice adds; None where chance may do as much."""
    volume = metric == "volume"
    now, before, total, total_before = (
        (one.n, one.n_before, whole.n, whole.n_before)
        if volume
        else (one.n_negative, one.n_negative_before, whole.n_negative, whole.n_negative_before)
    )
    unit = whole.n if metric == "share" else 1
    usual = before / total_before if total_before else 0.0
    spread = (before + 1) / (total_before + 2)
    chance = _counted(now, of=whole.n if metric == "share" else None)
    added, excess = now - usual * expected * unit, now - usual * total
    margin = Z_95 * math.sqrt(chance + (expected * unit) ** 2 * spread * (1 - spread) / (total_before + 2))
    of_excess = Z_95 * math.sqrt(_counted(now, of=total) + total**2 * spread * (1 - spread) / (total_before + 2))
    if now < LEAST or excess <= of_excess or added <= margin:
        return None
    shown = (added / unit, (added - margin) / unit, (added + margin) / unit, excess / unit)
    return Driver(one.dimension, one.key, *shown, one.n, one.n_negative, one.n_before, one.n_negative_before)


def _counted(n: int, *, of: int | None) -> float:
    """Return the variance of a count, of a fixed number of records or not; never quite zero."""
    return n + 1 if of is None else (n + 1) * (1 - (n + 1) / (of + 2))


def _is_same(one: str, other: str, *, together: Mapping[tuple[str, str], int]) -> bool:
    both = together.get((one, other), 0)
    either = together.get((one, one), 0) + together.get((other, other), 0) - both
    return both >= SAME * max(either, 1)


def _first(drivers: Sequence[Driver], fits: Callable[[Driver], bool]) -> int | None:
    return next((place for place, one in enumerate(drivers) if fits(one)), None)
