"""Explain an incident: why, what drives it, its past and five examples; figures and records are left to the detector and `db.evidence`."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from db import evidence, rollups
from workers import drivers
from workers.sentence import Known, label, sentence

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.parts import Part
    from pipelines.exemplars import Chosen

__all__ = ["Explained", "explain", "label"]

N_EXAMPLES, N_WINDOWS = 5, 28

N_READ = 6_000
"""Texts that examples are chosen from; of more, a sample. Choosing takes about a second and a half then."""

N_BACKGROUND = 1_000
"""Texts of the series, and of the whole source, that say what is said at other times."""

LONGEST_BASELINE = 100_000
"""Records of a source that drivers are weighed against: a busier one is compared with a shorter past."""

LONGEST_EXAMPLE = 400
"""Characters of a text that an incident quotes at most."""

ITS_OWN = {"share": "its share of negatives", "negatives": "its number of negatives", "volume": "its volume"}
"""How a part is named that is of the lead's own series."""

_LINK = re.compile(r"https?://[^\s<>\"…]+(?![^\s]*…)")


@dataclass(frozen=True, slots=True)
class Explained:
    """Why people are told of an incident, in one sentence, and on what evidence (as JSON)."""

    why: str
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What the records of a window tell."""

    drivers: list[dict[str, object]]
    examples: list[dict[str, Any]]
    words: list[dict[str, Any]]
    stories: dict[str, int]


def explain(session: "Session", lead: "Part", *, source: str, parts: "Sequence[Part]" = ()) -> Explained:
    """Say why `lead` is told, in the name of all `parts` of its incident (itself among them or not), and gather the evidence.

    Texts are read, chosen and quoted with sensitive data masked.
    """
    baseline_from = _baseline_from(lead)
    gathered = _Gathered([], [], [], {}) if lead.metric == "silence" else _gather(session, lead, baseline_from=baseline_from)
    others = _others(session, lead, parts=parts, source=source)
    known = Known(gathered.drivers, gathered.stories.get("n_texts", 0), gathered.stories.get("n_largest", 0))
    told = {
        "peak": dict(lead.peak),
        "window": {"from": lead.window_from.isoformat(), "to": lead.peak_at.isoformat()},
        "baseline": {"from": baseline_from.isoformat(), "to": lead.window_from.isoformat()},
        "history": _history(session, lead, baseline_from=baseline_from),
        "drivers": gathered.drivers,
        "stories": gathered.stories,
        "words": gathered.words,
        "examples": gathered.examples,
        "parts": others,
    }
    return Explained(sentence(lead, source=source, others=list(dict.fromkeys(one["label"] for one in others)), known=known), told)


def _gather(session: "Session", lead: "Part", *, baseline_from: datetime) -> _Gathered:
    series = evidence.Series(lead.source_id, lead.dimension, lead.key)
    since = evidence.busy_since(session, lead.source_id, since=baseline_from, until=lead.window_from, limit=LONGEST_BASELINE)
    sentiment = None if lead.metric == "volume" else "negative"
    read = evidence.read_texts(session, series, since=lead.window_from, until=lead.peak_at, limit=N_READ, sentiment=sentiment)
    texts = [_masked(one) for one in read]
    chosen = _chosen(session, series, texts=texts, scores=_scores(read, metric=lead.metric), since=since, until=lead.window_from)
    return _Gathered(
        _drivers(session, lead, series=series, since=since, sentiment=sentiment),
        [_example(read[one.index], text=_shown(texts[one.index], chosen=chosen), n_similar=len(one.similar)) for one in chosen.exemplars],
        [{"word": one.word, "n": one.n, "share": round(one.share, 4), "before": round(one.before, 4)} for one in chosen.words],
        {"n": chosen.n_stories, "n_texts": len(texts), "n_largest": chosen.n_largest},
    )


def _chosen(
    session: "Session", series: evidence.Series, *, texts: Sequence[str], scores: Sequence[float], since: datetime, until: datetime
) -> "Chosen":
    from pipelines.exemplars import choose

    around = {series, evidence.Series(series.source_id, "source", "")}
    backgrounds = [
        [_masked(text) for text in evidence.read_texts(session, one, since=since, until=until, limit=N_BACKGROUND)]
        for one in sorted(around, key=lambda one: one.dimension)
    ]
    return choose(texts, scores=scores, n_wanted=N_EXAMPLES, backgrounds=backgrounds)


def _scores(read: Sequence[evidence.ReadText], *, metric: str) -> list[float]:
    return [1.0 if metric == "volume" else one.score for one in read]


def _drivers(
    session: "Session", lead: "Part", *, series: evidence.Series, since: datetime, sentiment: str | None
) -> list[dict[str, object]]:
    span = {"baseline_from": since, "window_from": lead.window_from, "until": lead.peak_at}
    slices = evidence.read_slices(session, series, **span, least=drivers.LEAST)
    found = drivers.find_drivers(slices, metric=lead.metric, expected=lead.expected, series=series)
    keys = [one.key for one in found if one.dimension == "entity"]
    together = evidence.count_together(session, series, since=lead.window_from, until=lead.peak_at, keys=keys, sentiment=sentiment)
    return [one.told() for one in drivers.merge_names(found, together=together)]


def _example(one: evidence.ReadText, *, text: str, n_similar: int) -> dict[str, Any]:
    return {
        "record_id": one.record_id,
        "external_id": one.external_id,
        "published_at": one.published_at.isoformat(),
        "text": text,
        "url": one.url or _link(one.text),
        "sentiment": one.sentiment,
        "score": round(one.score, 4),
        "n_similar": n_similar,
    }


def _masked(one: evidence.ReadText) -> str:
    """Return a record's title and text, e-mail addresses and numbers of persons masked."""
    from pipelines.text.redact import mask

    titled = one.title and not one.text.lstrip().startswith(one.title.strip())
    return mask(f"{one.title}. {one.text}" if titled else one.text)


def _link(text: str) -> str | None:
    """Return the first whole link in a text."""
    found = _LINK.search(text)
    return found.group().rstrip(".,;:!?)]'\"") if found else None


def _others(session: "Session", lead: "Part", *, parts: "Sequence[Part]", source: str) -> list[dict[str, Any]]:
    """Return the parts beside the lead, least likely first."""
    rest = [one for one in parts if (one.fingerprint, one.opened_at) != (lead.fingerprint, lead.opened_at)]
    foreign = {one.source_id for one in rest} - {lead.source_id}
    names = {lead.source_id: source, **(evidence.read_source_names(session, foreign) if foreign else {})}
    return [_other(one, lead=lead, source=names[one.source_id]) for one in sorted(rest, key=lambda one: (one.p_value, one.fingerprint))]


def _other(one: "Part", *, lead: "Part", source: str) -> dict[str, Any]:
    name = label(one.dimension, one.key)
    if one.source_id != lead.source_id:
        name = f"{name} in {source}" if name else source
    elif (one.dimension, one.key) == (lead.dimension, lead.key):
        name = {"share": "its share of negatives", "negatives": "its number of negatives", "volume": "its volume"}.get(
            one.metric, one.metric
        )
    return {
        "label": name or f"all of {source}",
        "rule": one.rule,
        "source": source,
        "dimension": one.dimension,
        "key": one.key,
        "metric": one.metric,
        "opened_at": one.opened_at.isoformat(),
        "peak_at": one.peak_at.isoformat(),
        "resolved_at": one.resolved_at.isoformat() if one.resolved_at else None,
        "observed": one.observed,
        "expected": one.expected,
        "p_value": one.p_value,
        "n": one.n,
        "n_negative": one.n_negative,
    }


def _history(session: "Session", lead: "Part", *, baseline_from: datetime) -> list[dict[str, Any]]:
    """Return the counts of the windows before the peak, each as long as it, oldest first, and of the peak itself last."""
    length = max(lead.peak_at - lead.window_from, timedelta(seconds=1))
    n_windows = min(N_WINDOWS, (lead.window_from - baseline_from) // length) + 1
    starts = [lead.peak_at - length * (n_windows - index) for index in range(n_windows)]
    name = (lead.dimension, lead.key)
    rows = rollups.read_series(session, source_id=lead.source_id, name=name, since=starts[0], until=lead.peak_at)
    history: list[dict[str, Any]] = [{"at": start.isoformat(), "n": 0, "n_negative": 0} for start in starts]
    for row in rows:
        window = history[(row.bucket_at - starts[0]) // length]
        window["n"] += row.n
        window["n_negative"] += row.n_negative
    return history


def _baseline_from(lead: "Part") -> datetime:
    at = lead.peak.get("baseline_from")
    return datetime.fromisoformat(at) if at else lead.window_from


def _shown(text: str, *, chosen: "Chosen") -> str:
    """Return of a text what says what is new, as people read it."""
    from pipelines.passages import passage

    return passage(html.unescape(text), novelty=chosen.novelty, longest=LONGEST_EXAMPLE)
