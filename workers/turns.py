"""Translate between stored rows, which know event times, and the detector, which knows numbered buckets; it judges and stores nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from db.incidents import Finding, IncidentView
from db.rollups import BucketRow
from workers.alert_settings import Rule
from workers.clock import Clock, detector_rule
from workers.evidence import Peak

if TYPE_CHECKING:
    from pipelines.counts import Counts
    from pipelines.spikes import Turn

__all__ = ["Clock", "counts_of", "detector_rule", "finding_of", "fingerprint", "peak_of", "rule_hash", "turn_of"]

Name = tuple[str, str]
"""Dimension and key of a series."""

LEAST_P = 1e-37
"""What a smaller p-value is stored as: the column holds single precision."""


def counts_of(rows: Sequence[BucketRow], *, names: Sequence[Name], clock: Clock) -> "Counts":
    """Return the rows of the series in `names` as arrays."""
    from pipelines.counts import Counts

    position = {name: index for index, name in enumerate(names)}
    kept = [(position[name], row) for row in rows if (name := (row.dimension, row.key)) in position]
    return Counts.of(
        n_series=len(names),
        series=[index for index, _ in kept],
        bucket=[clock.number(row.bucket_at) for _, row in kept],
        n=[row.n for _, row in kept],
        n_negative=[row.n_negative for _, row in kept],
    )


def turn_of(incident: IncidentView, *, names: Sequence[Name], clock: Clock) -> "Turn":
    """Return a stored incident as the detector left it."""
    from pipelines.spikes import Turn, Verdict

    told: Mapping[str, Any] = incident.evidence["peak"]
    times = {name: clock.number(datetime.fromisoformat(told[name])) for name in ("at", "baseline_from")}
    return Turn(
        series=names.index((incident.dimension, incident.key)),
        opened_at=clock.number(incident.opened_at),
        peak=Verdict(**{**told, **times}),
        judged_at=clock.number(incident.last_judged_at),
        resolved_at=clock.number(incident.resolved_at) if incident.resolved_at else None,
    )


def finding_of(turn: "Turn", *, base: Mapping[str, Any], clock: Clock) -> Finding:
    """Return what there is to store of a turn, without words and evidence; `base` names the rule and the series."""
    peak = turn.peak
    times = {"at": clock.time(peak.at).isoformat(), "baseline_from": clock.time(peak.baseline_from).isoformat()}
    return Finding(
        **base,
        opened_at=clock.time(turn.opened_at),
        peak_at=clock.time(peak.at),
        last_judged_at=clock.time(turn.judged_at),
        resolved_at=clock.time(turn.resolved_at) if turn.resolved_at is not None else None,
        observed=peak.observed,
        expected=peak.expected,
        p_value=max(peak.p_value, LEAST_P),
        n=peak.n,
        n_negative=peak.n_negative,
        why="",
        evidence={"peak": {**asdict(peak), **times}},
    )


def peak_of(turn: "Turn", *, rule: Rule, clock: Clock) -> Peak:
    """Return a turn's least likely window in event time."""
    at = clock.time(turn.peak.at)
    return Peak(
        metric=rule.metric,
        window_from=at - clock.length(rule.window) * clock.bucket,
        at=at,
        baseline_from=clock.time(turn.peak.baseline_from),
        n=turn.peak.n,
        n_negative=turn.peak.n_negative,
        observed=turn.peak.observed,
        expected=turn.peak.expected,
        p_value=turn.peak.p_value,
    )


def rule_hash(rule: Rule) -> str:
    """Name a rule's exact settings in 12 hexadecimal digits."""
    return hashlib.sha256(rule.model_dump_json().encode()).hexdigest()[:12]


def fingerprint(*, rule: str, source: str, name: Name) -> str:
    """Name a series as one rule watches it, in 16 hexadecimal digits."""
    return hashlib.sha256("\0".join((rule, source, *name)).encode()).hexdigest()[:16]
