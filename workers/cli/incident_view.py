"""Draw one incident on a terminal: why, its numbers, its past, what drives it and examples; the values come from `db.incidents`."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from db.incidents import EventView, IncidentView
from workers.evidence import label

_STYLES = {"firing": "red", "acknowledged": "yellow", "resolved": "green"}
_BLOCKS = "▁▂▃▄▅▆▇█"
_UNSEEN = dict.fromkeys((*range(32), *range(127, 160)), "\ufffd")
"""Control characters of a record's text could move the cursor or worse."""


def print_incident(incident: IncidentView, *, events: Sequence[EventView] = ()) -> None:
    """Print an incident and its history."""
    console = Console()
    console.print(view(incident))
    for event in events:
        reason = event.detail.get("why") or event.detail.get("change") or event.detail.get("at") or ""
        console.print(Text(f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.what:<13} {event.who:<14} {reason}", style="dim"), soft_wrap=True)


def view(incident: IncidentView) -> RenderableType:
    """Lay out everything that is known of an incident."""
    style = _STYLES[incident.state]
    title = Text.assemble((f" incident {incident.id} ", "bold"), (f"{incident.state} ", style), (f"{incident.rule} ", "dim"))
    rows = Table.grid(padding=(0, 2, 1, 0), collapse_padding=False)
    rows.add_column(style="dim", justify="right", width=9)
    rows.add_column()
    for name, content in _sections(incident):
        rows.add_row(name, content)
    return Panel(
        Group(Text(incident.why, style="bold"), Text(), rows), title=title, title_align="left", border_style=style, padding=(1, 2, 0, 2)
    )


def _sections(incident: IncidentView) -> list[tuple[str, RenderableType]]:
    told = incident.evidence
    sections = [("numbers", _numbers(incident)), ("past", _past(told.get("history", []), metric=incident.metric))]
    if told.get("drivers"):
        sections.append(("driven by", _drivers(told["drivers"], metric=incident.metric)))
    if told.get("examples"):
        sections.append(("examples", Text("\n\n").join(_example(one) for one in told["examples"])))
    return sections


def _numbers(incident: IncidentView) -> RenderableType:
    shapes = (".0%", ".0%") if incident.metric == "share" else (",.1f", ",.0f")
    until = f"until {incident.resolved_at:%Y-%m-%d %H:%M}" if incident.resolved_at else "still high when last judged"
    judged = incident.evidence["peak"]["n_judged"]
    return Text(
        f"{incident.metric} {incident.expected:{shapes[0]}} -> {incident.observed:{shapes[1]}}"
        f" · {incident.n_negative} of {incident.n} records negative · p = {incident.p_value:.0e} among {judged} series judged\n"
        f"opened {incident.opened_at:%Y-%m-%d %H:%M} · peak {incident.peak_at:%Y-%m-%d %H:%M} · {until} (UTC, event time)"
    )


def _past(history: Sequence[Mapping[str, Any]], *, metric: str) -> RenderableType:
    """Draw the windows before the peak, and the peak last."""
    values = [one["n_negative"] / max(one["n"], 1) if metric == "share" else one["n_negative"] for one in history]
    if not values:
        return Text("-")
    top = max(values) or 1.0
    bars = [_BLOCKS[round(value / top * (len(_BLOCKS) - 1))] for value in values]
    starts = [datetime.fromisoformat(one["at"]) for one in history]
    each = f" every {(starts[1] - starts[0]) / timedelta(hours=1):g} h" if len(starts) > 1 else ""
    told = "share of negatives" if metric == "share" else "negatives"
    return Text.assemble((" ".join(bars[:-1]), "cyan"), " ", (bars[-1], "red"), (f"  {told}{each} since {starts[0]:%Y-%m-%d}", "dim"))


def _drivers(drivers: Sequence[Mapping[str, Any]], *, metric: str) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for one in drivers:
        counts = f"{one['n_negative']} of {one['n']} negative (before: {one['n_negative_before']} of {one['n_before']})"
        added = f"+{one['contribution'] * 100:.0f} points" if metric == "share" else f"+{one['contribution']:.1f}"
        grid.add_row(Text(label(one["dimension"], one["key"])), Text(added, style="red"), Text(counts, style="dim"))
    return grid


def _example(one: Mapping[str, Any]) -> Text:
    at = datetime.fromisoformat(one["published_at"])
    alike = f" · {one['n_similar']} alike" if one["n_similar"] > 1 else ""
    head = f"{at:%Y-%m-%d %H:%M} · {one['score']:.0%} negative · record {one['external_id']}{alike}"
    return Text.assemble((head, "dim"), "\n", html.unescape(one["text"]).translate(_UNSEEN))
