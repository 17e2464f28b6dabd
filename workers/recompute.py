"""Recompute what a part of an incident was judged by, from the records themselves; how it is shown is left to `workers.cli`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from db import evidence, rollups, rules
from db.evidence import Series
from db.parts import Part
from db.rollups import BucketRow
from workers.alert_settings import Rule
from workers.clock import Clock, detector_rule
from workers.errors import NotFound
from workers.sentence import label
from workers.settings import settings
from workers.turns import LEAST_P

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FIGURES = ("n", "n_negative", "observed", "expected", "p_value")

COUNTS = ("n", "n_negative")

CLOSE = 1e-3
"""Relative difference that rounding explains: figures are stored in single precision, and probabilities far out magnify it."""

CLOSE_P = 0.05
"""The same of the logarithm of a probability."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as it was stored and as the records make it now; None where that can't be told."""

    name: str
    stored: float
    recomputed: float | None

    @property
    def agrees(self) -> bool:
        """Tell whether they differ by no more than rounding."""
        if self.recomputed is None:
            return False
        if self.name == "p_value":
            return abs(math.log(max(self.stored, LEAST_P)) - math.log(max(self.recomputed, LEAST_P))) <= CLOSE_P
        return math.isclose(self.stored, self.recomputed, rel_tol=CLOSE, abs_tol=CLOSE)

    def shown(self) -> dict[str, float | None]:
        """Return both as they are shown: counts are whole."""
        counted = self.name in COUNTS
        return {
            name: int(value) if counted and value is not None else value
            for name, value in (("stored", self.stored), ("recomputed", self.recomputed))
        }


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A part's figures, stored and recomputed, and what explains a difference."""

    label: str
    rule: str
    window_from: datetime
    peak_at: datetime
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Tell whether every figure agrees."""
        return all(one.agrees for one in self.figures)


def recompute(session: "Session", part: Part, *, source: str, stored_at: datetime) -> Recomputed:
    """Count a part's window and its past from records and their newest analyses, and judge it anew.

    Rollups and stored baselines are not used, except to tell what is missing; `stored_at` is when its figures were stored, by the
    wall clock. Raise NotFound where nobody knows the rule any more.
    """
    clock, series = Clock(settings().rollups.bucket), Series(part.source_id, part.dimension, part.key)
    named = Recomputed(label(part.dimension, part.key) or source, part.rule, part.window_from, part.peak_at, (), ())
    if part.metric == "silence":  # it begins with the newest record there was
        since = part.window_from + timedelta(microseconds=1)
        rows = evidence.count_buckets(session, series, since=since, until=part.peak_at, bucket=clock.bucket)
        return replace(named, figures=(Figure("n", part.n, sum(one.n for one in rows)),))
    rule = _rule(session, part)
    since = _past_from(rule, clock=clock, part=part)
    rows = evidence.count_buckets(session, series, since=since, until=part.peak_at, bucket=clock.bucket)
    judged = _judged(rows, rule=rule, clock=clock, part=part)
    figures = tuple(Figure(name, getattr(part, name), judged.get(name)) for name in FIGURES)
    found = replace(named, figures=figures)
    if found.agrees:
        return found
    return replace(found, notes=_notes(session, part, rows=rows, since=since, stored_at=stored_at))


def _judged(rows: Sequence[BucketRow], *, rule: Rule, clock: Clock, part: Part) -> dict[str, float]:
    """Return the figures of the part's window, judged by a baseline fitted to what lies before it; none if it is no window of the rule."""
    import numpy as np

    from pipelines.counts import Counts
    from pipelines.spikes import fit_at, grid_point
    from pipelines.windows import followed_windows

    columns: dict[str, Any] = {
        "bucket": [clock.number(one.bucket_at) for one in rows],
        "n": [one.n for one in rows],
        "n_negative": [one.n_negative for one in rows],
    }
    counts = Counts.of(n_series=1, series=np.zeros(len(rows), dtype=np.int64), **columns)
    detector, at = detector_rule(rule, clock=clock), clock.number(part.peak_at)
    grid = grid_point(at, detector)
    base = fit_at(counts, rule=detector, grid=grid)
    windows, _ = followed_windows(counts, rule=detector, base=base, grid=grid, series=0, ends=np.array([at]), opened_at=at)
    mine = np.flatnonzero(windows.start == clock.number(part.window_from))
    if not len(mine) or not _is_aligned(part, clock=clock):
        return {}
    return {name: float(getattr(windows, name)[mine[0]]) for name in FIGURES}


def _is_aligned(part: Part, *, clock: Clock) -> bool:
    return all(clock.time(clock.number(at)) == at for at in (part.window_from, part.peak_at))


def _rule(session: "Session", part: Part) -> Rule:
    versions = [one for one in rules.read_versions(session, part.rule_hash) if one.name == part.rule]
    if not versions:
        raise NotFound(f"rule {part.rule} as it was then ({part.rule_hash}) is not stored any more: its figures can't be recomputed")
    return Rule.model_validate(versions[0].settings)


def _past_from(rule: Rule, *, clock: Clock, part: Part) -> datetime:
    """Return since when the fit that judges the part's peak needs records."""
    from pipelines.spikes import grid_point, reaches_back

    detector = detector_rule(rule, clock=clock)
    return clock.time(reaches_back(detector, grid=grid_point(clock.number(part.peak_at), detector), is_fitted=False))


def _notes(session: "Session", part: Part, *, rows: Sequence[BucketRow], since: datetime, stored_at: datetime) -> tuple[str, ...]:
    """Say what may explain a difference: records that are gone, came since, or were judged anew; buckets of another width."""
    series = Series(part.source_id, part.dimension, part.key)
    counted = rollups.read_series(session, source_id=part.source_id, name=(part.dimension, part.key), since=since, until=part.peak_at)
    left = {one.bucket_at: one.n for one in rows}
    n_gone = sum(max(one.n - left.get(one.bucket_at, 0), 0) for one in counted)
    n_since = evidence.count_analysed(session, series, since=since, until=part.peak_at, after=stored_at)
    notes = []
    if n_gone:
        of = sum(one.n for one in counted)
        notes.append(f"{n_gone:,} of the {of:,} records since {since:%Y-%m-%d %H:%M} are gone: removed by retention, erased or superseded")
    if n_since:
        notes.append(f"{n_since:,} records came, or were analysed anew, since the figures were stored on {stored_at:%Y-%m-%d %H:%M}")
    if not _is_aligned(part, clock=Clock(settings().rollups.bucket)):
        notes.append("the window is not made of whole buckets: rollups.bucket was another then")
    return tuple(notes) or ("the records are all there: the detector, or its settings, changed since",)
