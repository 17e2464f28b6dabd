"""Draw one incident on a terminal: why, its numbers, its past, what drives it, examples, its parts and who was told.

The values come from `db.incidents`, `db.outbox` and `workers.evidence`.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from db.incidents import EventView, IncidentView, PartView, SilenceView
from db.outbox import NotificationView
from workers.cli.alerts.moved import moved
from workers.sentence import label, power

_STYLES = {"firing": "red", "acknowledged": "yellow", "resolved": "green"}
_SEVERITIES = {"critical": "bold red", "warning": "yellow"}
_BLOCKS = "▁▂▃▄▅▆▇█"
_FEW = 5
"""Records of a window below which its share says nothing: a dot."""

_UNSEEN = dict.fromkeys((*range(32), *range(127, 160)), "\ufffd")
"""Control characters of a record's text could move the cursor or worse."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of an incident beside what it says: its parts, silences that match it, notifications and history."""

    parts: Sequence[PartView] = ()
    silences: Sequence[SilenceView] = ()
    notifications: Sequence[NotificationView] = ()
    events: Sequence[EventView] = ()


NOTHING = Around()


def print_incident(incident: IncidentView, *, around: Around = NOTHING) -> None:
    """Print an incident and its history."""
    console = Console()
    console.print(view(incident, around=around))
    for event in around.events:
        console.print(_event(event), soft_wrap=True)


def view(incident: IncidentView, *, around: Around = NOTHING) -> RenderableType:
    """Lay out everything that is known of an incident."""
    style = _STYLES[incident.state]
    severity = (f"{incident.severity} ", _SEVERITIES[incident.severity])
    title = Text.assemble((f" incident {incident.id} ", "bold"), (f"{incident.state} ", style), severity, (f"{incident.rule} ", "dim"))
    rows = Table.grid(padding=(0, 2, 1, 0), collapse_padding=False)
    rows.add_column(style="dim", justify="right", width=9)
    rows.add_column()
    for name, content in _sections(incident, around=around):
        rows.add_row(name, content)
    why = Text(incident.why.translate(_UNSEEN), style="bold")
    return Panel(Group(why, Text(), rows), title=title, title_align="left", border_style=style, padding=(1, 2, 0, 2))


def _sections(incident: IncidentView, *, around: Around) -> list[tuple[str, RenderableType]]:
    told = incident.evidence
    kept = [one for one in around.parts if not one.withdrawn]
    sections = [
        ("numbers", _numbers(incident)),
        ("past", _past(told.get("history", []), incident=incident)),
        ("driven by", _drivers(told.get("drivers", []), metric=incident.metric)),
        ("stories", _stories(told, metric=incident.metric)),
        ("examples", _examples(told.get("examples", []), metric=incident.metric)),
        ("parts", _parts(kept) if len(kept) > 1 else None),
        ("silenced", _silences(incident, silences=around.silences)),
        ("told", _told(around.notifications)),
    ]
    return [(name, content) for name, content in sections if content is not None]


def _numbers(incident: IncidentView) -> RenderableType:
    peak = incident.evidence.get("peak", {})
    among = f"; corrected for {peak['n_judged']} series, p {power(peak['p_adjusted'])}" if "p_adjusted" in peak else ""
    records = {"share": f" · {incident.n_negative:,} of {incident.n:,} records", "negatives": f" · of {incident.n:,} records"}
    until = f"until {incident.resolved_at:%Y-%m-%d %H:%M}" if incident.resolved_at else "still high when last judged"
    ending = f" · {incident.resolution}" if incident.resolution and incident.state == "resolved" else ""
    return Text(
        f"{moved(incident)}{records.get(incident.metric, '')}\np {power(incident.p_value)}{among}\n"
        f"opened {incident.opened_at:%Y-%m-%d %H:%M} · peak {incident.peak_at:%Y-%m-%d %H:%M}\n{until} (UTC, event time){ending}"
    )


def _past(history: Sequence[Mapping[str, Any]], *, incident: IncidentView) -> RenderableType | None:
    """Draw the windows before the peak, and the peak last."""
    if not history:
        return None
    metric = incident.metric
    values = [_value(one, metric=metric) for one in history]
    top = max((value for value in values if value is not None), default=0.0) or 1.0
    bars = ["·" if value is None else _BLOCKS[round(value / top * (len(_BLOCKS) - 1))] for value in values]
    starts = [datetime.fromisoformat(one["at"]) for one in history]
    each = f" every {_length(starts[1] - starts[0])}" if len(starts) > 1 else ""
    what = {"share": "share of negatives", "negatives": "negatives"}.get(metric, "records")
    told = f"{what}{each} since {starts[0]:%Y-%m-%d %H:%M}"
    return Text.assemble(("".join(bars[:-1]), "cyan"), (bars[-1], "red"), (f"\n{told}", "dim"))


def _value(window: Mapping[str, Any], *, metric: str) -> float | None:
    if metric == "share":
        return window["n_negative"] / window["n"] if window["n"] >= _FEW else None
    return float(window["n_negative"] if metric == "negatives" else window["n"])


def _drivers(drivers: Sequence[Mapping[str, Any]], *, metric: str) -> RenderableType | None:
    if not drivers:
        return None
    grid = Table.grid(padding=(0, 2, 0, 0))
    for one in drivers:
        names = [label(one["dimension"], one["key"]), *(label("entity", key) for key in one.get("same_as", [])[:1])]
        negative = "" if metric == "volume" else "_negative"
        of = (f" of {one['n']}", f" of {one['n_before']}") if negative else ("", "")
        counts = f"{one[f'n{negative}']}{of[0]}{' negative' if negative else ''}, before: {one[f'n{negative}_before']}{of[1]}"
        grid.add_row(Text(", ".join(names).translate(_UNSEEN)), Text(_added(one, metric=metric), style="red"), Text(counts, style="dim"))
    return grid


def _added(one: Mapping[str, Any], *, metric: str) -> str:
    scale, unit = (100, " points") if metric == "share" else (1, "")
    sure = f" ± {(one['high'] - one['low']) / 2 * scale:.0f}" if "low" in one else ""
    return f"+{one['contribution'] * scale:.0f}{sure}{unit}"


def _stories(told: Mapping[str, Any], *, metric: str) -> RenderableType | None:
    stories, words = told.get("stories") or {}, told.get("words", [])
    if not stories.get("n_texts"):
        return None
    records = "records" if metric == "volume" else "negative records"
    largest = f", the largest {stories['n_largest']} of them" if 1 < stories["n_largest"] < stories["n_texts"] else ""
    tell = f"{stories['n_texts']:,} {records} tell {stories['n']:,} {'story' if stories['n'] == 1 else 'stories'}{largest}"
    named = f"\nnew words: {', '.join(one['word'] for one in words)}" if words else ""
    return Text(f"{tell}{named}".translate({**_UNSEEN, 10: "\n"}))


def _examples(examples: Sequence[Mapping[str, Any]], *, metric: str) -> RenderableType | None:
    return Text("\n\n").join(_example(one, metric=metric) for one in examples) if examples else None


def _example(one: Mapping[str, Any], *, metric: str) -> Text:
    at = datetime.fromisoformat(one["published_at"])
    alike = f" · {one['n_similar']} alike" if one["n_similar"] > 1 else ""
    said = one["sentiment"] if metric == "volume" and "sentiment" in one else f"{one['score']:.0%} negative"
    head = f"{at:%Y-%m-%d %H:%M} · {said} · record {one['external_id']}{alike}".translate(_UNSEEN)
    text, link = html.unescape(one["text"]).translate(_UNSEEN), one.get("url")
    shown = f"\n{link.translate(_UNSEEN)}" if link and link not in text else ""
    return Text.assemble((head, "dim"), "\n", text, (shown, "cyan"))


def _parts(parts: Sequence[PartView]) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    several = len({one.source_id for one in parts}) > 1
    for one in sorted(parts, key=lambda one: (one.p_value, one.id)):
        name = label(one.dimension, one.key) or "(all)"
        name = f"{name} in {one.source}" if several else name
        lasted = _length(one.resolved_at - one.opened_at) if one.resolved_at else "open"
        when = f"{one.opened_at:%m-%d %H:%M}, {lasted}"
        grid.add_row(Text(name.translate(_UNSEEN)), Text(moved(one)), Text(when, style="dim"))
    return grid


def _silences(incident: IncidentView, *, silences: Sequence[SilenceView]) -> RenderableType | None:
    if silences:
        told = [
            f"until {one.ends_at:%Y-%m-%d %H:%M} by {one.author}: {one.reason} (silence {one.id})".translate(_UNSEEN) for one in silences
        ]
        return Text("\n".join(told))
    return Text(f"since {incident.silenced_at:%Y-%m-%d %H:%M}") if incident.silenced_at and incident.state != "resolved" else None


def _told(notifications: Sequence[NotificationView]) -> RenderableType | None:
    if not notifications:
        return None
    grid = Table.grid(padding=(0, 2, 0, 0))
    for one in notifications:
        state, style = _delivery(one)
        grid.add_row(Text(one.notifier), Text(one.change), Text(state.translate(_UNSEEN), style=style))
    return grid


def _delivery(one: NotificationView) -> tuple[str, str]:
    why = f": {one.error}" if one.error else ""
    if one.sent_at:
        return f"{one.sent_at:%Y-%m-%d %H:%M:%S}", "dim"
    if one.given_up_at:
        return f"given up after {one.attempts} attempts{why}", "red"
    return (f"tried {one.attempts} times{why}; next at {one.due_at:%H:%M:%S}" if one.attempts else "waits"), "yellow"


def _event(event: EventView) -> Text:
    line = f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.what:<13} {event.who:<14} {_reason(event.detail)}"
    return Text(line.translate(_UNSEEN), style="dim")


def _reason(detail: Mapping[str, Any]) -> str:
    if "dimension" in detail:
        return f"{label(detail['dimension'], detail['key']) or '(all)'}, {detail['rule']}, from {detail['at']}"
    return str(next((detail[name] for name in ("why", "change", "severity", "reason", "at", "number") if detail.get(name)), ""))


def _length(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):.3g} h" if span >= timedelta(hours=1) else f"{span / timedelta(minutes=1):.0f} min"
