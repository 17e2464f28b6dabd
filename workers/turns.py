"""Translate between stored rows, which know event times, and the detector, which knows numbered buckets; it judges and stores nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from db.parts import Part, PartView
from workers.alert_settings import Section
from workers.clock import Clock, detector_rule

if TYPE_CHECKING:
    from db.counted import Counted
    from pipelines.counts import Counts
    from pipelines.spikes import Turn

__all__ = ["Clock", "Name", "counts_of", "detector_rule", "fingerprint", "part_of", "rule_hash", "turn_of"]

Name = tuple[str, str]
"""Dimension and key of a series."""

LEAST_P = 1e-37
"""What a smaller p-value is stored as: the column holds single precision."""

_TIMES = ("at", "start", "baseline_from")
"""The figures of a verdict that are buckets."""


def counts_of(rows: "Counted", *, names: Sequence[Name]) -> "Counts":
    """Return the rows of the series in `names`, numbered as there."""
    import numpy as np

    from pipelines.counts import Counts

    position = {name: index for index, name in enumerate(names)}
    series = np.array([position.get(name, -1) for name in rows.names], dtype=np.int64)[rows.series]
    kept = series >= 0
    columns = {name: getattr(rows, name)[kept] for name in ("bucket", "n", "n_negative")}
    return Counts.of(n_series=len(names), series=series[kept], **columns)


def turn_of(part: PartView, *, position: Mapping[Name, int], clock: Clock) -> "Turn":
    """Return a stored part as the detector left it."""
    from pipelines.spikes import Turn, Verdict

    told: dict[str, Any] = {field.name: part.peak[field.name] for field in fields(Verdict)}
    told |= {name: clock.number(datetime.fromisoformat(told[name])) for name in _TIMES}
    return Turn(
        series=position[part.dimension, part.key],
        opened_at=clock.number(part.opened_at),
        peak=Verdict(**told),
        judged_at=clock.number(part.last_judged_at),
        resolved_at=clock.number(part.resolved_at) if part.resolved_at else None,
    )


def part_of(turn: "Turn", *, base: Mapping[str, Any], clock: Clock) -> Part:
    """Return what there is to store of a turn; `base` names the rule and the series."""
    peak = turn.peak
    times = {name: clock.time(min(getattr(peak, name), peak.at)) for name in _TIMES}
    return Part(
        **base,
        opened_at=clock.time(turn.opened_at),
        window_from=times["start"],
        peak_at=times["at"],
        last_judged_at=clock.time(turn.judged_at),
        resolved_at=clock.time(turn.resolved_at) if turn.resolved_at is not None else None,
        observed=peak.observed,
        expected=peak.expected,
        p_value=max(peak.p_value, LEAST_P),
        n=peak.n,
        n_negative=peak.n_negative,
        peak={**asdict(peak), **{name: time.isoformat() for name, time in times.items()}},
    )


def rule_hash(rule: Section) -> str:
    """Name a rule's exact settings in 12 hexadecimal digits."""
    return hashlib.sha256(rule.model_dump_json().encode()).hexdigest()[:12]


def fingerprint(*, rule: str, source: str, name: Name) -> str:
    """Name a series as one rule watches it, in 16 hexadecimal digits."""
    return hashlib.sha256("\0".join((rule, source, *name)).encode()).hexdigest()[:16]
