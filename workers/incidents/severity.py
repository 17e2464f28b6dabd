"""Say how grave an incident is; telling people is left to `workers.incidents.following`."""

from collections.abc import Collection

from db.parts import Part
from workers.alert_settings import Alerts

RANKS = ("warning", "critical")

_NEARLY = 1 - 1e-6
"""Stored figures are of single precision."""


def severity_of(parts: Collection[Part], *, chosen: Alerts) -> str:
    """Return `critical` where a part stands far above the expected in ratio and in number, or many series turned at once; else `warning`.

    A desk that must choose what to look at first chooses by how far something moved, how many said so and how wide it spread,
    not by how sure the statistics are: a big series is sure of the smallest move, and a small quiet one triples by eight records.
    """
    wide = len({(one.source_id, one.dimension, one.key) for one in parts}) >= chosen.critical_series
    return "critical" if wide or any(_far(one, ratio=chosen.critical_ratio, excess=chosen.critical_excess) for one in parts) else "warning"


def worse(one: str, other: str) -> str:
    """Return the graver of two severities."""
    return max(one, other, key=RANKS.index)


def _far(part: Part, *, ratio: float, excess: int) -> bool:
    """Tell whether a part moved far; a share that was high already has moved far when as little is left above it.

    A silence is never far: it says that nothing is known, not that something is bad.
    """
    beyond = part.observed - part.expected
    n_beyond = part.n * beyond if part.metric == "share" else beyond
    if part.metric == "silence" or n_beyond < excess * _NEARLY:
        return False
    if part.metric == "share" and ratio * _NEARLY * (1 - part.observed) <= 1 - part.expected:
        return True
    return part.observed >= ratio * _NEARLY * part.expected
