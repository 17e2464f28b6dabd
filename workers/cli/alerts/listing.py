"""`bellwether alerts list`: incidents as rows, the newest first; one alone is left to `show`."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workers.cli.alerts.shared import AsJson
from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from db.incidents import IncidentView

State = Literal["firing", "acknowledged", "resolved"]

_COLUMNS = ("incident", "state", "source", "series", "opened_at", "observed", "expected", "p_value", "rule")
_SHOWN = ("incident", "state", "source", "series", "opened_at", "negatives")


def list_incidents(
    *,
    state: Annotated[State | None, typer.Option(help="Only those that stand so.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    since: Annotated[str | None, typer.Option(help="Only what opened since: 7d, 12h, or a date (event time).")] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=10_000)] = 50,
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """List incidents, the newest first."""
    from datetime import UTC, datetime

    from db import incidents
    from db.engine import transaction
    from workers import endpoints, spans

    form = Format.JSON if as_json else form
    after = spans.since(since, now=datetime.now(UTC)) if since else None
    with transaction(endpoints.engine()) as session:
        found = incidents.list_incidents(session, state=state, source=source, since=after, limit=limit)
    if not found:
        typer.echo("no incidents; `bellwether report sentiment` shows what was read", err=True)
    if found or form is not Format.TABLE:
        print_rows([_row(one, form=form) for one in found], columns=_SHOWN if form is Format.TABLE else _COLUMNS, form=form)


def _row(one: "IncidentView", *, form: Format) -> dict[str, Any]:
    from dataclasses import asdict

    from workers.evidence import label

    told = asdict(one) | {"incident": one.id, "series": label(one.dimension, one.key) or "(all)"}
    if form is Format.TABLE:
        moved = (f"{one.expected:.0%}", f"{one.observed:.0%}") if one.metric == "share" else (f"{one.expected:.1f}", f"{one.observed:.0f}")
        told |= {"opened_at": f"{one.opened_at:%Y-%m-%d %H:%M}", "negatives": " -> ".join(moved)}
    return told
