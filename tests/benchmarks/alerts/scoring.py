"""Hold incidents against what was planted and say how sure the figures are; running detectors is left to `simulate`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from detectors import Incident
from scipy import stats
from streams import Planted, Stream

PROMPT = 2
"""Buckets within which a turn should be found."""

LEAST_RECORDS = 30
"""Records a bucket from which the reach is promised."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One planted turn and when it was found: `delay` in buckets from its start to the incident's opening, None if never."""

    planted: Planted
    minutes: int
    delay: int | None

    @property
    def lasts(self) -> int:
        """Return its length in minutes."""
        return (self.planted.end - self.planted.start) * self.minutes


@dataclass(slots=True)
class Tally:
    """Sums over streams; an incident is false if its time overlaps no planted turn of its series (two buckets of grace)."""

    outcomes: list[Outcome] = field(default_factory=list)
    n_true: int = 0
    n_false: int = 0
    series_days: float = 0.0
    false_by_stream: list[int] = field(default_factory=list)

    def add(self, stream: Stream, incidents: Sequence[Incident]) -> None:
        """Count one stream."""
        left = set(incidents)
        for planted in stream.planted:
            own = [one for one in incidents if one.series == planted.series and _overlaps(one, planted)]
            left -= set(own)
            delays = [one.opened_at - planted.start for one in own]
            delay = max(min(delays), 0) if delays else None
            self.outcomes.append(Outcome(planted, stream.shape.minutes, delay))
        self.n_true += len(incidents) - len(left)
        self.n_false += len(left)
        self.false_by_stream.append(len(left))
        self.series_days += stream.series_days

    def chosen(self, *, size: int | None = None, minutes: int | None = None) -> list[Outcome]:
        """Return the planted turns with enough records, of one size and length."""
        return [
            one
            for one in self.outcomes
            if one.planted.n_start >= LEAST_RECORDS and size in {None, one.planted.size} and minutes in {None, one.lasts}
        ]


def _overlaps(incident: Incident, planted: Planted) -> bool:
    opened_during = planted.start < incident.opened_at <= planted.end + PROMPT
    return opened_during or incident.opened_at <= planted.start < incident.resolved_at


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its 95% interval and what it rests on."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] of {self.n}"


def share_of(hits: Iterable[bool]) -> Figure:
    """Return a share with Wilson's interval."""
    told = list(hits)
    if not told:
        return Figure(float("nan"), 0.0, 1.0, 0)
    interval = stats.binomtest(sum(told), len(told)).proportion_ci(method="wilson")
    return Figure(sum(told) / len(told), interval.low, interval.high, len(told))


def recall(outcomes: Sequence[Outcome], *, within: int | None = PROMPT) -> Figure:
    """Return the share of planted turns found, `within` so many buckets or at all."""
    return share_of(one.delay is not None and (within is None or one.delay <= within) for one in outcomes)


def precision(tally: Tally) -> Figure:
    """Return the share of incidents about something planted."""
    return share_of([True] * tally.n_true + [False] * tally.n_false)


def false_rate(tally: Tally) -> Figure:
    """Return false incidents in 1,000 series-days, with the exact Poisson interval; `n` are the series-days."""
    per = 1000 / max(tally.series_days, 1e-9)
    low = stats.chi2.ppf(0.025, 2 * tally.n_false) / 2 if tally.n_false else 0.0
    high = stats.chi2.ppf(0.975, 2 * tally.n_false + 2) / 2
    return Figure(tally.n_false * per, float(low) * per, float(high) * per, round(tally.series_days))


def median_delay(outcomes: Sequence[Outcome]) -> float:
    """Return the median minutes from a turn's start to its opening, of those found."""
    delays = [one.delay * one.minutes for one in outcomes if one.delay is not None]
    return float(np.median(delays)) if delays else float("nan")
