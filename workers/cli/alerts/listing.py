"""`bellwether alerts list`: incidents as rows, the newest first; one alone is left to `show`."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workers.cli.alerts.moved import moved
from workers.cli.alerts.shared import AsJson
from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from db.incidents import IncidentView

State = Literal["firing", "acknowledged", "resolved"]
Severity = Literal["warning", "critical"]

_COLUMNS = (
    *("incident", "state", "severity", "source", "series", "n_parts", "opened_at", "metric", "observed", "expected", "p_value"),
    *("rule", "resolved_at", "resolution", "told_at", "silenced_at"),
)
_SHOWN = ("incident", "state", "severity", "source", "series", "opened_at", "moved")


def list_incidents(
    *,
    state: Annotated[State | None, typer.Option(help="Only those that stand so.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only those so grave.")] = None,
    source: Annotated[str | None, typer.Option(help="Only those with a part in this source.")] = None,
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
        found = incidents.list_incidents(session, state=state, severity=severity, source=source, since=after, limit=limit)
    if not found:
        typer.echo("no incidents; `bellwether report sentiment` shows what was read", err=True)
    if found or form is not Format.TABLE:
        print_rows([_row(one, form=form) for one in found], columns=_SHOWN if form is Format.TABLE else _COLUMNS, form=form)


def _row(one: "IncidentView", *, form: Format) -> dict[str, Any]:
    from dataclasses import asdict
    from datetime import UTC, datetime

    from workers.sentence import label

    told = asdict(one) | {"incident": one.id, "series": label(one.dimension, one.key) or "(all)"}
    if form is not Format.TABLE:
        return told
    year = datetime.now(UTC).year
    return told | {
        "state": f"{one.state}, silenced" if one.silenced_at and one.state == "firing" else one.state,
        "series": f"{told['series']} +{one.n_parts - 1}" if one.n_parts > 1 else told["series"],
        "opened_at": f"{one.opened_at:{'%m-%d %H:%M' if one.opened_at.year == year else '%Y-%m-%d'}}",
        "moved": moved(one).removesuffix(" negative"),  # as the percent sign tells
    }
