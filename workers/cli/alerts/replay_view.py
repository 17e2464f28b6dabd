"""How incidents of a replay are told: as JSON lines, as rows of a table, in one sentence; finding them is left to `workers.replay`."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from workers.cli.alerts.moved import moved
from workers.sentence import label

if TYPE_CHECKING:
    from workers.replay import Replay, Replayed
    from workers.replay_counts import CountedIncident

COUNTED = ("series", "opened_at", "lasted", "peak_at", "metric", "observed", "expected", "p_value")
_SHOWN = ("opened_at", "lasted", "severity", "source", "series", "moved", "rule")

_TIMES = ("opened_at", "resolved_at", "peak_at")
_FIGURES = ("metric", "observed", "expected", "p_value", "n", "n_negative")


def counted_line(one: "CountedIncident") -> str:
    """Return an incident of plain counts as JSON."""
    told = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return _json(told | {name: _iso(told[name]) for name in _TIMES})


def counted_row(one: "CountedIncident") -> dict[str, Any]:
    """Return an incident of plain counts as a row of a table."""
    told = {name: getattr(one, name, None) for name in COUNTED}
    return told | {"opened_at": _short(one.opened_at), "peak_at": _short(one.peak_at), "lasted": _lasted(one.opened_at, one.resolved_at)}


def line(one: "Replayed") -> str:
    """Return an incident of stored history as JSON."""
    lead = one.lead
    told = {
        "series": _series(one),
        **{name: getattr(one, name) for name in ("source", "severity")},
        **{name: getattr(lead, name) for name in ("rule", "dimension", "key")},
        "opened_at": _iso(one.opened_at),
        "resolved_at": _iso(one.resolved_at),
        "peak_at": _iso(lead.peak_at),
        **{name: getattr(lead, name) for name in _FIGURES},
        "why": one.why,
        "parts": [
            {
                **{name: getattr(part, name) for name in ("rule", "dimension", "key")},
                "opened_at": _iso(part.opened_at),
                "resolved_at": _iso(part.resolved_at),
            }
            for part in one.parts
        ],
    }
    return _json(told)


def columns(done: "Replay") -> list[str]:
    """Return the columns that tell something: a source or a rule that is everywhere the same takes no room."""
    same = {"source": {one.source for one in done.incidents}, "rule": {one.lead.rule for one in done.incidents}}
    return [name for name in _SHOWN if len(same.get(name, ())) != 1]


def row(one: "Replayed") -> dict[str, Any]:
    """Return an incident of stored history as a row of a table."""
    more = len({(part.source_id, part.dimension, part.key) for part in one.parts}) - 1
    return {
        "opened_at": _short(one.opened_at),
        "lasted": _lasted(one.opened_at, one.resolved_at),
        "severity": one.severity,
        "source": one.source,
        "series": f"{_series(one)} +{more}" if more else _series(one),
        "moved": moved(one.lead).removesuffix(" negative"),  # as the percent sign tells
        "rule": one.lead.rule,
    }


def summary(done: "Replay") -> str:
    """Say how much was found in how much."""
    if not done.spans:
        return "nothing to judge: history ends before --since"
    after, until = min(span.after for span in done.spans.values()), max(span.until for span in done.spans.values())
    n_critical = sum(one.severity == "critical" for one in done.incidents)
    sources = f"{len(done.spans)} sources" if len(done.spans) > 1 else next(iter(done.spans))
    series_days = max(done.series_days.values(), default=0.0)
    rate = f", {len(done.incidents) / series_days * 1000:.2g} in 1,000 series-days" if series_days else ""
    n_found = len(done.incidents)
    found = f"{n_found} incident{'' if n_found == 1 else 's'} ({n_critical} critical{rate})"
    return f"{found} in {sources} from {_short(after)} to {_short(until)} UTC; nothing was stored or sent"


def _series(one: "Replayed") -> str:
    return label(one.lead.dimension, one.lead.key) or "(all)"


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, allow_nan=False)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _short(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _lasted(opened_at: datetime, resolved_at: datetime | None) -> str:
    """Say for how long; by the first two units that matter."""
    if resolved_at is None:
        return "still open"
    minutes = round((resolved_at - opened_at) / timedelta(minutes=1))
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes % 60} min" if hours and minutes % 60 else f"{hours} h" if hours else f"{minutes} min"
