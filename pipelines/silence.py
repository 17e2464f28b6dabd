"""Say how unlikely it is that a feed brings nothing at all for a while; which feeds are asked about is left to `workers.silent`.

A silence is measured in records: those that the seasonal baseline lets one expect in it, so that a night's pause of a feed that
sleeps at night is short. How often a feed is silent for so long is read off its own past: its silences beyond a record or so
fall off exponentially, in a steady feed fast, in one that comes in bursts slowly. One outage teaches nothing: the longest
silence of the past is left out, once there are weeks enough to know the usual ones without it.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.baselines import NEVER, Past, fit
from pipelines.counts import Counts, Floats
from pipelines.rhythm import Rhythm

SHORT = 1.0
"""Records missing up to which a silence is nothing."""

HIGHER = 1.5
"""Times the mean of all days at that time that a weekday may have: the baseline's hours run into each other, a feed's may end sharply."""

WEEKS = 3
"""Weeks of past in which a weekly pause shows often enough for one long silence to be an outage."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How many records were to be `expected`, how many silences so long or longer a day has, and where the past began."""

    expected: float
    a_day: float
    baseline_from: int


def judge_silence(counts: Counts, *, start: int, end: int, season: int, baseline: int, rhythm: Rhythm) -> Silence | None:
    """Judge the empty buckets from `start` up to `end` of the one series in `counts`; None where its past is shorter than a week.

    `season` and `baseline` are the buckets that the shape of weeks and the height are learnt from; `counts` must reach back a
    season before `start`.
    """
    past = Past(at=start, season=season, baseline=baseline, windows=(1,), rhythm=rhythm)
    fitted = fit(counts, metric="volume", past=past)
    since = int(fitted.since[0])
    week = round(7 * rhythm.per_day)
    if since == NEVER or start - since < week or fitted.counts is None:
        return None
    n, _ = counts.dense(0, 1, start=since, end=start)
    rate = fitted.counts.expected(slice(None), start=since, end=end, rhythm=rhythm)[0]
    rate = np.minimum(rate, HIGHER * _usual_then(n[0], length=end - since, per_day=round(rhythm.per_day)))
    missing = float(rate[start - since :].sum())
    usual = _silences(rate[: start - since], is_empty=n[0] == 0)
    if start - since >= WEEKS * week:
        usual = np.sort(usual)[:-1]
    return Silence(missing, _a_day(missing, usual=usual, n_days=(start - since) / rhythm.per_day), since)


def _usual_then(n: Floats, *, length: int, per_day: int) -> Floats:
    """Return the mean of every bucket's time of day and of its neighbours', over all days, `length` buckets long."""
    days = np.resize(n, len(n) // per_day * per_day).reshape(-1, per_day).mean(axis=0)
    around = (np.roll(days, 1) + days + np.roll(days, -1)) / 3
    return np.resize(around, length)


def _silences(rate: Floats, *, is_empty: np.ndarray) -> Floats:
    """Return the records that each run of empty buckets lacked."""
    number = np.cumsum(~is_empty)[is_empty]
    return np.bincount(number, weights=rate[is_empty])[np.unique(number)] if len(number) else np.zeros(0)


def _a_day(missing: float, *, usual: Floats, n_days: float) -> float:
    """Return how many silences a day lack as many records, or how many were seen to, whichever is more."""
    beyond = usual[usual > SHORT] - SHORT
    scale = max(float(beyond.mean()) if len(beyond) else 0.0, SHORT)
    likely = (len(beyond) + 1) * np.exp(-max(missing - SHORT, 0.0) / scale)
    return float(max(likely, (usual >= missing).sum()) / n_days)
