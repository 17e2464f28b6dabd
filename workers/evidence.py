"""Put an incident into words, drivers and examples; the records come from `db.evidence`, the figures from the detector."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from db import evidence, rollups

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.incidents import Part

N_DRIVERS, N_EXAMPLES, N_READ, N_WINDOWS = 3, 3, 300, 28
LEAST_NEGATIVES = 3
"""Fewer negatives drive nothing."""

LONGEST_EXAMPLE = 400
"""Characters of a text that an incident quotes at most."""


@dataclass(frozen=True, slots=True)
class Peak:
    """An incident's least likely window, in event time."""

    metric: str
    window_from: datetime
    at: datetime
    baseline_from: datetime
    n: int
    n_negative: int
    observed: float
    expected: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Explained:
    """Why people are told of an incident, in one sentence, and on what evidence (as JSON)."""

    why: str
    evidence: dict[str, Any]


def explain(session: "Session", lead: "Part", *, source: str, parts: "Sequence[Part]" = ()) -> Explained:
    """Say why `lead` is told, in the name of all `parts` of its incident (itself among them or not), and gather the evidence."""
    baseline_from = datetime.fromisoformat(lead.peak["baseline_from"]) if "baseline_from" in lead.peak else lead.window_from
    figures = (lead.n, lead.n_negative, lead.observed, lead.expected, lead.p_value)
    peak = Peak(lead.metric, lead.window_from, lead.peak_at, baseline_from, *figures)
    why = sentence(peak, source=source, dimension=lead.dimension, key=lead.key)
    gathered = gather(session, peak, series=evidence.Series(lead.source_id, lead.dimension, lead.key))
    return Explained(why, {"peak": dict(lead.peak), **gathered, "parts": [one.fingerprint for one in parts]})


def label(dimension: str, key: str) -> str:
    """Name a series as people do: `$AAPL`, `apple`, `topic earnings`."""
    if dimension == "topic":
        return f"topic {key}"
    group, _, entity = key.partition(":")
    return f"${entity}" if group == "TICKER" else entity


def sentence(peak: Peak, *, source: str, dimension: str, key: str) -> str:
    """Say why in one sentence."""
    of = "" if dimension == "source" else f" of {label(dimension, key)}"
    span = f"in the {_length(peak.at - peak.window_from)} to {peak.at:%Y-%m-%d %H:%M} UTC"
    history = _before_noun(peak.window_from - peak.baseline_from)
    chance = f"p = {_power(peak.p_value)}"
    if peak.metric == "share":
        moved = f"Negative share{of} in {source} rose to {peak.observed:.0%} ({peak.n_negative} of {peak.n} records)"
        return f"{moved} {span}; its {history} baseline makes {peak.expected:.0%} likely ({chance})."
    about = of.replace(" of ", " about ")
    moved = f"Negative records{about} in {source} rose to {peak.n_negative} (of {peak.n})"
    return f"{moved} {span}; its {history} baseline makes {peak.expected:.1f} likely ({chance})."


def gather(session: "Session", peak: Peak, *, series: evidence.Series) -> dict[str, Any]:
    """Read what drives an incident, and three examples with sensitive data masked."""
    parts = evidence.read_parts(session, series, baseline_from=peak.baseline_from, window_from=peak.window_from, until=peak.at)
    return {
        "window": {"from": peak.window_from.isoformat(), "to": peak.at.isoformat()},
        "baseline": {"from": peak.baseline_from.isoformat(), "to": peak.window_from.isoformat()},
        "history": _history(session, peak, series=series),
        "drivers": drivers(parts, metric=peak.metric, series=series, exposure=_exposure(peak)),
        "examples": _examples(session, peak, series=series),
    }


def drivers(parts: list[evidence.Part], *, metric: str, series: evidence.Series, exposure: float) -> list[dict[str, Any]]:
    """Return the topics and entities that add most to the change, not those that are merely frequent.

    A contribution is a part's negatives in the window less those that the baseline had, as shares of all the series' records
    (metric share) or as counts over `exposure`, the window's length over the baseline's (metric negatives).
    """
    whole = next((part for part in parts if part.dimension == "source"), None)
    if whole is None:
        return []
    own = (series.dimension, series.key)
    others = [part for part in parts if part.dimension != "source" and (part.dimension, part.key) != own]
    told = [_driver(part, whole=whole, metric=metric, exposure=exposure) for part in others]
    best: list[dict[str, Any]] = []
    for dimension in ("topic", "entity"):
        rising = [one for one in told if one["dimension"] == dimension and one["contribution"] > 0 and one["n_negative"] >= LEAST_NEGATIVES]
        best += sorted(rising, key=lambda one: (-one["contribution"], one["key"]))[:N_DRIVERS]
    return best


def _driver(part: evidence.Part, *, whole: evidence.Part, metric: str, exposure: float) -> dict[str, Any]:
    if metric == "share":
        contribution = part.n_negative / max(whole.n, 1) - part.n_negative_before / max(whole.n_before, 1)
    else:
        contribution = part.n_negative - part.n_negative_before * exposure
    return {
        "dimension": part.dimension,
        "key": part.key,
        "contribution": round(contribution, 4),
        "n": part.n,
        "n_negative": part.n_negative,
        "n_before": part.n_before,
        "n_negative_before": part.n_negative_before,
    }


def _examples(session: "Session", peak: Peak, *, series: evidence.Series) -> list[Mapping[str, Any]]:
    from pipelines.exemplars import choose
    from pipelines.text.redact import mask

    negatives = evidence.read_negatives(session, series, since=peak.window_from, until=peak.at, limit=N_READ)
    chosen = choose([one.text for one in negatives], scores=[one.score for one in negatives], n_wanted=N_EXAMPLES)
    return [
        {
            "record_id": (one := negatives[exemplar.index]).record_id,
            "external_id": one.external_id,
            "published_at": one.published_at.isoformat(),
            "text": _shortened(mask(one.text)),
            "url": one.url,
            "score": round(one.score, 4),
            "n_similar": exemplar.n_similar,
        }
        for exemplar in chosen
    ]


def _history(session: "Session", peak: Peak, *, series: evidence.Series) -> list[dict[str, Any]]:
    """Return the counts of the windows before the peak, each as long as it, oldest first, and of the peak itself last."""
    length = peak.at - peak.window_from
    n_windows = min(N_WINDOWS, (peak.window_from - peak.baseline_from) // length) + 1
    starts = [peak.at - length * (n_windows - index) for index in range(n_windows)]
    name = (series.dimension, series.key)
    rows = rollups.read_series(session, source_id=series.source_id, name=name, since=starts[0], until=peak.at)
    history: list[dict[str, Any]] = [{"at": start.isoformat(), "n": 0, "n_negative": 0} for start in starts]
    for row in rows:
        window = history[(row.bucket_at - starts[0]) // length]
        window["n"] += row.n
        window["n_negative"] += row.n_negative
    return history


def _exposure(peak: Peak) -> float:
    return (peak.at - peak.window_from) / max(peak.window_from - peak.baseline_from, timedelta(seconds=1))


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_EXAMPLE else f"{line[: LONGEST_EXAMPLE - 1]}…"


def _length(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):.0f} h" if span >= timedelta(hours=1) else f"{span / timedelta(minutes=1):.0f} min"


def _before_noun(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.0f}-day" if span >= timedelta(days=2) else f"{span / timedelta(hours=1):.0f}-hour"


def _power(p_value: float) -> str:
    return re.sub(r"e-0*(\d)", r"e-\1", f"{p_value:.0e}")
