"""Say how grave an incident is; telling people is left to `workers.incidents.following`."""

from collections.abc import Collection

from db.parts import Part

RANKS = ("warning", "critical")


def severity_of(parts: Collection[Part], *, ratio: float, n_series: int) -> str:
    """Return `critical` where a part stands `ratio` times above what was likely or `n_series` series turned at once, else `warning`.

    A desk that must choose what to look at first chooses by how far something moved and how wide it spread, not by how sure
    the statistics are: a big series is sure of the smallest move.
    """
    wide = len({(one.source_id, one.dimension, one.key) for one in parts}) >= n_series
    return "critical" if wide or any(_far(one, ratio=ratio) for one in parts) else "warning"


def worse(one: str, other: str) -> str:
    """Return the graver of two severities."""
    return max(one, other, key=RANKS.index)


def _far(part: Part, *, ratio: float) -> bool:
    """Tell whether a part moved far; a share that was high already has moved far when as little is left below it.

    A silence is never far: it says that nothing is known, not that something is bad.
    """
    if part.metric == "silence":
        return False
    least = ratio * (1 - 1e-6)  # stored figures are of single precision
    if part.metric == "share" and least * (1 - part.observed) <= 1 - part.expected:
        return True
    return part.observed >= least * part.expected
